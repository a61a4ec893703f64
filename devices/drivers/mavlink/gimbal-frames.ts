/**
 * The one place where MAVLink's frames (forward, right, down; quaternions w x y z; pitch up, yaw right and
 * roll right positive) and ours (forward, left, up; pitch down, yaw left, roll right positive) meet.
 * Arrays are given by the caller, nothing is allocated.
 */

/** Joint angles of a gimbal, ours; a joint it has not is 0. */
export interface GimbalAngles {
  yawRad: number;
  rollRad: number;
  pitchRad: number;
}

/** How the joints follow each other from the base: the camera gimbal's usual yaw-roll-pitch, or yaw-pitch-roll. */
export type JointOrder = "yaw-roll-pitch" | "yaw-pitch-roll";

/** What changes sign between ours and MAVLink's, the same in both directions. // hot path */
export const frdYaw = (yaw: number): number => -yaw;
export const frdPitch = (pitch: number): number => -pitch;
export const frdRoll = (roll: number): number => roll;

/** Attitude for MAVLink, w x y z in FRD, into `out`. // hot path */
export function writeFrdQuaternion(
  angles: Readonly<GimbalAngles>,
  order: JointOrder,
  out: Float64Array,
): void {
  const cy = Math.cos(angles.yawRad / 2);
  const sy = Math.sin(angles.yawRad / 2);
  const cr = Math.cos(angles.rollRad / 2);
  const sr = Math.sin(angles.rollRad / 2);
  const cp = Math.cos(angles.pitchRad / 2);
  const sp = Math.sin(angles.pitchRad / 2);
  // Of the two inner joints: roll then pitch, or pitch then roll, differ in the sign of one part.
  const side = order === "yaw-roll-pitch" ? 1 : -1;
  const w = cr * cp;
  const x = sr * cp;
  const y = cr * sp;
  const z = side * sr * sp;
  out[0] = cy * w - sy * z;
  out[1] = cy * x - sy * y;
  out[2] = -(cy * y + sy * x);
  out[3] = -(cy * z + sy * w);
}

/** Joint angles of an attitude w x y z in FRD; false if it is no rotation. // hot path */
export function readFrdQuaternion(q: Float64Array, order: JointOrder, out: GimbalAngles): boolean {
  const length = Math.hypot(q[0] ?? 0, q[1] ?? 0, q[2] ?? 0, q[3] ?? 0);
  if (!(Math.abs(length - 1) < 0.05)) return false;
  const w = (q[0] ?? 0) / length;
  const x = (q[1] ?? 0) / length;
  const y = -(q[2] ?? 0) / length;
  const z = -(q[3] ?? 0) / length;
  if (order === "yaw-roll-pitch") {
    out.rollRad = Math.asin(unit(2 * (y * z + w * x)));
    out.yawRad = Math.atan2(-2 * (x * y - w * z), 1 - 2 * (x * x + z * z));
    out.pitchRad = Math.atan2(-2 * (x * z - w * y), 1 - 2 * (x * x + y * y));
  } else {
    out.pitchRad = Math.asin(unit(-2 * (x * z - w * y)));
    out.yawRad = Math.atan2(2 * (x * y + w * z), 1 - 2 * (y * y + z * z));
    out.rollRad = Math.atan2(2 * (y * z + w * x), 1 - 2 * (x * x + y * y));
  }
  return true;
}

/** Angular velocity of the camera for MAVLink, x y z in FRD, from joint rates. // hot path */
export function writeFrdRates(
  angles: Readonly<GimbalAngles>,
  rates: Readonly<GimbalAngles>,
  order: JointOrder,
  out: Float64Array,
): void {
  const cr = Math.cos(angles.rollRad);
  const sr = Math.sin(angles.rollRad);
  const cp = Math.cos(angles.pitchRad);
  const sp = Math.sin(angles.pitchRad);
  const { yawRad: yaw, rollRad: roll, pitchRad: pitch } = rates;
  if (order === "yaw-roll-pitch") {
    out[0] = cp * roll - cr * sp * yaw;
    out[1] = -(pitch + sr * yaw);
    out[2] = -(sp * roll + cr * cp * yaw);
  } else {
    out[0] = roll - sp * yaw;
    out[1] = -(cr * pitch + sr * cp * yaw);
    out[2] = -(cr * cp * yaw - sr * pitch);
  }
}

/** Joint rates of an angular velocity x y z in FRD. Where two joints line up it tells nothing. // hot path */
export function readFrdRates(
  x: number,
  yDown: number,
  zDown: number,
  angles: Readonly<GimbalAngles>,
  order: JointOrder,
  out: GimbalAngles,
): boolean {
  const y = -yDown;
  const z = -zDown;
  const cr = Math.cos(angles.rollRad);
  const sr = Math.sin(angles.rollRad);
  const cp = Math.cos(angles.pitchRad);
  const sp = Math.sin(angles.pitchRad);
  if (order === "yaw-roll-pitch") {
    out.yawRad = (cp * z - sp * x) / cr;
    out.rollRad = cp * x + sp * z;
    out.pitchRad = y - sr * out.yawRad;
    return Math.abs(cr) > lineUp && Number.isFinite(out.yawRad);
  }
  out.yawRad = (sr * y + cr * z) / cp;
  out.pitchRad = cr * y - sr * z;
  out.rollRad = x + sp * out.yawRad;
  return Math.abs(cp) > lineUp && Number.isFinite(out.yawRad);
}

const lineUp = 0.02;
const unit = (value: number): number => Math.min(Math.max(value, -1), 1);

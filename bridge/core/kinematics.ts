import type { ChainJoint, DeviceDescription } from "../contract/device.ts";

export type Vector3 = readonly [number, number, number];
/** Unit quaternion, scalar last (ROS order). */
export type Xyzw = readonly [number, number, number, number];

/** Where a child frame lies in its parent: `parentPoint = rotate(rotationXyzw, childPoint) + positionM`. */
export interface Pose {
  readonly positionM: Vector3;
  readonly rotationXyzw: Xyzw;
}

export const identityXyzw: Xyzw = [0, 0, 0, 1];
export const identityPose: Pose = { positionM: [0, 0, 0], rotationXyzw: identityXyzw };

/** Right-handed rotation about `axis`, which need not have length 1. */
export function xyzwFromAxisAngle(axis: Vector3, angleRad: number): Xyzw {
  const scale = Math.sin(angleRad / 2) / Math.hypot(...axis);
  return [axis[0] * scale, axis[1] * scale, axis[2] * scale, Math.cos(angleRad / 2)];
}

/** First `b`, then `a`: `rotate(multiplyXyzw(a, b), v) = rotate(a, rotate(b, v))`. */
export function multiplyXyzw(a: Xyzw, b: Xyzw): Xyzw {
  return [
    a[3] * b[0] + a[0] * b[3] + a[1] * b[2] - a[2] * b[1],
    a[3] * b[1] - a[0] * b[2] + a[1] * b[3] + a[2] * b[0],
    a[3] * b[2] + a[0] * b[1] - a[1] * b[0] + a[2] * b[3],
    a[3] * b[3] - a[0] * b[0] - a[1] * b[1] - a[2] * b[2],
  ];
}

/** The inverse of a unit quaternion. */
export function conjugateXyzw(q: Xyzw): Xyzw {
  return [-q[0], -q[1], -q[2], q[3]];
}

function normalizeXyzw(q: Xyzw): Xyzw {
  const length = Math.hypot(...q);
  return [q[0] / length, q[1] / length, q[2] / length, q[3] / length];
}

export function rotate(q: Xyzw, v: Vector3): Vector3 {
  // v + 2w (u x v) + 2 u x (u x v), u the vector part.
  const x = 2 * (q[1] * v[2] - q[2] * v[1]);
  const y = 2 * (q[2] * v[0] - q[0] * v[2]);
  const z = 2 * (q[0] * v[1] - q[1] * v[0]);
  return [
    v[0] + q[3] * x + q[1] * z - q[2] * y,
    v[1] + q[3] * y + q[2] * x - q[0] * z,
    v[2] + q[3] * z + q[0] * y - q[1] * x,
  ];
}

/** Writes the rotation matrix of `q`, row-major, into `out[offset ... offset + 8]`. */
export function writeRotationMatrix(q: Xyzw, out: Float64Array, offset: number): void {
  const [x, y, z, w] = q;
  out[offset] = 1 - 2 * (y * y + z * z);
  out[offset + 1] = 2 * (x * y - z * w);
  out[offset + 2] = 2 * (x * z + y * w);
  out[offset + 3] = 2 * (x * y + z * w);
  out[offset + 4] = 1 - 2 * (x * x + z * z);
  out[offset + 5] = 2 * (y * z - x * w);
  out[offset + 6] = 2 * (x * z - y * w);
  out[offset + 7] = 2 * (y * z + x * w);
  out[offset + 8] = 1 - 2 * (x * x + y * y);
}

/** `aFromC = composePoses(aFromB, bFromC)`. */
export function composePoses(aFromB: Pose, bFromC: Pose): Pose {
  const moved = rotate(aFromB.rotationXyzw, bFromC.positionM);
  return {
    positionM: [
      aFromB.positionM[0] + moved[0],
      aFromB.positionM[1] + moved[1],
      aFromB.positionM[2] + moved[2],
    ],
    rotationXyzw: multiplyXyzw(aFromB.rotationXyzw, bFromC.rotationXyzw),
  };
}

export function invertPose(aFromB: Pose): Pose {
  const rotationXyzw = conjugateXyzw(aFromB.rotationXyzw);
  const [x, y, z] = rotate(rotationXyzw, aFromB.positionM);
  return { positionM: [-x, -y, -z], rotationXyzw };
}

/** Parent-from-child of one joint at `angleRad`: its translation, its fixed rotation, its own turn. */
export function jointPose(joint: ChainJoint, angleRad: number): Pose {
  return {
    positionM: joint.translationM,
    rotationXyzw: multiplyXyzw(
      normalizeXyzw(joint.fixedXyzw),
      xyzwFromAxisAngle(joint.axis, angleRad),
    ),
  };
}

/**
 * Base-from-frame of every joint of the chain, in chain order.
 *
 * @param jointPosRad shape [axisCount], order of `device.axes`.
 */
export function chainFromJoints(device: DeviceDescription, jointPosRad: ArrayLike<number>): Pose[] {
  const frames: Pose[] = [];
  let baseFromFrame = identityPose;
  for (const joint of device.chain) {
    const axisIndex = device.axes.findIndex((axis) => axis.name === joint.axisName);
    baseFromFrame = composePoses(baseFromFrame, jointPose(joint, jointPosRad[axisIndex] ?? 0));
    frames.push(baseFromFrame);
  }
  return frames;
}

/**
 * Base-from-camera: the optical frame (z forward, x right, y down; REP 103) in the device's base frame.
 *
 * @param jointPosRad shape [axisCount], order of `device.axes`.
 */
export function cameraFromJoints(device: DeviceDescription, jointPosRad: ArrayLike<number>): Pose {
  const carrier = device.chain.findIndex(({ frameId }) => frameId === cameraCarrier(device));
  const baseFromCarrier = chainFromJoints(device, jointPosRad)[carrier] ?? identityPose;
  return composePoses(baseFromCarrier, cameraMount(device));
}

/** Name of the frame that carries the camera. */
export function cameraCarrier({ camera, chain, baseFrameId }: DeviceDescription): string {
  return camera.parentFrameId ?? chain.at(-1)?.frameId ?? baseFrameId;
}

/** Carrier-from-camera. */
export function cameraMount(device: DeviceDescription): Pose {
  return {
    positionM: device.camera.translationM,
    rotationXyzw: normalizeXyzw(device.camera.fixedXyzw),
  };
}

import { writeRotationMatrix, type Vector3, type Xyzw } from "../../bridge/core/kinematics.ts";

/** URDF's and SDF's angles: R = Rz(yaw) Ry(pitch) Rx(roll). Straight up or down, where they are not unique, roll is 0. */
export function rollPitchYaw(q: Xyzw): Vector3 {
  const m = new Float64Array(9);
  writeRotationMatrix(q, m, 0);
  const at = (row: number, column: number): number => m[3 * row + column] ?? 0;
  const cosPitch = Math.hypot(at(0, 0), at(1, 0));
  const pitch = Math.atan2(-at(2, 0), cosPitch);
  if (cosPitch < 1e-9) return [0, pitch, Math.atan2(-at(0, 1), at(1, 1))];
  return [Math.atan2(at(2, 1), at(2, 2)), pitch, Math.atan2(at(1, 0), at(0, 0))];
}

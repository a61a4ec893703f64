import type { DeviceDescription } from "../contract/device.ts";
import type { Prediction } from "../contract/world-model.ts";
import {
  cameraMount,
  chainFromJoints,
  composePoses,
  conjugateXyzw,
  multiplyXyzw,
  rotate,
} from "./kinematics.ts";
import type { Xyzw } from "./kinematics.ts";

/** Where a camera looks while its joints go as predicted. Row 0 is now, row k the k-th step. */
export interface CameraPath {
  /** [horizonSteps + 1, 4]: base from optical frame, xyzw. */
  readonly baseFromOpticalXyzw: Float32Array;
  /**
   * [horizonSteps + 1, 3]: covariance xx, xy, yy of the optical axis, rad^2, x to the right and y down
   * in the picture of that step. From the joints' deviations, taken as independent.
   */
  readonly covarianceRad2: Float32Array;
}

const none = new Float64Array(0);

/** Candidate 0 of a prediction, seen by the device's camera. @param nowPosRad joints at its `stampMs`. */
export function cameraPath(
  device: DeviceDescription,
  nowPosRad: ArrayLike<number>,
  prediction: Pick<Prediction, "horizonSteps" | "axisCount" | "meanPosRad" | "stdPosRad">,
): CameraPath {
  const { horizonSteps, axisCount, meanPosRad, stdPosRad } = prediction;
  const baseFromOpticalXyzw = new Float32Array((horizonSteps + 1) * 4);
  const covarianceRad2 = new Float32Array((horizonSteps + 1) * 3);
  for (let row = 0; row <= horizonSteps; row += 1) {
    const from = (row - 1) * axisCount;
    const posRad = row === 0 ? nowPosRad : meanPosRad.subarray(from, from + axisCount);
    const deviationRad = row === 0 ? none : stdPosRad.subarray(from, from + axisCount);
    const view = viewOf(device, posRad, deviationRad);
    baseFromOpticalXyzw.set(view.baseFromOptical, row * 4);
    covarianceRad2.set(view.covariance, row * 3);
  }
  return { baseFromOpticalXyzw, covarianceRad2 };
}

function viewOf(
  device: DeviceDescription,
  posRad: ArrayLike<number>,
  deviationRad: ArrayLike<number>,
): { readonly baseFromOptical: Xyzw; readonly covariance: readonly [number, number, number] } {
  const frames = chainFromJoints(device, posRad);
  const last = frames.at(-1);
  const mount = cameraMount(device);
  const baseFromOptical = (last === undefined ? mount : composePoses(last, mount)).rotationXyzw;
  const opticalFromBase = conjugateXyzw(baseFromOptical);
  let xx = 0;
  let xy = 0;
  let yy = 0;
  device.chain.forEach((joint, i) => {
    const index = device.axes.findIndex(({ name }) => name === joint.axisName);
    const deviation = deviationRad[index] ?? 0;
    const frame = frames[i];
    if (deviation === 0 || frame === undefined) return;
    // A joint turns its frame about its own axis, so the axis may be taken after the turn.
    const axis = rotate(multiplyXyzw(opticalFromBase, frame.rotationXyzw), joint.axis);
    // Turning by w moves the optical axis z by w x z = (wy, -wx).
    const right = axis[1] * deviation;
    const down = -axis[0] * deviation;
    xx += right * right;
    xy += right * down;
    yy += down * down;
  });
  return { baseFromOptical, covariance: [xx, xy, yy] };
}

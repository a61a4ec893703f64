import { describe, expect, it } from "vitest";
import { cameraPath } from "../../../bridge/core/camera-path.ts";
import {
  cameraFromJoints,
  conjugateXyzw,
  rotate,
  type Vector3,
} from "../../../bridge/core/kinematics.ts";
import { phoneMount } from "../../fakes/synthetic-actuation.ts";

const device = phoneMount();
const [deploy, yaw, roll, pitch] = [0, 1, 2, 3];
const home = device.homeRad;
const forward: Vector3 = [0, 0, 1];

/** One step in which the joints stand at `posRad` with these deviations. */
function oneStep(posRad: readonly number[], stdRad: readonly number[]) {
  return cameraPath(device, home, {
    horizonSteps: 1,
    axisCount: 4,
    meanPosRad: Float32Array.from(posRad),
    stdPosRad: Float32Array.from(stdRad),
  });
}

const rowOf = (data: Float32Array, width: number, row: number): number[] =>
  Array.from(data.subarray(row * width, (row + 1) * width));

function moved(base: readonly number[], axis: number, byRad: number): number[] {
  return base.map((value, i) => (i === axis ? value + byRad : value));
}

describe("where the camera will look", () => {
  it("begins with where it looks now, and goes on with the predicted joints", () => {
    const target = [2.1, 0.4, -0.2, 0.3];
    const { baseFromOpticalXyzw } = oneStep(target, [0, 0, 0, 0]);
    for (const [row, posRad] of [home, target].entries()) {
      const expected = cameraFromJoints(device, posRad).rotationXyzw;
      const found = rowOf(baseFromOpticalXyzw, 4, row);
      for (const [i, value] of expected.entries()) expect(found[i]).toBeCloseTo(value, 6);
    }
  });

  it.each([
    ["yaw at home", home, yaw],
    ["pitch at home", home, pitch],
    ["yaw while rolled", [2.1, 0.2, 0.5, 0.1], yaw],
    ["pitch while rolled", [2.1, -0.4, 0.5, 0.3], pitch],
    ["roll while pitched", [2.1, 0.4, 0.1, 0.8], roll],
    ["deploy while turned", [2.05, 0.9, 0.1, 0.2], deploy],
  ] as const)("has the covariance that a small change shows: %s", (_name, posRad, axis) => {
    const std = 0.01;
    const step = 1e-4;
    const { covarianceRad2 } = oneStep(
      posRad,
      [0, 1, 2, 3].map((i) => (i === axis ? std : 0)),
    );
    const before = cameraFromJoints(device, posRad).rotationXyzw;
    const after = cameraFromJoints(device, moved(posRad, axis, step)).rotationXyzw;
    const shifted: Vector3 = rotate(conjugateXyzw(before), rotate(after, forward));
    const [right, down] = [(shifted[0] / step) * std, (shifted[1] / step) * std];
    const found = rowOf(covarianceRad2, 3, 1);
    expect(found[0]).toBeCloseTo(right * right, 7);
    expect(found[1]).toBeCloseTo(right * down, 7);
    expect(found[2]).toBeCloseTo(down * down, 7);
  });

  it("is certain of now, and of joints without deviation", () => {
    const { covarianceRad2 } = oneStep([2.1, 0.3, 0, 0.1], [0, 0, 0, 0]);
    expect(Array.from(covarianceRad2)).toEqual([0, 0, 0, 0, 0, 0]);
    const { covarianceRad2: spread } = oneStep(home, [0.1, 0.1, 0.1, 0.1]);
    expect(rowOf(spread, 3, 0)).toEqual([0, 0, 0]);
    expect(rowOf(spread, 3, 1)[0]).toBeGreaterThan(0);
  });
});

import { describe, expect, it } from "vitest";
import {
  cameraFromJoints,
  chainFromJoints,
  composePoses,
  conjugateXyzw,
  identityPose,
  invertPose,
  multiplyXyzw,
  rotate,
  writeRotationMatrix,
  xyzwFromAxisAngle,
  type Pose,
  type Vector3,
} from "../../../bridge/core/kinematics.ts";
import { phoneMount } from "../sims/phone-mount.ts";

const quarterTurn = Math.PI / 2;

function expectVector(found: readonly number[], expected: readonly number[]): void {
  expect(found).toHaveLength(expected.length);
  expected.forEach((value, i) => {
    expect(found[i], `component ${i}`).toBeCloseTo(value, 9);
  });
}

describe("quaternions", () => {
  it.each<[string, Vector3, Vector3, Vector3]>([
    ["x about z is y", [0, 0, 1], [1, 0, 0], [0, 1, 0]],
    ["y about x is z", [1, 0, 0], [0, 1, 0], [0, 0, 1]],
    ["z about y is x", [0, 1, 0], [0, 0, 1], [1, 0, 0]],
    ["an axis of any length", [0, 0, 7], [1, 0, 0], [0, 1, 0]],
  ])("a quarter turn of %s", (_, axis, from, to) => {
    expectVector(rotate(xyzwFromAxisAngle(axis, quarterTurn), from), to);
  });

  it("multiply in the order in which matrices do: the right one turns first", () => {
    const aboutZ = xyzwFromAxisAngle([0, 0, 1], quarterTurn);
    const aboutX = xyzwFromAxisAngle([1, 0, 0], quarterTurn);
    expectVector(rotate(multiplyXyzw(aboutZ, aboutX), [0, 1, 0]), [0, 0, 1]);
    expectVector(rotate(multiplyXyzw(aboutX, aboutZ), [0, 1, 0]), [-1, 0, 0]);
  });

  it("undo their turn when conjugated", () => {
    const q = xyzwFromAxisAngle([1, -2, 0.5], 1.1);
    expectVector(rotate(conjugateXyzw(q), rotate(q, [0.3, -0.2, 0.9])), [0.3, -0.2, 0.9]);
  });

  it("give a matrix whose columns are the turned axes", () => {
    const q = xyzwFromAxisAngle([1, -2, 0.5], 1.1);
    const matrix = new Float64Array(10);
    writeRotationMatrix(q, matrix, 1);
    const axes: Vector3[] = [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ];
    axes.forEach((axis, column) => {
      const turned = [0, 1, 2].map((row) => matrix[1 + 3 * row + column] ?? Number.NaN);
      expectVector(turned, rotate(q, axis));
    });
  });
});

describe("poses", () => {
  const pose: Pose = {
    positionM: [0.1, -0.4, 0.7],
    rotationXyzw: xyzwFromAxisAngle([0.2, 1, -0.3], -0.8),
  };

  it("compose with their inverse to the identity", () => {
    const found = composePoses(pose, invertPose(pose));
    expectVector(found.positionM, identityPose.positionM);
    expectVector(found.rotationXyzw, identityPose.rotationXyzw);
  });
});

describe("the phone mount's chain", () => {
  it("stands upright at home, its camera level with the view along +x, tilted down by the pitch", () => {
    const pitchRad = phoneMount.homeRad[3] ?? Number.NaN;
    const camera = cameraFromJoints(phoneMount, phoneMount.homeRad);
    expectVector(rotate(camera.rotationXyzw, [0, 0, 1]), [
      Math.cos(pitchRad),
      0,
      -Math.sin(pitchRad),
    ]);
    expectVector(rotate(camera.rotationXyzw, [1, 0, 0]), [0, -1, 0]);
  });

  it("puts the deployed camera where the translations of the description add up to", () => {
    const camera = cameraFromJoints(phoneMount, [2.1, 0, 0, 0]);
    expectVector(camera.positionM, [0.02, 0, 0.16 + 0.08 + 0.02 + 0.03 + 0.05]);
  });

  it("turns left for positive yaw and down for positive pitch", () => {
    const forward = (jointPosRad: readonly number[]): Vector3 =>
      rotate(cameraFromJoints(phoneMount, jointPosRad).rotationXyzw, [0, 0, 1]);
    expectVector(forward([2.1, 0.5, 0, 0]), [Math.cos(0.5), Math.sin(0.5), 0]);
    expectVector(forward([2.1, 0, 0, 0.5]), [Math.cos(0.5), 0, -Math.sin(0.5)]);
  });

  it("lies folded back and down when stowed", () => {
    const [, , , pitch] = chainFromJoints(phoneMount, [0, 0, 0, 0]);
    const armM = 0.08 + 0.02 + 0.03;
    expectVector(pitch?.positionM ?? [], [armM * Math.sin(-2.1), 0, 0.16 + armM * Math.cos(-2.1)]);
  });
});

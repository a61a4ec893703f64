import { describe, expect, it } from "vitest";
import { fixedFrames, robotDescription } from "../../../bridge/parts/description.ts";
import {
  cameraFromJoints,
  composePoses,
  conjugateXyzw,
  identityPose,
  multiplyXyzw,
  rotate,
  type Pose,
  type Vector3,
} from "../../../bridge/core/kinematics.ts";
import type { FrameEdge } from "../../../ros/messages/graph-mapping.ts";
import { JointFrames } from "../../../ros/publications/frame-tree.ts";
import { PredictedPose } from "../../../ros/publications/predicted-pose.ts";
import { phoneMount } from "../../fakes/synthetic-actuation.ts";

const device = phoneMount();
const deployed = 2.1;
const quarter = Math.PI / 2;

const edgesAt = (posRad: readonly number[]): FrameEdge[] => [
  ...new JointFrames(device).at(posRad),
  ...fixedFrames(device),
];

/** `base`-from-`frame`, as tf2 looks it up: from the child to its parent until the base is reached. */
function lookUp(edges: readonly FrameEdge[], frame: string): Pose {
  if (frame === device.baseFrameId) return identityPose;
  const edge = edges.find(({ child }) => child === frame);
  if (edge === undefined) throw new Error(`nothing leads to ${frame}`);
  return composePoses(lookUp(edges, edge.parent), edge.pose);
}

function expectVector(found: Vector3, expected: Vector3): void {
  for (const [index, value] of expected.entries()) expect(found[index]).toBeCloseTo(value, 6);
}

describe("REP 103: x forward, y left, z up; the optical frame z forward, x right, y down", () => {
  const right: Vector3 = [1, 0, 0];
  const down: Vector3 = [0, 1, 0];
  const forward: Vector3 = [0, 0, 1];

  // Where the camera's own directions point in mount_base.
  it.each([
    ["at home the camera looks forward", [deployed, 0, 0, 0], forward, [1, 0, 0]],
    ["at home right in the picture is to the right", [deployed, 0, 0, 0], right, [0, -1, 0]],
    ["at home down in the picture is down", [deployed, 0, 0, 0], down, [0, 0, -1]],
    ["yaw is positive to the left", [deployed, quarter, 0, 0], forward, [0, 1, 0]],
    ["yaw is negative to the right", [deployed, -quarter, 0, 0], forward, [0, -1, 0]],
    ["pitch is positive downwards", [deployed, 0, 0, quarter], forward, [0, 0, -1]],
    [
      "roll is positive clockwise, seen along x: right goes down",
      [deployed, 0, quarter, 0],
      right,
      [0, 0, -1],
    ],
    ["roll leaves the direction as it is", [deployed, 0, 0.5, 0], forward, [1, 0, 0]],
    [
      "stowed the camera looks up and back",
      [0, 0, 0, 0],
      forward,
      [Math.cos(-2.1), 0, -Math.sin(-2.1)],
    ],
  ] as const)("%s", (_, posRad, direction, expected) => {
    const { rotationXyzw } = lookUp(edgesAt(posRad), "camera_optical_frame");
    expectVector(rotate(rotationXyzw, direction), expected);
  });
});

describe("the TF tree", () => {
  it("is one tree from mount_base, with REP 105's one parent for each frame", () => {
    const edges = edgesAt([deployed, 0, 0, 0]);
    const children = edges.map(({ child }) => child);
    expect(new Set(children).size).toBe(children.length);
    for (const child of children) expect(() => lookUp(edges, child)).not.toThrow();
    expect(children).toEqual([
      "mount_deploy",
      "mount_yaw",
      "mount_roll",
      "mount_pitch",
      "phone_link",
      "camera_optical_frame",
      "imu_frame",
    ]);
  });

  it("has the links of robot_description", () => {
    const urdf = robotDescription("phone-mount-4dof", "urdf");
    const links = [...urdf.matchAll(/<link name="([^"]+)"/g)].map(([, name]) => name);
    const frames = edgesAt([0, 0, 0, 0]).map(({ child }) => child);
    expect(links.sort()).toEqual([device.baseFrameId, ...frames].sort());
    // What the text travels in counts octets, and some readers count characters.
    expect(/^[\n\x20-\x7e]*$/.test(urdf)).toBe(true);
  });

  it.each([[[0, 0, 0, 0]], [[2.1, 1, -0.5, 0.7]], [[1.2, -2, 0.3, -1.1]]])(
    "leads to the camera as the kinematics do at %j",
    (posRad) => {
      const found = lookUp(edgesAt(posRad), "camera_optical_frame");
      const expected = cameraFromJoints(device, posRad);
      expectVector(found.positionM, expected.positionM);
      const difference = multiplyXyzw(conjugateXyzw(found.rotationXyzw), expected.rotationXyzw);
      expect(Math.abs(difference[3])).toBeCloseTo(1, 9);
    },
  );
});

describe("the covariance of the predicted pose", () => {
  const posRad = [1.9, 0.6, -0.3, 0.4];
  const stdRad = [0.02, 0.01, 0.03, 0.015];
  const pose = new PredictedPose(device);

  it("is the Jacobian's, as found by turning each joint a little", () => {
    const { covariance } = pose.at(posRad, stdRad);
    const expected = new Float64Array(36);
    for (const [axis, std] of stdRad.entries()) {
      const column = numericColumn(axis);
      for (let row = 0; row < 6; row += 1) {
        for (let other = 0; other < 6; other += 1) {
          const index = 6 * row + other;
          expected[index]! += std * std * column[row]! * column[other]!;
        }
      }
    }
    for (const [index, value] of expected.entries()) {
      expect(covariance[index]).toBeCloseTo(value, 9);
    }
  });

  it("is symmetric, never negative on its diagonal, and zero without deviation", () => {
    const covariance = pose.at(posRad, stdRad).covariance.slice();
    for (let row = 0; row < 6; row += 1) {
      expect(covariance[7 * row]).toBeGreaterThan(0);
      for (let column = 0; column < 6; column += 1) {
        expect(covariance[6 * row + column]).toBe(covariance[6 * column + row]);
      }
    }
    expect(pose.at(posRad, [0, 0, 0, 0]).covariance.every((value) => value === 0)).toBe(true);
  });

  /** d(position, rotation about fixed axes) / d(joint), by a central difference. */
  function numericColumn(axis: number): number[] {
    const step = 1e-5;
    const at = (sign: number): Pose =>
      cameraFromJoints(
        device,
        posRad.map((value, i) => (i === axis ? value + sign * step : value)),
      );
    const [plus, minus] = [at(1), at(-1)];
    const turn = multiplyXyzw(plus.rotationXyzw, conjugateXyzw(minus.rotationXyzw));
    const linear = plus.positionM.map((value, i) => (value - minus.positionM[i]!) / (2 * step));
    return [...linear, ...turn.slice(0, 3).map((value) => (2 * value) / (2 * step))];
  }
});

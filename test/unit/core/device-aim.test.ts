import { describe, expect, it } from "vitest";
import type { AimTarget, Aimed } from "../../../bridge/core/aim.ts";
import { DeviceAim } from "../../../bridge/core/device-aim.ts";
import { InverseKinematics } from "../../../bridge/core/inverse-kinematics.ts";
import type { Xyzw } from "../../../bridge/core/kinematics.ts";
import type { Prediction } from "../../../bridge/contract/world-model.ts";
import { SampleRing } from "../../../bridge/contract/sample-ring.ts";
import { loadDevice } from "../../../bridge/parts/device.ts";

const device = loadDevice("phone-mount-4dof");
const home = device.homeRad;
const ahead = [2.1, 0, 0, 0];
const level: Xyzw = [0, 0, 0, 1];
const about = (axis: 0 | 1 | 2, rad: number): Xyzw => {
  const q: [number, number, number, number] = [0, 0, 0, Math.cos(rad / 2)];
  q[axis] = Math.sin(rad / 2);
  return q;
};
const open = (options: Partial<ConstructorParameters<typeof DeviceAim>[0]> = {}): DeviceAim =>
  new DeviceAim({ device, pictureAspect: 4 / 3, ...options });
const joints = (aimed: Aimed): readonly (number | null)[] => (aimed.ok ? aimed.posRad : []);
const close = (found: readonly (number | null)[], expected: readonly (number | null)[]): void => {
  expect(found).toHaveLength(expected.length);
  expected.forEach((rad, axis) => {
    if (rad === null) expect(found[axis]).toBeNull();
    else expect(found[axis]).toBeCloseTo(rad, 6);
  });
};

describe("a pose", () => {
  it.each([
    ["straight ahead", level, [null, 0, 0, 0]],
    ["to the left", about(2, 0.5), [null, 0.5, 0, 0]],
    ["right side down", about(0, 0.4), [null, 0, 0.4, 0]],
    ["nose down", about(1, 0.3), [null, 0, 0, 0.3]],
  ] as const)("%s has the signs of REP 103", (_, q, expected) => {
    close(joints(open().pose(q, undefined, home)), expected);
    const opposite: Xyzw = [-q[0], -q[1], -q[2], -q[3]];
    close(joints(open().pose(opposite, "base", home)), expected);
  });

  it("in the camera's own frame turns on from where it looks", () => {
    const from = [2.1, 0.4, 0, 0];
    close(joints(open().pose(about(2, 0.3), "camera", from)), [null, 0.7, 0, 0]);
    close(joints(open().pose(level, "camera", from)), [null, 0.4, 0, 0]);
  });

  it("out of reach is the nearest that can be, and says so", () => {
    const aimed = open().pose(about(0, 1.2), undefined, home);
    expect(joints(aimed)[2]).toBeCloseTo(0.79, 2);
    expect(aimed).toMatchObject({
      note: expect.stringMatching(/nearest is 0\.41 rad away, with roll at the limit/) as string,
    });
  });

  it.each([
    ["an unknown frame", level, "elbow", /frame elbow is none of mount0, expected base/],
    ["no unit quaternion", [0, 0, 0, 0.1], undefined, /no unit quaternion/],
  ] as const)("with %s is refused", (_, q, frame, reason) => {
    const aimed = open().pose(q, frame, home);
    expect(aimed).toMatchObject({ ok: false, reason: expect.stringMatching(reason) as string });
  });
});

describe("a look", () => {
  it("at the middle of the picture moves nothing", () => {
    close(joints(open().lookAt({ image: [0.5, 0.5] }, ahead)), [null, 0, 0, 0]);
  });

  it.each([
    ["right edge", [1, 0.5], 1, -Math.atan(Math.tan(0.45) * (4 / 3))],
    ["left edge", [0, 0.5], 1, Math.atan(Math.tan(0.45) * (4 / 3))],
    ["bottom", [0.5, 1], 3, 0.45],
    ["top", [0.5, 0], 3, -0.45],
  ] as const)("at the %s turns by its share of the field of view", (_, image, axis, expected) => {
    expect(joints(open().lookAt({ image }, ahead))[axis]).toBeCloseTo(expected, 6);
  });

  it("along a bearing of the optical frame goes right for a positive x", () => {
    const target: AimTarget = { bearing: [1, 0, 1], frame: "camera_optical_frame" };
    close(joints(open().lookAt(target, ahead)), [null, -Math.PI / 4, 0, 0]);
  });
});

describe("a follower", () => {
  it("takes a point where it was when the picture was taken", () => {
    const telemetry = SampleRing.create({ capacity: 8, width: 12 });
    telemetry.push(1000, Float64Array.from([...ahead, 0, 0, 0, 0, 0, 0, 0, 0]));
    telemetry.push(1100, Float64Array.from([2.1, 0.4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
    const aim = open({ telemetry });
    const aimed = aim.follow({ image: [0.5, 0.5], stampMs: 1000 }, [2.1, 0.4, 0, 0], 1100);
    close(joints(aimed), [null, 0, 0, 0]);
  });

  it("leads by the delay of the motion", () => {
    const aim = open({ motionDelayMs: () => 100 });
    let aimed: Aimed = { ok: false, reason: "" };
    for (let atMs = 0; atMs <= 200; atMs += 20) {
      const yaw = atMs / 1000;
      aimed = aim.follow({ bearing: [Math.cos(yaw), Math.sin(yaw), 0] }, ahead, atMs);
      if (aimed.ok) aimed.remember?.();
    }
    expect(joints(aimed)[1]).toBeCloseTo(0.3, 2);
    expect(aimed.ok && aimed.velRadPerS?.[1]).toBeCloseTo(1, 1);
  });

  it("remembers nothing of a command that was not let through", () => {
    const aim = open();
    aim.follow({ bearing: [1, 0.3, 0] }, ahead, 0);
    const aimed = aim.follow({ bearing: [1, 0, 0] }, ahead, 40);
    expect(aimed.ok && aimed.velRadPerS?.[1]).toBeCloseTo(0, 6);
  });
});

describe("a follower of what the model sees", () => {
  const inverse = new InverseKinematics(device);
  const prediction = (
    change: { visible?: number; std?: number; azimuth?: number } = {},
  ): Prediction => {
    const { visible = 0.9, std = 0.02, azimuth = 0.2 } = change;
    const steps = 4;
    const rows = <T>(row: readonly T[]): T[] => Array.from({ length: steps }, () => row).flat();
    return {
      ...{ stampMs: 0, stepMs: 40, candidateCount: 1, horizonSteps: steps, axisCount: 4 },
      meanPosRad: Float32Array.from(rows([2.1, 0.1, 0, 0])),
      stdPosRad: new Float32Array(4 * steps),
      meanVelRadPerS: new Float32Array(4 * steps),
      stdVelRadPerS: new Float32Array(4 * steps),
      ...{ stateSequence: 1, inferMs: 1 },
      bearing: {
        meanRad: Float32Array.from(rows([azimuth, 0])),
        stdRad: Float32Array.from(rows([std, std])),
      },
      visibility: { mean: Float32Array.from(rows([visible])) },
    };
  };

  it("goes where the target will be seen, the joints' own way taken out", () => {
    const aim = open();
    aim.observe(prediction(), 80);
    const aimed = aim.follow({ predicted: true }, ahead, 80);
    expect(joints(aimed)[1]).toBeCloseTo(0.1 - 0.2, 5);
    expect(inverse.direction([2.1, -0.1, 0, 0])[1]).toBeLessThan(0);
  });

  it.each([
    ["is not seen", { visible: 0.4 }],
    ["is anywhere", { std: 0.3 }],
    ["is behind", { azimuth: 1.5 }],
  ])("has no target when it %s", (_, change) => {
    const aim = open();
    aim.observe(prediction(change), 80);
    expect(aim.follow({ predicted: true }, ahead, 80)).toEqual({
      ok: false,
      reason: "the target is lost",
    });
  });

  it("has no target beyond the horizon of the prediction", () => {
    const aim = open();
    aim.observe(prediction(), 170);
    expect(aim.follow({ predicted: true }, ahead, 170).ok).toBe(false);
  });
});

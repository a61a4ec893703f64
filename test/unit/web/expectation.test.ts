import { describe, expect, it } from "vitest";
import { cameraPath } from "../../../bridge/core/camera-path.ts";
import type { PredictionPayload } from "../../../bridge/control/stream-messages.ts";
import { Expectation } from "../../../bridge/web/expectation.ts";
import { PoseHistory } from "../../../bridge/web/pose-history.ts";
import { pinholeOf, type Xyzw } from "../../../bridge/web/projection.ts";
import { phoneMount } from "../../fakes/synthetic-actuation.ts";

const device = phoneMount();
const steps = 10;
const camera = pinholeOf({ widthPx: 160, heightPx: 120 }, device.camera.verticalFovRad);

/** The yaw goes left by 0.02 rad a step; the deviation of every joint is `std`. */
function turningLeft(std = 0.004): PredictionPayload {
  const rows = Array.from({ length: steps }, (_, k) => [2.1, 0.02 * (k + 1), 0, 0.1]);
  const mean = Float32Array.from(rows.flat());
  const deviation = new Float32Array(mean.length).fill(std);
  const path = cameraPath(device, device.homeRad, {
    horizonSteps: steps,
    axisCount: 4,
    meanPosRad: mean,
    stdPosRad: deviation,
  });
  const shape = [steps, 4];
  return {
    device: "mount0",
    stampMs: 1000,
    stepMs: 40,
    horizonSteps: steps,
    axisNames: ["deploy", "yaw", "roll", "pitch"],
    meanPosRad: { data: mean, shape },
    stdPosRad: { data: deviation, shape },
    camera: {
      verticalFovRad: device.camera.verticalFovRad,
      baseFromOpticalXyzw: { data: path.baseFromOpticalXyzw, shape: [steps + 1, 4] },
      covarianceRad2: { data: path.covarianceRad2, shape: [steps + 1, 3] },
    },
    target: {
      meanRad: {
        data: Float32Array.from(rows.flatMap(([, yaw]) => [0.1 + yaw!, -0.05])),
        shape: [steps, 2],
      },
      stdRad: { data: new Float32Array(steps * 2).fill(0.01), shape: [steps, 2] },
    },
    inferMs: 1,
    lookaheadMs: 100,
  };
}

function omit(prediction: PredictionPayload, part: "camera" | "target"): PredictionPayload {
  const entries = Object.entries(prediction).filter(([name]) => name !== part);
  return Object.fromEntries(entries) as unknown as PredictionPayload;
}

const expectation = Expectation.of(turningLeft())!;
const present = expectation.orientation(0);

describe("what is expected of a picture", () => {
  it("is a path that begins in the middle and goes where the camera turns", () => {
    const path = expectation.path(camera, present, steps);
    expect(path).toHaveLength(steps + 1);
    expect(path[0]!.x).toBeCloseTo(80, 3);
    expect(path[0]!.y).toBeCloseTo(60, 3);
    const xs = path.map(({ x }) => x);
    expect(xs).toEqual([...xs].sort((a, b) => b - a));
    expect(path.at(-1)!.x).toBeLessThan(60);
  });

  it("is drawn into an older picture where that looked", () => {
    const older = expectation.orientation(3);
    expect(expectation.path(camera, older, steps)[3]!.x).toBeCloseTo(80, 3);
  });

  it("has the frame of now as its own border", () => {
    const frame = expectation.frame(camera, present, 0);
    expect(frame[0]!.x).toBeCloseTo(0, 3);
    expect(frame[2]!.y).toBeCloseTo(120, 3);
    expect(expectation.frame(camera, present, steps)[1]!.x).toBeLessThan(150);
  });

  it("has an ellipse around the end of the path that grows with the deviation", () => {
    const widthOf = (std: number): number => {
      const ellipse = Expectation.of(turningLeft(std))!.pathEllipse(camera, present, steps);
      const xs = ellipse.map(({ x }) => x);
      return Math.max(...xs) - Math.min(...xs);
    };
    expect(widthOf(0.02) / widthOf(0.004)).toBeCloseTo(5, 1);
    const end = expectation.path(camera, present, steps).at(-1)!;
    const xs = expectation.pathEllipse(camera, present, steps).map(({ x }) => x);
    expect(Math.min(...xs)).toBeLessThan(end.x);
    expect(Math.max(...xs)).toBeGreaterThan(end.x);
  });

  it("moves a target that stands still the other way than the camera turns", () => {
    const now = expectation.targetNow(camera, present)!;
    const later = expectation.targetPoint(camera, steps)!;
    expect(later.x).toBeGreaterThan(now.x + 20);
    expect(now.x).toBeCloseTo(80 + camera.focalPx * Math.tan(0.1), 0);
    expect(expectation.targetEllipse(camera, steps).length).toBeGreaterThan(8);
  });

  it.each([
    [0, 1],
    [40, 1],
    [61, 2],
    [400, 10],
    [9000, 10],
    [Number.NEGATIVE_INFINITY, 1],
  ])("finds the step nearest to %d ms: %d", (aheadMs, step) => {
    expect(expectation.stepAt(aheadMs)).toBe(step);
  });

  it("knows nothing of a target or a camera the server did not speak of", () => {
    const blind = Expectation.of(omit(turningLeft(), "target"))!;
    expect(blind.hasTarget).toBe(false);
    expect(blind.targetNow(camera, present)).toBeUndefined();
    expect(blind.targetEllipse(camera, 3)).toEqual([]);
    expect(Expectation.of(omit(turningLeft(), "camera"))).toBeUndefined();
  });
});

describe("where the camera looked lately", () => {
  const poseAt = (i: number): Xyzw => [i, 0, 0, 1];

  it("is the pose nearest to a stamp", () => {
    const history = new PoseHistory();
    expect(history.at(0)).toBeUndefined();
    for (const i of [0, 1, 2]) history.add(1000 + i * 40, poseAt(i));
    for (const [stampMs, i] of [
      [0, 0],
      [1019, 0],
      [1021, 1],
      [5000, 2],
    ] as const) {
      expect(history.at(stampMs)).toEqual(poseAt(i));
    }
  });

  it("is forgotten after two seconds, and when the server's clock began anew", () => {
    const history = new PoseHistory();
    history.add(1000, poseAt(0));
    history.add(4000, poseAt(1));
    expect(history.at(1000)).toEqual(poseAt(1));
    history.add(10, poseAt(2));
    expect(history.at(4000)).toEqual(poseAt(2));
  });
});

import { readFile, rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DeviceDescription } from "../../../bridge/contract/device.ts";
import type { Frame } from "../../../bridge/contract/frame.ts";
import { disableTelemetry } from "../../../models/engine/telemetry.ts";
import { openInferenceWorker } from "../../../models/inference/inference-client.ts";
import { previewMaker } from "../../../models/inference/preview.ts";
import { observationAt } from "../../contract/models/world-model-contract.ts";
import { writeTinyPackage } from "../../fakes/tiny-package.ts";

const entry = new URL("../../../dist/models/inference/inference-worker.js", import.meta.url);
const profile = new URL("../../../devices/profiles/phone-mount-4dof.json", import.meta.url);
const device = JSON.parse(await readFile(profile, "utf8")) as DeviceDescription;

const widthPx = 64;
const heightPx = 48;
/** Pixels per radian at the middle of the picture, the pinhole camera's focal length. */
const focalPx = heightPx / (2 * Math.tan(device.camera.verticalFovRad / 2));

/** Black, but for a white bar: a column at `x`, or a row at `y`. */
function barAt(bar: { x: number } | { y: number }): Frame {
  const rgb = new Uint8Array(widthPx * heightPx * 3);
  for (let y = 0; y < heightPx; y += 1) {
    for (let x = 0; x < widthPx; x += 1) {
      if ("x" in bar ? x === bar.x : y === bar.y)
        rgb.fill(255, (y * widthPx + x) * 3, (y * widthPx + x) * 3 + 3);
    }
  }
  return { stampMs: 1000, sequence: 5, widthPx, heightPx, rgb };
}

/** The brightest pixel of the middle row or column. */
function brightest(frame: Frame, along: "x" | "y"): number {
  const length = along === "x" ? widthPx : heightPx;
  const values = Array.from({ length }, (_, i) => {
    const pixel = along === "x" ? (heightPx / 2) * widthPx + i : i * widthPx + widthPx / 2;
    return frame.rgb[pixel * 3]!;
  });
  return values.indexOf(Math.max(...values));
}

/** Arm out so that yaw turns about the vertical, everything else level. */
const level = Float64Array.of((2 * Math.PI) / 3, 0, 0, 0);
const turned = (axis: number, byRad: number): Float64Array =>
  level.map((value, i) => value + (i === axis ? byRad : 0));

describe("a re-projected picture", () => {
  const make = previewMaker(device);

  test("is the same when the camera stays", () => {
    const frame = barAt({ x: 20 });
    expect(make(frame, level, level).rgb).toEqual(frame.rgb);
  });

  test.each([
    ["to the left", "yaw, right hand about z", 1, 0.1, "x", 1],
    ["to the right", "yaw", 1, -0.1, "x", -1],
    ["down", "pitch, right hand about y", 3, 0.1, "y", -1],
    ["up", "pitch", 3, -0.1, "y", 1],
  ] as const)(
    "of a camera turned %s (%s) moves the scene the other way",
    (_, __, axis, byRad, along, sign) => {
      const frame = barAt(along === "x" ? { x: widthPx / 2 } : { y: heightPx / 2 });
      const middle = brightest(frame, along);
      const moved = brightest(make(frame, level, turned(axis, byRad)), along) - middle;
      expect(Math.abs(moved - sign * focalPx * Math.tan(0.1))).toBeLessThanOrEqual(1);
    },
  );

  test("follows a change of picture size", () => {
    const small: Frame = {
      ...barAt({ x: 1 }),
      widthPx: 2,
      heightPx: 2,
      rgb: new Uint8Array(12).fill(9),
    };
    expect(make(small, level, level).rgb).toEqual(small.rgb);
    expect(make(barAt({ x: 20 }), level, level).rgb).toEqual(barAt({ x: 20 }).rgb);
  });
});

describe("the inference worker with a device", () => {
  let packageFolder: string;
  beforeAll(async () => {
    disableTelemetry();
    packageFolder = await writeTinyPackage();
  });
  afterAll(async () => {
    await rm(packageFolder, { recursive: true });
  });

  test("makes a picture for the predicted pose, stamped with the time it is for", async () => {
    await using model = await openInferenceWorker({ entry, packageFolder, device });
    expect(model.description.preview).toBe("reprojection");
    const observations = [observationAt(0), observationAt(1)];
    for (const observation of observations) await model.observe(observation);
    const frame = { ...barAt({ x: 32 }), stampMs: observations[1]!.stampMs };
    const request = {
      actionsRad: new Float32Array(12).fill(0.5),
      candidateCount: 1,
      horizonSteps: 3,
    };
    const prediction = await model.predict({ ...request, preview: { step: 2, frame } });
    const toPosRad = Float64Array.from(prediction.meanPosRad.subarray(4, 8));
    const expected = previewMaker(device)(frame, observations[1]!.jointPosRad, toPosRad);
    expect(prediction.preview).toEqual({ ...expected, stampMs: prediction.stampMs + 80 });
    expect((await model.predict(request)).preview).toBeUndefined();
  });

  test("refuses a picture larger than its shared memory", async () => {
    await using model = await openInferenceWorker({
      entry,
      packageFolder,
      device,
      maxFrameBytes: 100,
    });
    await model.observe(observationAt(0));
    const request = { actionsRad: new Float32Array(4), candidateCount: 1, horizonSteps: 1 };
    const predicting = model.predict({ ...request, preview: { step: 1, frame: barAt({ x: 1 }) } });
    await expect(predicting).rejects.toThrow(/the preview's frame has 9216 bytes, limit is 100/);
  });

  test("refuses a package made for other joints, or for another order", async () => {
    const other = { ...device, axes: device.axes.toReversed() };
    const opening = openInferenceWorker({ entry, packageFolder, device: other });
    await expect(opening).rejects.toThrow(expect.objectContaining({ code: "model/unsupported" }));
    await expect(opening).rejects.toThrow(
      /tiny is made for joints deploy, yaw, roll, pitch; mount0 has pitch, roll, yaw, deploy/,
    );
  });
});

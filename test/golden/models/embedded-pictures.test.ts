import { afterAll, beforeAll, expect, test } from "vitest";
import { fileURLToPath } from "node:url";
import type { Engine } from "../../../bridge/contract/engine.ts";
import { makeObservation, type Observation } from "../../../bridge/contract/observation.ts";
import type { Prediction } from "../../../bridge/contract/world-model.ts";
import { openEngine } from "../../../models/engine/open-engine.ts";
import { disableTelemetry } from "../../../models/engine/telemetry.ts";
import { parseGolden, type Golden } from "../../../models/package/golden.ts";
import {
  loadPackage,
  packageFile,
  type ModelPackage,
} from "../../../models/package/load-package.ts";
import { OnnxWorldModel } from "../../../models/world-model.ts";

// The shipped model's eye: recorded pictures through the way live pictures go.
const sizePx = 64;
const folder = fileURLToPath(new URL("../../../models/embedded", import.meta.url));
let pack: ModelPackage;
let golden: Golden;
let pictures: Uint8Array;
let engine: Engine;

beforeAll(async () => {
  disableTelemetry();
  pack = await loadPackage(folder);
  const { golden: path } = pack.manifest.verify;
  golden = parseGolden(new TextDecoder().decode(packageFile(pack, path)), path);
  pictures = packageFile(pack, golden.streams!["cam0"]!.file);
  engine = await openEngine();
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

/** From [3][64][64] as the graph reads it to rows of rgb. */
function rgbOf(index: number): Uint8Array {
  const size = sizePx ** 2;
  const planes = pictures.subarray(index * 3 * size, (index + 1) * 3 * size);
  return Uint8Array.from(
    { length: 3 * size },
    (_, i) => planes[(i % 3) * size + Math.floor(i / 3)]!,
  );
}

interface Shown {
  readonly withPictures: boolean;
  /** Taken from this much earlier observations, and said to be new. */
  readonly lateBy?: number;
}

function observationAt(step: number, { withPictures, lateBy = 0 }: Shown): Observation {
  const { proprio, action } = golden.observations[step]!;
  const from = golden.observations[Math.max(0, step - lateBy)]!;
  const observation = makeObservation(4);
  observation.stampMs = 40 * step;
  observation.jointPosRad.set(proprio.slice(0, 4));
  observation.jointVelRadPerS.set(proprio.slice(4, 8));
  observation.jointEffortNm.set(proprio.slice(8, 12));
  observation.commandPosRad.set(action);
  const index = from.frames?.["cam0"];
  if (!withPictures || index === undefined) return observation;
  observation.frame = {
    stampMs: observation.stampMs - 1e3 * (from.frame_age_s?.["cam0"] ?? 0),
    widthPx: sizePx,
    heightPx: sizePx,
    encoding: "rgb8",
    strideBytes: 3 * sizePx,
    data: rgbOf(index),
  };
  return observation;
}

async function predicted(shown: Shown): Promise<Prediction> {
  await using model = await OnnxWorldModel.open({ engine, pack });
  for (const step of golden.observations.keys()) await model.observe(observationAt(step, shown));
  const actionsRad = Float32Array.from(golden.actionsRad.flat());
  return await model.predict({
    actionsRad,
    candidateCount: 1,
    horizonSteps: golden.actionsRad.length,
  });
}

const largestDifference = (found: ArrayLike<number>, expected: ArrayLike<number>): number =>
  Array.from(found, (value, i) => Math.abs(value - (expected[i] ?? Number.NaN))).reduce(
    (most, each) => Math.max(most, each),
    0,
  );

test("pictures that come as live ones do give the bearings and visibility torch computed", async () => {
  const { bearing, visibility } = await predicted({ withPictures: true });
  const { "pred.bearing.mean": mean, "pred.bearing.std": std } = golden.heads!;
  expect(largestDifference(bearing!.meanRad, mean!.flat())).toBeLessThan(1e-4);
  expect(largestDifference(bearing!.stdRad!, std!.flat())).toBeLessThan(1e-4);
  const seen = golden.heads!["pred.visibility.mean"]!.flat();
  expect(largestDifference(visibility!.mean, seen)).toBeLessThan(1e-4);
});

test("pictures that are older than they say put the target elsewhere", async () => {
  const { bearing } = await predicted({ withPictures: true, lateBy: 4 });
  const mean = golden.heads!["pred.bearing.mean"]!.flat();
  expect(largestDifference(bearing!.meanRad, mean)).toBeGreaterThan(0.01);
});

test("without any picture joints come out the same, and nothing is said to be in view", async () => {
  const { meanPosRad, stdPosRad, visibility } = await predicted({ withPictures: false });
  const positions = golden.mean.flatMap((row) => row.slice(0, 4));
  const deviations = golden.std.flatMap((row) => row.slice(0, 4));
  expect(largestDifference(meanPosRad, positions)).toBeLessThan(1e-4);
  expect(largestDifference(stdPosRad, deviations)).toBeLessThan(1e-4);
  expect(Math.max(...visibility!.mean)).toBeLessThan(0.01);
});

test("a golden bearing that is off is noticed when the package is opened", async () => {
  const bearings = golden.heads!["pred.bearing.mean"]!.map((row) => [...row]);
  bearings[5]![1]! += 5e-4;
  const heads = { ...golden.heads, "pred.bearing.mean": bearings };
  const content = new TextEncoder().encode(JSON.stringify({ ...golden, heads }));
  const files = new Map(pack.files).set(pack.manifest.verify.golden, content);
  await expect(OnnxWorldModel.open({ engine, pack: { ...pack, files } })).rejects.toThrow(
    expect.objectContaining({ code: "model/golden" }) as never,
  );
});

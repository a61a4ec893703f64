import { afterAll, beforeAll, expect, test } from "vitest";
import { fileURLToPath } from "node:url";
import type { Engine } from "../../../bridge/contract/engine.ts";
import { makeObservation, type Observation } from "../../../bridge/contract/observation.ts";
import type { Prediction } from "../../../bridge/contract/world-model.ts";
import { openEngine } from "../../../models/engine/open-engine.ts";
import { disableTelemetry } from "../../../models/engine/telemetry.ts";
import {
  loadPackage,
  packageFile,
  type ModelPackage,
} from "../../../models/package/load-package.ts";
import { OnnxWorldModel } from "../../../models/world-model.ts";

interface Golden {
  readonly observations: readonly { readonly proprio: number[]; readonly action: number[] }[];
  readonly actionsRad: readonly number[][];
  readonly mean: readonly number[][];
  readonly std: readonly number[][];
}

const folder = fileURLToPath(new URL("../../../models/embedded", import.meta.url));
const decode = (content: Uint8Array): string => new TextDecoder().decode(content);
let pack: ModelPackage;
let golden: Golden;
let engine: Engine;

beforeAll(async () => {
  disableTelemetry();
  pack = await loadPackage(folder);
  golden = JSON.parse(decode(packageFile(pack, pack.manifest.verify.golden))) as Golden;
  engine = await openEngine();
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

const withGolden = (changed: Golden): ModelPackage => {
  const content = new TextEncoder().encode(JSON.stringify(changed));
  return { ...pack, files: new Map(pack.files).set(pack.manifest.verify.golden, content) };
};

const observationAt = (step: number): Observation => {
  const { proprio, action } = golden.observations[step]!;
  const observation = makeObservation(4);
  observation.stampMs = 40 * step;
  observation.jointPosRad.set(proprio.slice(0, 4));
  observation.jointVelRadPerS.set(proprio.slice(4, 8));
  observation.jointEffortNm.set(proprio.slice(8, 12));
  observation.commandPosRad.set(action);
  return observation;
};

/** The model after the golden observations. */
async function observed(): Promise<OnnxWorldModel> {
  const model = await OnnxWorldModel.open({ engine, pack });
  for (const step of golden.observations.keys()) await model.observe(observationAt(step));
  return model;
}

const largestDifference = (found: ArrayLike<number>, expected: ArrayLike<number>): number =>
  Array.from(found, (value, i) => Math.abs(value - (expected[i] ?? Number.NaN))).reduce(
    (most, each) => Math.max(most, each),
    0,
  );

test.each(["ort-ffi", "ort-node"] as const)(
  "the shipped package is whole, and %s computes what torch computed",
  async (kind) => {
    await using own = await openEngine({ engine: kind });
    await using model = await OnnxWorldModel.open({ engine: own, pack });
    expect(model.description).toMatchObject({
      id: "kairos-mini-gimbal4",
      axisNames: ["deploy", "yaw", "roll", "pitch"],
      stepS: 0.04,
      maxHorizonSteps: 32,
      actionConditioned: true,
    });
  },
);

test.each(["mean", "std"] as const)(
  "half a milliradian off in one golden %s is noticed",
  async (part) => {
    const values = golden[part].map((row) => [...row]);
    values[7]![2]! += 5e-4;
    const opening = OnnxWorldModel.open({
      engine,
      pack: withGolden({ ...golden, [part]: values }),
    });
    await expect(opening).rejects.toThrow(
      expect.objectContaining({ code: "model/golden" }) as never,
    );
  },
);

test("the golden rollout moves: a model that held still would not pass", () => {
  const first = golden.observations.at(-1)!.proprio.slice(0, 4);
  expect(largestDifference(golden.mean.at(-1)!.slice(0, 4), first)).toBeGreaterThan(0.1);
});

test("observing as the service does gives the golden rollout", async () => {
  await using model = await observed();
  const actionsRad = Float32Array.from(golden.actionsRad.flat());
  const horizonSteps = golden.actionsRad.length;
  const found = await model.predict({ actionsRad, candidateCount: 1, horizonSteps });
  const positions = golden.mean.flatMap((row) => row.slice(0, 4));
  const velocities = golden.mean.flatMap((row) => row.slice(4));
  expect(largestDifference(found.meanPosRad, positions)).toBeLessThan(1e-4);
  expect(largestDifference(found.meanVelRadPerS, velocities)).toBeLessThan(1e-4);
});

test("candidates of a batch do not touch each other, and a longer horizon not the steps before", async () => {
  await using model = await observed();
  const request = (actions: number[][], candidateCount: number): Promise<Prediction> =>
    model.predict({
      actionsRad: Float32Array.from(actions.flat()),
      candidateCount,
      horizonSteps: actions.length / candidateCount,
    });
  const other = golden.actionsRad.map((row) => row.map((value) => value - 0.2));
  const alone = await request([...golden.actionsRad], 1);
  const both = await request([...other, ...golden.actionsRad], 2);
  const short = await request(golden.actionsRad.slice(0, 5), 1);
  expect(largestDifference(both.meanPosRad.subarray(64), alone.meanPosRad)).toBeLessThan(1e-5);
  expect(largestDifference(short.meanPosRad, alone.meanPosRad.subarray(0, 20))).toBeLessThan(1e-5);
  expect(largestDifference(both.meanPosRad.subarray(0, 64), alone.meanPosRad)).toBeGreaterThan(
    0.05,
  );
});

test("the card tells what the manifest measured, losses included", () => {
  const metrics = pack.manifest.metrics as unknown as {
    horizonSteps: number[];
    test: { qRmseRad: Record<"model" | "arxDirect" | "hold", number[]> };
  };
  const card = decode(packageFile(pack, pack.manifest.model_card));
  const { model, arxDirect, hold } = metrics.test.qRmseRad;
  for (const [index, k] of metrics.horizonSteps.entries()) {
    expect(card).toContain(model[index]!.toFixed(5).slice(0, 6));
    if (k >= 2) expect(model[index]).toBeLessThan(hold[index]!);
    if (k >= 4) expect(model[index]).toBeLessThan(arxDirect[index]!);
    else if (model[index]! > arxDirect[index]!)
      expect(card).toMatch(/no better than ARX direct at/);
  }
});

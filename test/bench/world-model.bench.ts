// One step of the loop: observe, then predict; in this thread and through the worker.
import { fileURLToPath } from "node:url";
import { afterAll, bench, describe } from "vitest";
import type { PredictRequest, WorldModel } from "../../bridge/contract/world-model.ts";
import { openEngine } from "../../models/engine/open-engine.ts";
import { openInferenceWorker } from "../../models/inference/inference-client.ts";
import { loadPackage } from "../../models/package/load-package.ts";
import { SetpointFollower } from "../../models/follower/setpoint-follower.ts";
import { OnnxWorldModel } from "../../models/world-model.ts";
import { observationAt } from "../contract/models/world-model-contract.ts";

const packageFolder = fileURLToPath(new URL("../../models/embedded", import.meta.url));
const entry = new URL("../../dist/models/inference/inference-worker.js", import.meta.url);
const engine = await openEngine({ engine: "ort-ffi" });
const direct = await OnnxWorldModel.open({ engine, pack: await loadPackage(packageFolder) });
const worker = await openInferenceWorker({ entry, packageFolder });
const models: readonly (readonly [string, WorldModel])[] = [
  ["in this thread (reference)", direct],
  ["through the worker", worker],
  [
    "the setpoint follower",
    new SetpointFollower({ axisNames: direct.description.axisNames, because: "a bench" }),
  ],
];
let step = 0;
for (const [, model] of models) await model.observe(observationAt(step));

describe("observe", () => {
  for (const [name, model] of models) {
    bench(name, async () => {
      step += 1;
      await model.observe(observationAt(step));
    });
  }
});

for (const [n, k] of [
  [1, 16],
  [1, 32],
  [64, 16],
  [64, 32],
] as const) {
  const actionsRad = new Float32Array(n * k * 4).fill(0.1);
  const request: PredictRequest = { actionsRad, candidateCount: n, horizonSteps: k };
  describe(`predict, N=${n} K=${k}`, () => {
    for (const [name, model] of models) {
      bench(name, async () => {
        await model.predict(request);
      });
    }
  });
}

afterAll(async () => {
  await worker[Symbol.asyncDispose]();
  await direct[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
});

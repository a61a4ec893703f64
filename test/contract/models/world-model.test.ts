import { afterAll, beforeAll } from "vitest";
import { rm } from "node:fs/promises";
import type { WorldModel } from "../../../bridge/contract/world-model.ts";
import { openEngine } from "../../../models/engine/open-engine.ts";
import { disableTelemetry } from "../../../models/engine/telemetry.ts";
import { openInferenceWorker } from "../../../models/inference/inference-client.ts";
import { loadPackage } from "../../../models/package/load-package.ts";
import { OnnxWorldModel } from "../../../models/world-model.ts";
import { loadContents, writeTinyPackage } from "../../fakes/tiny-package.ts";
import { repeatContents } from "../../fakes/tiny-repeat-package.ts";
import { describeWorldModelContract } from "./world-model-contract.ts";

const entry = new URL("../../../dist/models/inference/inference-worker.js", import.meta.url);
let folder: string;
beforeAll(async () => {
  disableTelemetry();
  folder = await writeTinyPackage();
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** The model in this thread, with an engine of its own. */
async function openInThread(kind: "ort-ffi" | "ort-node"): Promise<WorldModel> {
  const engine = await openEngine({ engine: kind });
  const model = await OnnxWorldModel.open({ engine, pack: await loadPackage(folder) });
  return {
    description: model.description,
    observe: (observation) => model.observe(observation),
    predict: (request) => model.predict(request),
    reset: () => model.reset(),
    [Symbol.asyncDispose]: async () => {
      await model[Symbol.asyncDispose]();
      await engine[Symbol.asyncDispose]();
    },
  };
}

describeWorldModelContract("ort-ffi in this thread", () => openInThread("ort-ffi"));
describeWorldModelContract("ort-node in this thread", () => openInThread("ort-node"));
describeWorldModelContract("a package of single steps in this thread", async () => {
  const engine = await openEngine();
  const model = await OnnxWorldModel.open({ engine, pack: await loadContents(repeatContents()) });
  return {
    description: model.description,
    observe: (observation) => model.observe(observation),
    predict: (request) => model.predict(request),
    reset: () => model.reset(),
    [Symbol.asyncDispose]: async () => {
      await model[Symbol.asyncDispose]();
      await engine[Symbol.asyncDispose]();
    },
  };
});
describeWorldModelContract("ort-ffi in a worker", () =>
  openInferenceWorker({ entry, packageFolder: folder, engine: { engine: "ort-ffi" } }),
);
describeWorldModelContract("ort-node in a worker", () =>
  openInferenceWorker({ entry, packageFolder: folder, engine: { engine: "ort-node" } }),
);

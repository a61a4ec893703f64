import { afterAll, beforeAll } from "vitest";
import { rm } from "node:fs/promises";
import type { WorldModel } from "../../../bridge/contract/world-model.ts";
import { openEngine } from "../../../models/engine/open-engine.ts";
import { disableTelemetry } from "../../../models/engine/telemetry.ts";
import { openInferenceWorker } from "../../../models/inference/inference-client.ts";
import { loadPackage, type ModelPackage } from "../../../models/package/load-package.ts";
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
async function openInThread(pack: ModelPackage, engineKind?: "ort-ffi" | "ort-node") {
  const engine = await openEngine(engineKind === undefined ? {} : { engine: engineKind });
  const model = await OnnxWorldModel.open({ engine, pack });
  return {
    description: model.description,
    observe: (observation) => model.observe(observation),
    predict: (request) => model.predict(request),
    reset: () => model.reset(),
    [Symbol.asyncDispose]: async () => {
      await model[Symbol.asyncDispose]();
      await engine[Symbol.asyncDispose]();
    },
  } satisfies WorldModel;
}

describeWorldModelContract(
  "ort-ffi in this thread",
  async () => await openInThread(await loadPackage(folder), "ort-ffi"),
);
describeWorldModelContract(
  "ort-node in this thread",
  async () => await openInThread(await loadPackage(folder), "ort-node"),
);
describeWorldModelContract(
  "a package of single steps in this thread",
  async () => await openInThread(await loadContents(repeatContents())),
);
describeWorldModelContract("ort-ffi in a worker", () =>
  openInferenceWorker({ entry, packageFolder: folder, engine: { engine: "ort-ffi" } }),
);
describeWorldModelContract("ort-node in a worker", () =>
  openInferenceWorker({ entry, packageFolder: folder, engine: { engine: "ort-node" } }),
);

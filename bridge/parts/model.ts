import process from "node:process";
import { disableTelemetry } from "../../models/engine/telemetry.ts";
import type { ModelSupervisor } from "../../models/inference/model-supervisor.ts";
import { openSupervisedModel } from "../../models/inference/open-supervised-model.ts";
import { modelSettings } from "../../models/ladder/model-settings.ts";
import type { Config } from "../config.ts";
import type { DeviceDescription } from "../contract/device.ts";
import { Heartbeats } from "../contract/heartbeats.ts";
import { silentLog, type Log } from "../contract/log.ts";
import type { WorldModel } from "../contract/world-model.ts";
import { checkFit } from "../model-checks.ts";
import { loadDevice } from "./device.ts";
import { inPackage, workerEntry } from "./package-files.ts";

/** The folder of the configured package, or of the embedded one. */
export function modelFolder({ model }: Config): string {
  return model.package === "" ? inPackage("models/embedded") : model.package;
}

interface ModelOptions {
  readonly heartbeats: Heartbeats;
  readonly log: Log;
}

/**
 * The configured package: on cpu at once, and in the background on whatever better provider passes its
 * gates. A thread that dies is replaced; after several deaths in a row the fault is reported.
 */
export async function openModel(
  config: Config,
  device: DeviceDescription,
  { heartbeats, log }: ModelOptions,
): Promise<ModelSupervisor> {
  const settings = modelSettings(config.model, process.env);
  const { engineLibrary } = config.model;
  const worker = {
    entry: workerEntry("models/inference/inference-worker.js"),
    engine: engineLibrary === "" ? {} : { libraryPath: engineLibrary },
    device,
    heartbeats: heartbeats.buffer,
    maxFrameBytes: config.sim.cameraWidthPx * config.sim.cameraHeightPx * 3,
  };
  return await openSupervisedModel({
    ...settings,
    packagePath: modelFolder(config),
    worker,
    log,
    requireFit: (running, next) => {
      checkFit(config, running, next);
    },
  });
}

/** Takes what can change while it runs from another configuration: the package and its providers. */
export async function reloadModel(model: ModelSupervisor, next: Config): Promise<void> {
  const { rungs } = modelSettings(next.model, process.env);
  await model.use(modelFolder(next), rungs);
}

/** The configured model in its inference worker, without a robot around it. For benches. */
export async function openConfiguredModel(config: Config): Promise<WorldModel> {
  disableTelemetry();
  const options = { heartbeats: new Heartbeats(), log: silentLog };
  // Nobody waits for a bench's ticks: its largest batches may take longer than a step.
  const patient = { ...config, model: { ...config.model, tickBudgetMs: 10_000 } };
  return await openModel(patient, loadDevice(config.device.profile), options);
}

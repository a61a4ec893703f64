import { readFileSync } from "node:fs";
import process from "node:process";
import { disableTelemetry } from "../../models/engine/telemetry.ts";
import { openFollower } from "../../models/follower/open-follower.ts";
import { openSupervisedModel } from "../../models/inference/open-supervised-model.ts";
import { modelSettings } from "../../models/ladder/model-settings.ts";
import { parseManifest } from "../../models/package/manifest.ts";
import type { Config } from "../config.ts";
import type { DeviceDescription } from "../contract/device.ts";
import { BridgeError, ErrorCode } from "../contract/errors.ts";
import { Heartbeats, Thread } from "../contract/heartbeats.ts";
import { silentLog, type Log } from "../contract/log.ts";
import type { SupervisedModel, WorldModel } from "../contract/world-model.ts";
import { checkFit } from "../model-checks.ts";
import { loadDevice } from "./device.ts";
import { inPackage, workerEntry } from "./package-files.ts";

/** `model.package` for the model that needs no package. */
const followerName = "setpoint-follower";

/**
 * The folder of the configured package, or of the embedded one.
 *
 * @throws BridgeError `config/invalid` where no package is configured at all.
 */
export function modelFolder({ model }: Config): string {
  if (model.package === followerName) {
    const text = `model.package is ${followerName}, which is no package, expected a path`;
    throw new BridgeError(ErrorCode.ConfigInvalid, text);
  }
  return model.package === "" ? inPackage("models/embedded") : model.package;
}

interface ModelOptions {
  readonly heartbeats: Heartbeats;
  readonly log: Log;
}

/** The model that serves, whichever it is. */
export interface ServingModel extends AsyncDisposable {
  readonly model: SupervisedModel;
  /** Threads that have to beat. */
  readonly threads: readonly Thread[];
  /** Resolves when it has died too often to be started again. */
  readonly gaveUp: Promise<BridgeError>;
  /** Takes what can change while it runs from another configuration: the package and its providers. */
  reload(next: Config): Promise<void>;
}

/**
 * The configured package; without one the embedded, or, for a device that it was not made for, the
 * setpoint follower.
 *
 * A package serves on cpu at once, and in the background on whatever better provider passes its gates. A
 * thread that dies is replaced; after several deaths in a row the fault is reported.
 */
export async function openModel(
  config: Config,
  device: DeviceDescription,
  options: ModelOptions,
): Promise<ServingModel> {
  const because = whyFollower(config, device);
  return because === undefined
    ? await openPackage(config, device, options)
    : serveFollower(device, because);
}

async function openPackage(
  config: Config,
  device: DeviceDescription,
  { heartbeats, log }: ModelOptions,
): Promise<ServingModel> {
  const settings = modelSettings(config.model, process.env);
  const { engineLibrary } = config.model;
  const worker = {
    entry: workerEntry("models/inference/inference-worker.js"),
    engine: engineLibrary === "" ? {} : { libraryPath: engineLibrary },
    device,
    heartbeats: heartbeats.buffer,
    maxFrameBytes: config.sim.cameraWidthPx * config.sim.cameraHeightPx * 3,
  };
  const model = await openSupervisedModel({
    ...settings,
    packagePath: modelFolder(config),
    worker,
    log,
    requireFit: (running, next) => {
      checkFit(config, running, next);
    },
  });
  return {
    model,
    threads: [Thread.Inference],
    gaveUp: model.gaveUp,
    reload: async (next) => {
      const { rungs } = modelSettings(next.model, process.env);
      await model.use(modelFolder(next), rungs);
    },
    [Symbol.asyncDispose]: () => model[Symbol.asyncDispose](),
  };
}

function serveFollower({ axes }: DeviceDescription, because: string): ServingModel {
  const model = openFollower({ axisNames: axes.map(({ name }) => name), because });
  return {
    model,
    threads: [],
    gaveUp: new Promise(() => undefined),
    reload: (next) => model.use(next.model.package),
    [Symbol.asyncDispose]: () => model[Symbol.asyncDispose](),
  };
}

/** Why the setpoint follower serves this device; undefined: a package does. */
export function whyFollower(
  { model }: Config,
  { id, axes }: DeviceDescription,
): string | undefined {
  if (model.package === followerName) return `model.package is ${followerName}`;
  if (model.package !== "") return undefined;
  const path = `${inPackage("models/embedded")}/manifest.json`;
  const { id: name, embodiment } = parseManifest(readFileSync(path, "utf8"), path);
  const made = embodiment.joints.map((joint) => joint.name).join(", ");
  const found = axes.map((axis) => axis.name).join(", ");
  return made === found ? undefined : `${name} is made for joints ${made}; ${id} has ${found}`;
}

/** The configured package in its inference worker, without a robot around it. For benches. */
export async function openConfiguredModel(config: Config): Promise<WorldModel> {
  disableTelemetry();
  const options = { heartbeats: new Heartbeats(), log: silentLog };
  // Nobody waits for a bench's ticks: its largest batches may take longer than a step.
  const patient = { ...config, model: { ...config.model, tickBudgetMs: 10_000 } };
  return (await openPackage(patient, loadDevice(config.device.profile), options)).model;
}

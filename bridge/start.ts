import process from "node:process";
import { fileURLToPath } from "node:url";
import { openActuation, type ActuationClient } from "../devices/actuation/actuation-client.ts";
import { loadProfile } from "../devices/profiles/load-profile.ts";
import { disableTelemetry } from "../models/engine/telemetry.ts";
import type { ModelSupervisor } from "../models/inference/model-supervisor.ts";
import { openSupervisedModel } from "../models/inference/open-supervised-model.ts";
import { modelSettings } from "../models/ladder/model-settings.ts";
import { rosNetwork, type RosNetworkConfig } from "../ros/environment.ts";
import { RosPublications } from "../ros/publications.ts";
import { openRtpsTransport, type RtpsTransport } from "../ros/rtps-transport.ts";
import {
  createPosesRow,
  openEmbeddedSimulation,
  type EmbeddedSimulation,
} from "../sims/embedded/embedded-simulation.ts";
import { defaultDynamics } from "../sims/embedded/mount-dynamics.ts";
import { BridgeService, type RosSink, type ServiceParts } from "./bridge-service.ts";
import type { Config } from "./config.ts";
import { systemClock, type Clock } from "./contract/clock.ts";
import type { DeviceDescription } from "./contract/device.ts";
import type { BridgeError } from "./contract/errors.ts";
import { guardNativeCalls } from "./contract/native-calls.ts";
import { Heartbeats, Thread } from "./contract/heartbeats.ts";
import { silentLog, type Log } from "./contract/log.ts";
import type { ObservationSource } from "./contract/observation.ts";
import type { RosTransport } from "./contract/ros-transport.ts";
import type { WorldModel } from "./contract/world-model.ts";
import { whenAtRest } from "./core/at-rest.ts";
import { closeAll, openTogether, type Closer } from "./core/lifecycle.ts";
import type { ServiceSnapshot } from "./core/service-status.ts";
import { checkFit, checkHorizon } from "./model-checks.ts";
import { logStart } from "./start-log.ts";
import { createSharedMemory, type SharedMemory } from "./shared-memory.ts";

export interface StartOptions {
  readonly log: Log;
  readonly version: string;
  readonly signal: AbortSignal;
}

/** The running service. Disposal brings the device to rest first; it is safe to repeat. */
export interface Bridge extends AsyncDisposable {
  readonly url: string;
  readonly device: DeviceDescription;
  /** The last seconds of what the device did and was told, for whoever runs the service in-process. */
  readonly observations: ObservationSource;
  /** Resolves when a part has died without which the device cannot be kept safe. */
  readonly failed: Promise<BridgeError>;
  /** Takes what can change at run time from another configuration: the package and its providers. */
  reload(next: Config): Promise<void>;
  snapshot(): ServiceSnapshot;
}

const isCompiled = import.meta.url.endsWith(".js");
/** This file is bridge/start.ts or, compiled, dist/bridge/start.js. */
const packageRoot = new URL(isCompiled ? "../../" : "../", import.meta.url);
const inPackage = (path: string): string => fileURLToPath(new URL(path, packageRoot));
const workerEntry = (path: string): URL => new URL(`dist/${path}`, packageRoot);

/**
 * Puts the parts together and runs them: simulator → observations → model → predictions → ROS 2 and
 * stream; clients → authority → actuation → driver. The only place that knows all of them.
 *
 * @throws BridgeError of whichever part cannot start; what was opened before it is closed.
 */
export async function startBridge(config: Config, options: StartOptions): Promise<Bridge> {
  disableTelemetry();
  guardNativeCalls();
  const closers: Closer[] = [];
  try {
    return await assemble(config, options, closers);
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}

/** The configured model in its inference worker, without a robot around it. For benches. */
export async function openConfiguredModel(config: Config): Promise<WorldModel> {
  disableTelemetry();
  const options = { heartbeats: new Heartbeats(), log: silentLog };
  // Nobody waits for a bench's ticks: its largest batches may take longer than a step.
  const patient = { ...config, model: { ...config.model, tickBudgetMs: 10_000 } };
  return await openModel(patient, loadDevice(config), options);
}

async function assemble(config: Config, options: StartOptions, closers: Closer[]): Promise<Bridge> {
  const { log, version, signal } = options;
  const clock = systemClock();
  const device = loadDevice(config);
  const memory = createSharedMemory(config, device);
  memory.heartbeats.beat(Thread.Main, clock.monotonicMs());
  const running: { service?: BridgeService } = {};
  const onSimulatorFault = (error: BridgeError): void => {
    log.error({ text: error.message }, "the simulator has failed");
    running.service?.fault("simulator", error);
  };

  // Workers start side by side: each takes a few hundred ms to load its WebAssembly or library.
  const camera = cameraRate(config);
  const [simulation, model, transport] = await openTogether(closers, [
    openSimulation(config, device, { memory, camera, onFault: onSimulatorFault }),
    openModel(config, device, { heartbeats: memory.heartbeats, log }),
    openRos(config, { heartbeats: memory.heartbeats, log }),
  ]);
  signal.throwIfAborted();
  checkHorizon(config, model.description);
  const actuation = await openMount(config, device, memory);
  closers.push(() => actuation[Symbol.asyncDispose]());

  const parts: ServiceParts = {
    config,
    version,
    log,
    clock,
    memory,
    actuation,
    model,
    ros: transport === undefined ? undefined : rosParts(config, device, transport, clock),
    simulator: () => ({ name: `MuJoCo ${simulation.ready.mujocoVersion}`, ...simulation.stats() }),
    setCameraRateHz: (rateHz) => {
      camera.set(rateHz);
    },
    site: {
      page: inPackage("bridge/web"),
      pageScripts: inPackage("dist/bridge/web"),
      clientScripts: inPackage("dist/bridge/client"),
      msgpackScripts: inPackage("node_modules/@msgpack/msgpack/dist.esm"),
    },
  };
  const service = await BridgeService.open(parts);
  running.service = service;
  closers.push(() => service[Symbol.asyncDispose]());
  void model.gaveUp.then((error) => {
    service.fault("inference", error);
  });
  void transport?.exited.then((error) => {
    if (error !== undefined) service.fault("ros", error);
  });
  logStart(parts, service.url);

  let closing: Promise<void> | undefined;
  return {
    url: service.url,
    device,
    observations: service.observations,
    failed: new Promise((resolve) => {
      void actuation.exited.then((error) => {
        if (error !== undefined) resolve(error);
      });
    }),
    snapshot: () => service.snapshot(),
    reload: async (next) => {
      const { rungs } = modelSettings(next.model, process.env);
      await model.use(modelFolder(next), rungs);
    },
    async [Symbol.asyncDispose]() {
      // The device comes to rest while its clients still see it; then everything else goes.
      closing ??= actuation[Symbol.asyncDispose]()
        .then(() => whenAtRest(memory.telemetry, log))
        .then(() => closeAll(closers));
      await closing;
    },
  };
}

/** The folder of the configured package, or of the embedded one. */
export function modelFolder({ model }: Config): string {
  return model.package === "" ? inPackage("models/embedded") : model.package;
}

/** What the configuration says of the ROS network; the rest is left to the environment. */
export function rosNetworkConfig({ ros }: Config): RosNetworkConfig {
  return {
    domainId: ros.domainId === -1 ? undefined : ros.domainId,
    discoveryRange: ros.discoveryRange === "" ? undefined : ros.discoveryRange,
    staticPeers: ros.staticPeers.length === 0 ? undefined : ros.staticPeers,
  };
}

function loadDevice(config: Config): DeviceDescription {
  const { profile } = config.device;
  const isPath = profile.includes("/") || profile.endsWith(".json");
  return loadProfile(isPath ? profile : inPackage(`devices/profiles/${profile}.json`));
}

interface CameraRate {
  /** Frames per 1000 s, in shared memory. */
  readonly shared: Int32Array;
  set(rateHz: number): void;
}

function cameraRate(config: Config): CameraRate {
  const shared = new Int32Array(new SharedArrayBuffer(4));
  const set = (rateHz: number): void => {
    Atomics.store(shared, 0, Math.round(rateHz * 1000));
    Atomics.notify(shared, 0);
  };
  set(config.sim.idleCameraRateHz);
  return { shared, set };
}

interface SimulationOptions {
  readonly memory: SharedMemory;
  readonly camera: CameraRate;
  readonly onFault: (error: BridgeError) => void;
}

async function openSimulation(
  config: Config,
  device: DeviceDescription,
  { memory, camera, onFault }: SimulationOptions,
): Promise<EmbeddedSimulation> {
  const poses = createPosesRow(device);
  const { startPose, payloadKg, seed } = config.sim;
  return await openEmbeddedSimulation({
    workerEntries: {
      physics: workerEntry("sims/embedded/physics-worker.js"),
      render: workerEntry("sims/embedded/render-worker.js"),
    },
    device,
    dynamics: { ...defaultDynamics(device), payloadMassKg: payloadKg },
    seed,
    startPose: startPose === "stowed" ? "stowed" : "home",
    buffers: {
      simSetpoint: memory.simSetpoint.buffer,
      telemetry: memory.telemetry.buffer,
      poses: poses.buffer,
      heartbeats: memory.heartbeats.buffer,
    },
    renderWorkerData: {
      device,
      poses: poses.buffer,
      camera: memory.camera.buffer,
      rate: camera.shared.buffer,
      heartbeats: memory.heartbeats.buffer,
    },
    onFault,
  });
}

interface ModelOptions {
  readonly heartbeats: Heartbeats;
  readonly log: Log;
}

/**
 * The configured package: on cpu at once, and in the background on whatever better provider passes its
 * gates. A thread that dies is replaced; after several deaths in a row the fault is reported.
 */
async function openModel(
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

async function openRos(
  config: Config,
  { heartbeats, log }: { readonly heartbeats: Heartbeats; readonly log: Log },
): Promise<RtpsTransport | undefined> {
  const { transport, interfaces, nodeName, namespace } = config.ros;
  if (transport === "off") return undefined;
  const network = rosNetwork(process.env, rosNetworkConfig(config));
  return await openRtpsTransport({
    ...network,
    interfaces,
    workerEntry: workerEntry("ros/rtps-host-worker.js"),
    nodeName,
    namespace,
    heartbeats,
    log,
    reason: rosReason(transport),
  });
}

function rosReason(asked: "auto" | "rtps"): string {
  if (asked === "rtps") return "asked for by ros.transport";
  return process.env["AMENT_PREFIX_PATH"] === undefined
    ? "no ROS 2 environment is sourced"
    : "a ROS 2 environment is sourced, but this version has no rclnodejs host";
}

function rosParts(
  config: Config,
  device: DeviceDescription,
  transport: RosTransport,
  clock: Clock,
): { readonly transport: RosTransport; readonly sink: RosSink } {
  const publications = new RosPublications({
    transport,
    namespace: config.ros.namespace,
    axisNames: device.axes.map((axis) => axis.name),
    frameIds: { base: device.baseFrameId, camera: device.camera.frameId },
    hardwareId: device.id,
    clock,
  });
  const sink: RosSink = {
    jointState: (observation) => {
      publications.jointState(observation);
    },
    prediction: (prediction, lookaheadMs) => {
      publications.prediction(prediction, lookaheadMs);
    },
    diagnostics: (entries) => {
      publications.diagnostics(entries);
    },
    wantsCamera: () => publications.matchedCount("cameraImage") > 0,
    camera: (frame, jpeg) => {
      publications.camera(jpeg, frame.stampMs);
    },
    wantsPredicted: () => publications.matchedCount("predictedImage") > 0,
    predicted: (frame, jpeg) => {
      publications.predictedCamera(jpeg, frame.stampMs);
    },
  };
  return { transport, sink };
}

async function openMount(
  config: Config,
  device: DeviceDescription,
  memory: SharedMemory,
): Promise<ActuationClient> {
  return await openActuation({
    entry: workerEntry("devices/actuation/actuation-worker.js"),
    device,
    driver: { kind: "simulator", setpoint: memory.simSetpoint.buffer },
    telemetry: memory.telemetry,
    setpoints: memory.setpoints,
    preview: memory.preview,
    status: memory.status,
    heartbeats: memory.heartbeats,
    periodMs: 1000 / config.actuation.rateHz,
  });
}

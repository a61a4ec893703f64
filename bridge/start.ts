import process from "node:process";
import { fileURLToPath } from "node:url";
import { openActuation, type ActuationClient } from "../devices/actuation/actuation-client.ts";
import { loadProfile } from "../devices/profiles/load-profile.ts";
import { disableTelemetry } from "../models/engine/telemetry.ts";
import { openInferenceWorker } from "../models/inference/inference-client.ts";
import { RestartingWorldModel } from "../models/inference/restarting-model.ts";
import { rosNetwork } from "../ros/environment.ts";
import { RosPublications } from "../ros/publications.ts";
import { openRtpsTransport, type RtpsTransport } from "../ros/rtps-transport.ts";
import { robotMjcf } from "../sims/description/robot-mjcf.ts";
import { robotSdf } from "../sims/description/robot-sdf.ts";
import { robotUrdf } from "../sims/description/robot-urdf.ts";
import {
  createPosesRow,
  openEmbeddedSimulation,
  type EmbeddedSimulation,
} from "../sims/embedded/embedded-simulation.ts";
import { defaultDynamics } from "../sims/embedded/mount-dynamics.ts";
import { openGazeboSimulation } from "../sims/gazebo/gazebo-simulation.ts";
import { networkSettings } from "../sims/gazebo/transport/network-settings.ts";
import { BridgeService, type RosSink, type ServiceParts } from "./bridge-service.ts";
import type { Config } from "./config.ts";
import type { ControlDesk } from "./control/desk.ts";
import { systemClock, type Clock } from "./contract/clock.ts";
import type { DeviceDescription } from "./contract/device.ts";
import type { BridgeError } from "./contract/errors.ts";
import type { FrameMailbox } from "./contract/frame-mailbox.ts";
import { Heartbeats, Thread } from "./contract/heartbeats.ts";
import { silentLog, type Log } from "./contract/log.ts";
import type { ObservationSource } from "./contract/observation.ts";
import type { RosTransport } from "./contract/ros-transport.ts";
import type { WorldModel } from "./contract/world-model.ts";
import { whenAtRest } from "./core/at-rest.ts";
import { closeAll, openTogether, type Closer } from "./core/lifecycle.ts";
import type { ServiceSnapshot } from "./core/service-status.ts";
import { openFaultLayer, type FaultLayer } from "./fault-layer.ts";
import { openRecorder } from "./recording/open-recorder.ts";
import { checkHorizon } from "./model-checks.ts";
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
  /** For clients inside the process. */
  readonly desk: ControlDesk;
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
  return await openModel(config, loadDevice(config.device.profile), options);
}

async function assemble(config: Config, options: StartOptions, closers: Closer[]): Promise<Bridge> {
  const { log, version, signal } = options;
  const device = loadDevice(config.device.profile);
  // Before anything is opened: a fault that cannot be made is a wrong call.
  const faults = openFaultLayer(config, device);
  const clock = faults?.clock(systemClock()) ?? systemClock();
  const memory = createSharedMemory(config, device);
  memory.heartbeats.beat(Thread.Main, clock.monotonicMs());
  const running: { service?: BridgeService } = {};
  const onSimulatorFault = (error: BridgeError): void => {
    log.error({ text: error.message }, "the simulator has failed");
    running.service?.fault("simulator", error);
  };

  // Workers start side by side: each takes a few hundred ms to load its WebAssembly or library.
  const camera = cameraRate(config);
  const cameraOut = faults?.cameraBefore(memory.camera, closers) ?? memory.camera;
  const [simulation, model, transport] = await openTogether(closers, [
    openSimulation(config, device, { memory, cameraOut, camera, log, onFault: onSimulatorFault }),
    openModel(config, device, { heartbeats: memory.heartbeats, log }),
    openRos(config, { heartbeats: memory.heartbeats, log }),
  ]);
  signal.throwIfAborted();
  checkHorizon(config, model);
  const actuation = await openMount(config, device, memory, faults);
  closers.push(() => actuation[Symbol.asyncDispose]());

  const recorder = await openRecorder(config, { clock, memory, actuation, model, faults, log });
  if (recorder !== undefined) closers.push(() => recorder[Symbol.asyncDispose]());

  const parts: ServiceParts = {
    config,
    version,
    log,
    clock,
    memory,
    actuation,
    model: faults?.model(model) ?? model,
    ...(faults === undefined ? {} : { faults }),
    ...(recorder === undefined ? {} : { recorder }),
    ros: transport === undefined ? undefined : rosParts(config, device, transport, clock),
    simulator: () => simulation.status(),
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
  faults?.plan.begin(clock.monotonicMs());
  logStart(parts, service.url);

  let closing: Promise<void> | undefined;
  return {
    url: service.url,
    device,
    observations: service.observations,
    desk: service.desk,
    failed: new Promise((resolve) => {
      void actuation.exited.then((error) => {
        if (error !== undefined) resolve(error);
      });
    }),
    snapshot: () => service.snapshot(),
    async [Symbol.asyncDispose]() {
      // The device comes to rest while its clients still see it; then everything else goes.
      closing ??= actuation[Symbol.asyncDispose]()
        .then(() => whenAtRest(memory.telemetry, log))
        .then(() => closeAll(closers));
      await closing;
    },
  };
}

export const descriptionFormats = ["urdf", "mjcf", "sdf"] as const;
export type DescriptionFormat = (typeof descriptionFormats)[number];

/**
 * The robot description of a device as text.
 *
 * @param profile name of a shipped profile, or a path to one.
 * @throws BridgeError `device/profile`
 */
export function robotDescription(profile: string, format: DescriptionFormat): string {
  const device = loadDevice(profile);
  return { urdf: robotUrdf, mjcf: robotMjcf, sdf: robotSdf }[format](device);
}

function loadDevice(profile: string): DeviceDescription {
  const isPath = profile.includes("/") || profile.endsWith(".json");
  return loadProfile(isPath ? profile : inPackage(`devices/profiles/${profile}.json`));
}

interface CameraRate {
  /** Frames per 1000 s, in shared memory. */
  readonly shared: Int32Array<SharedArrayBuffer>;
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
  /** What the renderer writes into. */
  readonly cameraOut: FrameMailbox;
  readonly camera: CameraRate;
  readonly log: Log;
  readonly onFault: (error: BridgeError) => void;
}

/** The simulator that runs, whichever it is. */
interface Simulation extends AsyncDisposable {
  status(): ServiceSnapshot["simulator"];
}

async function openSimulation(
  config: Config,
  device: DeviceDescription,
  options: SimulationOptions,
): Promise<Simulation> {
  if (config.sim.backend === "gazebo") return await openGazebo(config, device, options);
  const embedded = await openEmbedded(config, device, options);
  const name = `MuJoCo ${embedded.ready.mujocoVersion}`;
  return {
    status: () => ({ name, ...embedded.stats() }),
    [Symbol.asyncDispose]: () => embedded[Symbol.asyncDispose](),
  };
}

/** A world in a Gazebo server, which must be running and is left running. */
async function openGazebo(
  config: Config,
  device: DeviceDescription,
  { memory, cameraOut, camera, log, onFault }: SimulationOptions,
): Promise<Simulation> {
  const { command, resumeWorld, startTimeoutMs } = config.gazebo;
  const { world, model, jointStateTopic, cameraTopic, trajectoryTopic } = config.gazebo;
  const gazebo = await openGazeboSimulation({
    workerEntry: workerEntry("sims/gazebo/gazebo-worker.js"),
    axisNames: device.axes.map((axis) => axis.name),
    network: networkSettings(config.gazebo, process.env),
    world: {
      world,
      model: model === "" ? device.id : model,
      jointStateTopic,
      cameraTopic,
      trajectoryTopic,
    },
    command,
    resumeWorld,
    startTimeoutMs,
    buffers: {
      simSetpoint: memory.simSetpoint.buffer,
      telemetry: memory.telemetry.buffer,
      camera: cameraOut.buffer,
      cameraRate: camera.shared.buffer,
      heartbeats: memory.heartbeats.buffer,
    },
    log,
    onFault,
  });
  log.info({ world: gazebo.ready.description }, "Gazebo connected");
  return {
    status: () => ({ name: gazebo.ready.description, ...gazebo.stats() }),
    [Symbol.asyncDispose]: () => gazebo[Symbol.asyncDispose](),
  };
}

async function openEmbedded(
  config: Config,
  device: DeviceDescription,
  { memory, cameraOut, camera, onFault }: SimulationOptions,
): Promise<EmbeddedSimulation> {
  const { scene, startPose, payloadKg, seed } = config.sim;
  const poses = createPosesRow(device, scene);
  return await openEmbeddedSimulation({
    workerEntries: {
      physics: workerEntry("sims/embedded/physics-worker.js"),
      render: workerEntry("sims/embedded/render-worker.js"),
    },
    device,
    scene,
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
      scene,
      poses: poses.buffer,
      camera: cameraOut.buffer,
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

/** A thread that dies of a bad run is replaced; after several deaths in a row the fault is reported. */
async function openModel(
  config: Config,
  device: DeviceDescription,
  { heartbeats, log }: ModelOptions,
): Promise<RestartingWorldModel> {
  const { package: folder, engineLibrary } = config.model;
  const worker = {
    entry: workerEntry("models/inference/inference-worker.js"),
    packageFolder: folder === "" ? inPackage("models/embedded") : folder,
    engine: engineLibrary === "" ? {} : { libraryPath: engineLibrary },
    device,
    heartbeats: heartbeats.buffer,
    maxFrameBytes: config.sim.cameraWidthPx * config.sim.cameraHeightPx * 3,
  };
  return await RestartingWorldModel.open({ open: () => openInferenceWorker(worker), log });
}

async function openRos(
  config: Config,
  { heartbeats, log }: { readonly heartbeats: Heartbeats; readonly log: Log },
): Promise<RtpsTransport | undefined> {
  const { transport, domainId, discoveryRange, staticPeers, interfaces, nodeName, namespace } =
    config.ros;
  if (transport === "off") return undefined;
  const network = rosNetwork(process.env, {
    domainId: domainId === -1 ? undefined : domainId,
    discoveryRange: discoveryRange === "" ? undefined : discoveryRange,
    staticPeers: staticPeers.length === 0 ? undefined : staticPeers,
  });
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
  faults: FaultLayer | undefined,
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
    ...(faults === undefined ? {} : { faults: faults.plan.data }),
  });
}

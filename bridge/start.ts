import { disableTelemetry } from "../models/engine/telemetry.ts";
import { BridgeService, type ServiceParts } from "./bridge-service.ts";
import type { Config } from "./config.ts";
import { systemClock } from "./contract/clock.ts";
import type { DeviceDescription } from "./contract/device.ts";
import type { BridgeError } from "./contract/errors.ts";
import { Thread } from "./contract/heartbeats.ts";
import type { Log } from "./contract/log.ts";
import { guardNativeCalls } from "./contract/native-calls.ts";
import type { ObservationSource } from "./contract/observation.ts";
import type { ControlDesk } from "./control/desk.ts";
import { whenAtRest } from "./core/at-rest.ts";
import { closeAll, openTogether, type Closer } from "./core/lifecycle.ts";
import type { ServiceSnapshot } from "./core/service-status.ts";
import { openFaultLayer } from "./fault-layer.ts";
import { checkHorizon } from "./model-checks.ts";
import { openAgents } from "./parts/agents.ts";
import { chooseDriver, loadDevice, openMount } from "./parts/device.ts";
import { openMavlink } from "./parts/mavlink.ts";
import { openModel } from "./parts/model.ts";
import { inPackage } from "./parts/package-files.ts";
import { openRos, rosParts } from "./parts/ros.ts";
import { rosActions } from "./parts/ros-transport.ts";
import { cameraRate, openSimulation, type TargetTruth } from "./parts/simulation.ts";
import { openRecorder } from "./recording/open-recorder.ts";
import { openPairing } from "./parts/security.ts";
import { createSharedMemory } from "./shared-memory.ts";
import { liveSettings } from "./live-settings.ts";
import { logTee } from "./log-tee.ts";
import { logStart } from "./start-log.ts";

export interface StartOptions {
  readonly log: Log;
  readonly version: string;
  readonly signal: AbortSignal;
  /** Changes what `log` shows; without it the level stays. */
  readonly setLogLevel?: (level: string) => void;
}

/** The running service. Disposal brings the device to rest first; it is safe to repeat. */
export interface Bridge extends AsyncDisposable {
  readonly url: string;
  readonly device: DeviceDescription;
  /** The last seconds of what the device did and was told, for whoever runs the service in-process. */
  readonly observations: ObservationSource;
  /** The embedded simulator's own knowledge of its first target; undefined where nothing is simulated. */
  target(): TargetTruth | undefined;
  /** Resolves when a part has died without which the device cannot be kept safe. */
  readonly failed: Promise<BridgeError>;
  /** Takes what can change at run time from another configuration: the package and its providers. */
  reload(next: Config): Promise<void>;
  /** For clients inside the process. */
  readonly desk: ControlDesk;
  snapshot(): ServiceSnapshot;
}

/**
 * Puts the parts together and runs them: simulator → observations → model → predictions → ROS 2 and
 * stream; clients → authority → actuation → driver. How each is opened stands in parts/.
 *
 * @throws BridgeError of whichever part cannot start; what was opened before it is closed.
 */
export async function startBridge(config: Config, options: StartOptions): Promise<Bridge> {
  disableTelemetry();
  guardNativeCalls();
  const closers: Closer[] = [];
  const lastClosers: Closer[] = [];
  try {
    return await assemble(config, options, closers, lastClosers);
  } catch (error) {
    await closeAll(closers);
    await closeAll(lastClosers);
    throw error;
  }
}

/** @param lastClosers for what the others still need while they close. */
async function assemble(
  config: Config,
  options: StartOptions,
  closers: Closer[],
  lastClosers: Closer[],
): Promise<Bridge> {
  const { version, signal, setLogLevel = () => undefined } = options;
  const tee = logTee(options.log);
  const { log } = tee;
  const settings = liveSettings(config);
  const device = loadDevice(config.device.profile);
  const driver = chooseDriver(config, device);
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
  const [simulation, serving, transport] = await openTogether(closers, [
    openSimulation(config, device, {
      driver: driver.name,
      memory,
      cameraOut,
      camera,
      log,
      onFault: onSimulatorFault,
    }),
    openModel(config, device, { heartbeats: memory.heartbeats, log }),
    openRos(config, { driver: driver.name, heartbeats: memory.heartbeats, log }),
  ]);
  signal.throwIfAborted();
  const { model } = serving;
  checkHorizon(config, model.description);
  const actuation = await openMount(config, device, driver, { memory, faults });
  closers.push(() => actuation[Symbol.asyncDispose]());

  const security = await openPairing(config, { clock, log });
  // Whoever is shown out when everything closes is still written down.
  if (security !== undefined) lastClosers.push(() => security[Symbol.asyncDispose]());

  const audit = security?.audit;
  const agents = openAgents({ driver: driver.name, actuation, memory, clock, log, audit });
  if (agents !== undefined) {
    closers.push(() => {
      agents[Symbol.dispose]();
      return Promise.resolve();
    });
  }

  const recorder = await openRecorder(config, { clock, memory, actuation, model, faults, log });
  if (recorder !== undefined) closers.push(() => recorder[Symbol.asyncDispose]());

  const ros = rosParts(config, {
    transport,
    device,
    driver,
    model,
    memory,
    clock,
    tee,
    settings,
    setLogLevel,
    actions: transport === undefined ? undefined : rosActions(transport, { clock, log }),
  });
  if (ros !== undefined) {
    const { robot } = ros;
    if (robot !== undefined) closers.push(() => robot[Symbol.asyncDispose]());
    closers.push(() => ros.inputs[Symbol.asyncDispose]());
    closers.push(() => ros.serviceNode[Symbol.asyncDispose]());
  }

  const parts: ServiceParts = {
    config,
    settings,
    version,
    log,
    clock,
    memory,
    actuation,
    driver: driver.name,
    model,
    ...(agents === undefined ? {} : { agents }),
    ...(faults === undefined ? {} : { faults }),
    ...(recorder === undefined ? {} : { recorder }),
    ros,
    ...(security === undefined ? {} : { security }),
    simulator: () => simulation.status(),
    threads: [...serving.threads, ...simulation.threads],
    setCameraRateHz: (rateHz) => {
      camera.set(rateHz);
    },
    site: {
      page: inPackage("bridge/web"),
      pageScripts: inPackage("dist/bridge/web"),
      clientScripts: inPackage("dist/bridge/client"),
      msgpackScripts: inPackage("node_modules/@msgpack/msgpack/dist.esm"),
      ed25519Scripts: inPackage("node_modules/@noble/ed25519"),
    },
  };
  const service = await BridgeService.open(parts);
  running.service = service;
  closers.push(() => service[Symbol.asyncDispose]());
  ros?.inputs.openCommands(service.desk);
  const mavlink = openMavlink(config, { device, desk: service.desk, memory, clock, log, version });
  if (mavlink !== undefined) closers.push(() => mavlink[Symbol.asyncDispose]());
  await ros?.serviceNode.attach({
    desk: service.desk,
    actuation,
    resetModel: () => model.reset(),
  });
  void serving.gaveUp.then((error) => {
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
    target: () => simulation.target?.(),
    desk: service.desk,
    failed: new Promise((resolve) => {
      void actuation.exited.then((error) => {
        if (error !== undefined) resolve(error);
      });
    }),
    snapshot: () => service.snapshot(),
    reload: (next) => serving.reload(next),
    async [Symbol.asyncDispose]() {
      // The device comes to rest while its clients still see it; then everything else goes.
      closing ??= actuation[Symbol.asyncDispose]()
        .then(() => whenAtRest(memory.telemetry, log))
        .then(() => closeAll(closers))
        .then(() => closeAll(lastClosers));
      await closing;
    },
  };
}

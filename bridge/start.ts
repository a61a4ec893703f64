import process from "node:process";
import { fileURLToPath } from "node:url";
import { openActuation, type ActuationClient } from "../devices/actuation/actuation-client.ts";
import { loadProfile } from "../devices/profiles/load-profile.ts";
import { disableTelemetry } from "../models/engine/telemetry.ts";
import { openInferenceWorker, type InferenceClient } from "../models/inference/inference-client.ts";
import { rosOptions } from "../ros/environment.ts";
import { RosPublications } from "../ros/publications.ts";
import { openRtpsTransport } from "../ros/rtps-transport.ts";
import {
  createPosesRow,
  openEmbeddedSimulation,
  type EmbeddedSimulation,
} from "../sims/embedded/embedded-simulation.ts";
import { defaultDynamics } from "../sims/embedded/mount-dynamics.ts";
import { BridgeService, type RosSink, type ServiceParts } from "./bridge-service.ts";
import type { Config } from "./config.ts";
import { monotonicMs, systemClock, type Clock } from "./contract/clock.ts";
import type { DeviceDescription } from "./contract/device.ts";
import { BridgeError, ErrorCode } from "./contract/errors.ts";
import { Heartbeats, Thread } from "./contract/heartbeats.ts";
import type { Log } from "./contract/log.ts";
import type { RosTransport } from "./contract/ros-transport.ts";
import type { WorldModel } from "./contract/world-model.ts";
import type { ServiceSnapshot } from "./core/service-status.ts";
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
  /** Resolves when a part has died without which the device cannot be kept safe. */
  readonly failed: Promise<BridgeError>;
  snapshot(): ServiceSnapshot;
}

type Closer = () => PromiseLike<void>;

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
  return await openModel(config, loadDevice(config), new Heartbeats());
}

async function assemble(config: Config, options: StartOptions, closers: Closer[]): Promise<Bridge> {
  const { log, version, signal } = options;
  const clock = systemClock();
  const device = loadDevice(config);
  const memory = createSharedMemory(config, device);
  memory.heartbeats.beat(Thread.Main, clock.monotonicMs());
  const faults: [string, BridgeError][] = [];
  const simulatorFault = (error: BridgeError): void => {
    if (service === undefined) faults.push(["simulator", error]);
    else service.fault("simulator", error);
  };
  let service: BridgeService | undefined;

  // Workers start side by side: each takes a few hundred ms to load its WebAssembly or library.
  const camera = cameraRate(config);
  const [simulation, model, transport] = await openTogether(closers, [
    openSimulation(config, device, { memory, camera, onFault: simulatorFault }),
    openModel(config, device, memory.heartbeats),
    openRos(config, device, { heartbeats: memory.heartbeats, log }),
  ]);
  signal.throwIfAborted();
  checkHorizon(config, model);
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
    setCameraRateHz: camera.set,
    site: {
      page: inPackage("bridge/web"),
      pageScripts: inPackage("dist/bridge/web"),
      clientScripts: inPackage("dist/bridge/client"),
      msgpackScripts: inPackage("node_modules/@msgpack/msgpack/dist.esm"),
    },
  };
  service = await BridgeService.open(parts);
  const running = service;
  closers.push(() => running[Symbol.asyncDispose]());
  for (const [part, error] of faults) running.fault(part, error);
  void model.exited.then((error) => {
    if (error !== undefined) running.fault("inference", error);
  });
  logStart(log, running.url, parts);

  let closing: Promise<void> | undefined;
  return {
    url: running.url,
    device,
    failed: new Promise((resolve) => {
      void actuation.exited.then((error) => {
        if (error !== undefined) resolve(error);
      });
    }),
    snapshot: () => running.snapshot(),
    async [Symbol.asyncDispose]() {
      // The device comes to rest while its clients still see it; then everything else goes.
      closing ??= actuation[Symbol.asyncDispose]().then(() => closeAll(closers));
      await closing;
    },
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

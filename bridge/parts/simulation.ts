import process from "node:process";
import {
  createPosesRow,
  openEmbeddedSimulation,
  type EmbeddedSimulation,
} from "../../sims/embedded/embedded-simulation.ts";
import { defaultDynamics } from "../../sims/embedded/mount-dynamics.ts";
import { openGazeboSimulation } from "../../sims/gazebo/gazebo-simulation.ts";
import { sceneGeoms } from "../../sims/embedded/scene.ts";
import { sceneLayout } from "../../sims/embedded/scene-layout.ts";
import {
  trackedBodies,
  TruthField,
  truthWidth,
  writeTruth,
} from "../../sims/embedded/target-truth.ts";
import { networkSettings } from "../../sims/gazebo/transport/network-settings.ts";
import type { Config } from "../config.ts";
import type { DeviceDescription } from "../contract/device.ts";
import type { BridgeError } from "../contract/errors.ts";
import type { FrameMailbox } from "../contract/frame-mailbox.ts";
import { Thread } from "../contract/heartbeats.ts";
import type { SharedRow } from "../contract/shared-row.ts";
import type { Log } from "../contract/log.ts";
import { cameraIntrinsics } from "../core/camera.ts";
import type { ServiceSnapshot } from "../core/service-status.ts";
import type { SharedMemory } from "../shared-memory.ts";
import { workerEntry } from "./package-files.ts";

export interface CameraRate {
  /** Frames per 1000 s, in shared memory. */
  readonly shared: Int32Array<SharedArrayBuffer>;
  set(rateHz: number): void;
}

export function cameraRate(config: Config): CameraRate {
  const shared = new Int32Array(new SharedArrayBuffer(4));
  const set = (rateHz: number): void => {
    Atomics.store(shared, 0, Math.round(rateHz * 1000));
    Atomics.notify(shared, 0);
  };
  set(config.sim.idleCameraRateHz);
  return { shared, set };
}

interface SimulationOptions {
  /** Anything but `simulator` moves something real, and nothing is simulated beside it. */
  readonly driver: string;
  readonly memory: SharedMemory;
  /** What the renderer writes into. */
  readonly cameraOut: FrameMailbox;
  readonly camera: CameraRate;
  readonly log: Log;
  readonly onFault: (error: BridgeError) => void;
}

/** The simulator that runs, whichever it is. */
export interface Simulation extends AsyncDisposable {
  /** Threads that have to beat. */
  readonly threads: readonly Thread[];
  status(): ServiceSnapshot["simulator"];
  /** Left out where the world is not ours to look into. */
  readonly target?: () => TargetTruth | undefined;
}

/** Where the scene's first target is in the picture, exactly: angles as `TruthField` has them. */
export interface TargetTruth {
  /** Monotonic ms. */
  readonly stampMs: number;
  readonly azimuthRad: number;
  readonly elevationRad: number;
  readonly inView: boolean;
}

const simulatorThreads = [Thread.Physics, Thread.Render];

export async function openSimulation(
  config: Config,
  device: DeviceDescription,
  options: SimulationOptions,
): Promise<Simulation> {
  if (options.driver !== "simulator") return noSimulation(`the device is real: ${options.driver}`);
  if (config.observation.source === "ros") return noSimulation("observations come from ROS");
  if (config.sim.backend === "gazebo") return await openGazebo(config, device, options);
  const poses = createPosesRow(device, config.sim.scene);
  const embedded = await openEmbedded(config, device, poses, options);
  const name = `MuJoCo ${embedded.ready.mujocoVersion}`;
  return {
    threads: simulatorThreads,
    status: () => ({ name, ...embedded.stats() }),
    target: () => readTarget(config, device, poses),
    [Symbol.asyncDispose]: () => embedded[Symbol.asyncDispose](),
  };
}

/** The robot is elsewhere. */
const noSimulation = (why: string): Simulation => ({
  threads: [],
  status: () => ({ name: `none: ${why}`, overrunCount: 0, lateMsMax: 0 }),
  [Symbol.asyncDispose]: () => Promise.resolve(),
});

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
    threads: simulatorThreads,
    status: () => ({ name: gazebo.ready.description, ...gazebo.stats() }),
    [Symbol.asyncDispose]: () => gazebo[Symbol.asyncDispose](),
  };
}

/** Out of the snapshot that the renderer draws from. */
function readTarget(
  { sim }: Config,
  device: DeviceDescription,
  poses: SharedRow,
): TargetTruth | undefined {
  const [target] = trackedBodies(sceneGeoms(device, sceneLayout(sim.scene)));
  const row = new Float64Array(poses.width);
  if (target === undefined || !poses.read(row)) return undefined;
  const { cameraWidthPx, cameraHeightPx } = sim;
  const truth = new Float64Array(truthWidth);
  const lens = cameraIntrinsics(cameraWidthPx, cameraHeightPx, device.camera.verticalFovRad);
  writeTruth(row, [target], lens, truth);
  return {
    stampMs: row[0] ?? Number.NaN,
    azimuthRad: truth[TruthField.azimuthRad] ?? Number.NaN,
    elevationRad: truth[TruthField.elevationRad] ?? Number.NaN,
    inView: truth[TruthField.inView] === 1,
  };
}

async function openEmbedded(
  config: Config,
  device: DeviceDescription,
  poses: SharedRow,
  { memory, cameraOut, camera, onFault }: SimulationOptions,
): Promise<EmbeddedSimulation> {
  const { scene, startPose, payloadKg, seed } = config.sim;
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

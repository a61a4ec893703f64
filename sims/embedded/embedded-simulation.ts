import type { DeviceDescription } from "../../bridge/contract/device.ts";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import { SharedRow } from "../../bridge/contract/shared-row.ts";
import { WorkerHost } from "../../bridge/contract/worker-host.ts";
import { defaultDynamics, type MountDynamics } from "./mount-dynamics.ts";
import {
  PhysicsStatsField,
  physicsStatsWidth,
  type Pace,
  type PhysicsCommand,
  type PhysicsEvent,
  type PhysicsReady,
  type PhysicsWorkerData,
} from "./physics-protocol.ts";
import { poseSnapshotWidth, sceneGeoms } from "./scene.ts";
import { sceneLayout, type SceneName } from "./scene-layout.ts";

/** The row of pose snapshots between physics and renderer. */
export function createPosesRow(device: DeviceDescription, scene: SceneName = "targets"): SharedRow {
  return SharedRow.create(poseSnapshotWidth(sceneGeoms(device, sceneLayout(scene)).length));
}

export interface EmbeddedSimulationOptions {
  readonly workerEntries: {
    readonly physics: URL;
    /** Left out: no pictures. */
    readonly render?: URL;
  };
  readonly device: DeviceDescription;
  /** Default `targets`. */
  readonly scene?: SceneName;
  /** Default `paced`. */
  readonly pace?: Pace;
  /** Default `defaultDynamics(device)`. */
  readonly dynamics?: MountDynamics;
  /** Draws the paths of the scene's targets. */
  readonly seed: number;
  /** `home`: deployed, at `device.homeRad`. `stowed`: every axis at 0. */
  readonly startPose?: "home" | "stowed";
  /** Of the contract classes: SharedRow, SampleRing, SharedRow (`createPosesRow`), Heartbeats. */
  readonly buffers: Omit<PhysicsWorkerData["buffers"], "stats">;
  /** `workerData` of the render worker, made by who chose the camera's size and quality. */
  readonly renderWorkerData?: unknown;
  /** A thread died or the state broke. The simulation is of no use any more: dispose it. */
  readonly onFault: (error: BridgeError) => void;
  /** The machine was too slow for real time; `behindMs` were left out. */
  readonly onOverrun?: (behindMs: number) => void;
}

export interface PhysicsStats {
  readonly stepCount: number;
  readonly overrunCount: number;
  readonly lateMsP99: number;
  readonly lateMsMax: number;
}

type PhysicsHost = WorkerHost<PhysicsCommand, PhysicsEvent, PhysicsReady>;
interface PendingAdvance {
  readonly resolve: (stampMs: number) => void;
  readonly reject: (error: BridgeError) => void;
}
type RenderHost = WorkerHost<never, never, unknown>;

/**
 * Starts the physics thread and, if asked, the render thread. Resolves when both run; if one fails,
 * the other is closed.
 *
 * @throws BridgeError `sim/model`, `thread/failed`, `thread/timeout`, or the render worker's own code.
 */
export async function openEmbeddedSimulation(
  options: EmbeddedSimulationOptions,
): Promise<EmbeddedSimulation> {
  const stats = SharedRow.create(physicsStatsWidth);
  const physics = await openPhysics(options, stats);
  try {
    const render = await openRender(options);
    return new EmbeddedSimulation(physics, render, stats, options);
  } catch (error) {
    await physics[Symbol.asyncDispose]();
    throw error;
  }
}

/** Owner of the simulation's threads. */
export class EmbeddedSimulation implements AsyncDisposable {
  readonly ready: PhysicsReady;
  readonly #physics: PhysicsHost;
  readonly #render: RenderHost | undefined;
  readonly #stats: SharedRow;
  readonly #statsRow = new Float64Array(physicsStatsWidth);
  /** Advances that have not been answered. */
  readonly #pending = new Map<number, PendingAdvance>();
  readonly #isLockstep: boolean;
  #lastId = 0;
  #ended: BridgeError | undefined;

  constructor(
    physics: PhysicsHost,
    render: RenderHost | undefined,
    stats: SharedRow,
    options: Pick<EmbeddedSimulationOptions, "onFault" | "pace">,
  ) {
    this.#isLockstep = options.pace === "lockstep";
    this.ready = physics.ready;
    this.#physics = physics;
    this.#render = render;
    this.#stats = stats;
    void render?.exited.then((error) => {
      if (error !== undefined) options.onFault(error);
    });
    physics.onMessage((event) => {
      if (event.kind === "advanced") {
        this.#pending.get(event.id)?.resolve(event.stampMs);
        this.#pending.delete(event.id);
      } else if (event.kind === "fault") {
        this.#rejectAll(new BridgeError(event.code, event.text));
      }
    });
    void physics.exited.then((error) => {
      this.#ended = error ?? new BridgeError(ErrorCode.SimFault, "the simulation was closed");
      this.#rejectAll(this.#ended);
    });
  }

  /**
   * In lockstep: runs `steps` and resolves with the stamp of the newest telemetry, monotonic ms.
   *
   * @throws BridgeError `sim/fault` if it runs at a pace of its own, breaks, or is closed meanwhile.
   */
  async advance(steps: number): Promise<number> {
    if (!this.#isLockstep) {
      throw new BridgeError(ErrorCode.SimFault, "advance needs the pace lockstep");
    }
    if (this.#ended !== undefined) throw this.#ended;
    const id = (this.#lastId += 1);
    const done = new Promise<number>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
    });
    this.#physics.post({ kind: "advance", id, steps });
    return await done;
  }

  #rejectAll(error: BridgeError): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }

  /** At most a second old. */
  stats(): PhysicsStats {
    this.#stats.read(this.#statsRow);
    const at = (field: keyof typeof PhysicsStatsField): number =>
      this.#statsRow[PhysicsStatsField[field]] ?? 0;
    return {
      stepCount: at("stepCount"),
      overrunCount: at("overrunCount"),
      lateMsP99: at("lateMsP99"),
      lateMsMax: at("lateMsMax"),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#render?.[Symbol.asyncDispose]();
    await this.#physics[Symbol.asyncDispose]();
  }
}

async function openPhysics(
  options: EmbeddedSimulationOptions,
  stats: SharedRow,
): Promise<PhysicsHost> {
  const { device } = options;
  const workerData: PhysicsWorkerData = {
    device,
    scene: options.scene ?? "targets",
    pace: options.pace ?? "paced",
    dynamics: options.dynamics ?? defaultDynamics(device),
    seed: options.seed,
    startPosRad: options.startPose === "stowed" ? device.axes.map(() => 0) : device.homeRad,
    buffers: { ...options.buffers, stats: stats.buffer },
  };
  const host: PhysicsHost = await WorkerHost.open({
    name: "physics",
    entry: options.workerEntries.physics,
    workerData,
  });
  host.onMessage((event) => {
    switch (event.kind) {
      case "advanced":
        return;
      case "overrun":
        options.onOverrun?.(event.behindMs);
        return;
      case "fault":
        options.onFault(new BridgeError(event.code, event.text));
        return;
      default:
        event satisfies never;
    }
  });
  void host.exited.then((error) => {
    if (error !== undefined) options.onFault(error);
  });
  return host;
}

async function openRender(options: EmbeddedSimulationOptions): Promise<RenderHost | undefined> {
  const entry = options.workerEntries.render;
  if (entry === undefined) return undefined;
  return await WorkerHost.open({ name: "render", entry, workerData: options.renderWorkerData });
}

import { BridgeError } from "../../bridge/contract/errors.ts";
import type { Log } from "../../bridge/contract/log.ts";
import { SharedRow } from "../../bridge/contract/shared-row.ts";
import { WorkerHost } from "../../bridge/contract/worker-host.ts";
import {
  GazeboStatsField,
  gazeboStatsWidth,
  type GazeboEvent,
  type GazeboReady,
  type GazeboWorkerData,
} from "./gazebo-protocol.ts";

export interface GazeboSimulationOptions extends Omit<GazeboWorkerData, "buffers"> {
  readonly workerEntry: URL;
  readonly buffers: Omit<GazeboWorkerData["buffers"], "stats">;
  readonly log: Log;
  /** The world is of no use, or the thread died. */
  readonly onFault: (error: BridgeError) => void;
}

export interface GazeboStats {
  /** Joint states taken over. */
  readonly stepCount: number;
  /** Times simulated time jumped. */
  readonly overrunCount: number;
  /** From the time a state was true to its arrival. */
  readonly lateMsP99: number;
  readonly lateMsMax: number;
  readonly pictureCount: number;
  readonly realTimeFactor: number;
}

type Host = WorkerHost<never, GazeboEvent, GazeboReady>;

/** Beyond the worker's own wait for the world: its message must have time to arrive. */
const readyMarginMs = 5000;

/**
 * Connects to a Gazebo world in a thread of its own. Resolves when joint states come.
 *
 * @throws BridgeError `sim/transport` when the world is not there, saying what is; `sim/fault` when it
 *   has no physics or not these joints.
 */
export async function openGazeboSimulation(
  options: GazeboSimulationOptions,
): Promise<GazeboSimulation> {
  const { workerEntry, buffers, log, onFault, ...settings } = options;
  const stats = SharedRow.create(gazeboStatsWidth);
  const workerData: GazeboWorkerData = {
    ...settings,
    buffers: { ...buffers, stats: stats.buffer },
  };
  const host: Host = await WorkerHost.open({
    name: "gazebo",
    entry: workerEntry,
    workerData,
    readyTimeoutMs: settings.startTimeoutMs + readyMarginMs,
  });
  host.onMessage((event) => {
    report(event, log, onFault);
  });
  void host.exited.then((error) => {
    if (error !== undefined) onFault(error);
  });
  return new GazeboSimulation(host, stats);
}

/** Owner of the thread that is connected to Gazebo. The world itself goes on without it. */
export class GazeboSimulation implements AsyncDisposable {
  readonly ready: GazeboReady;
  readonly #host: Host;
  readonly #stats: SharedRow;
  readonly #row = new Float64Array(gazeboStatsWidth);

  constructor(host: Host, stats: SharedRow) {
    this.ready = host.ready;
    this.#host = host;
    this.#stats = stats;
  }

  /** At most a second old. */
  stats(): GazeboStats {
    this.#stats.read(this.#row);
    const at = (field: keyof typeof GazeboStatsField): number =>
      this.#row[GazeboStatsField[field]] ?? 0;
    return {
      stepCount: at("stateCount"),
      overrunCount: at("jumpCount"),
      lateMsP99: at("lateMsP99"),
      lateMsMax: at("lateMsMax"),
      pictureCount: at("pictureCount"),
      realTimeFactor: at("realTimeFactor"),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#host[Symbol.asyncDispose]();
  }
}

function report(event: GazeboEvent, log: Log, onFault: (error: BridgeError) => void): void {
  switch (event.kind) {
    case "fault":
      onFault(new BridgeError(event.code, event.text));
      return;
    case "silent":
      log.warn({ silentMs: Math.round(event.silentMs) }, "Gazebo has gone silent");
      return;
    case "heard":
      log.info({}, "Gazebo is heard again");
      return;
    case "paused":
      log.warn({}, "the Gazebo world is paused");
      return;
    case "running":
      log.info({}, "the Gazebo world runs");
      return;
    case "jumped":
      log.warn({ simMs: event.simMs }, "simulated time jumped");
      return;
    case "picture":
      log.warn({ text: event.text }, "a picture of Gazebo cannot be used");
      return;
    default:
      event satisfies never;
  }
}

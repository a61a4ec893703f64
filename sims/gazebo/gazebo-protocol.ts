import type { ErrorCode } from "../../bridge/contract/errors.ts";
import type { CommandForm } from "./joint-commands.ts";
import type { NetworkSettings } from "./transport/network-settings.ts";
import type { GazeboWorldOptions } from "./world-names.ts";

/** What the Gazebo worker gets. Buffers are those of the contract classes named. */
export interface GazeboWorkerData {
  /** Joints of the model in axis order. */
  readonly axisNames: readonly string[];
  readonly network: NetworkSettings;
  readonly world: GazeboWorldOptions;
  readonly command: CommandForm;
  /** Start a world that was found paused. */
  readonly resumeWorld: boolean;
  /** For the first joint states. */
  readonly startTimeoutMs: number;
  readonly buffers: {
    /** SharedRow [stampMs, pos..., vel...]; read. */
    readonly simSetpoint: SharedArrayBuffer;
    /** SampleRing, width 3 * axisCount: pos, vel, effort; written, one row per joint state. */
    readonly telemetry: SharedArrayBuffer;
    /** FrameMailbox; written. */
    readonly camera: SharedArrayBuffer;
    /** Int32: pictures per 1000 s that are wanted. */
    readonly cameraRate: SharedArrayBuffer;
    /** Heartbeats; slots `Thread.Physics` and `Thread.Render` are written. */
    readonly heartbeats: SharedArrayBuffer;
    /** SharedRow of `gazeboStatsWidth`; written. */
    readonly stats: SharedArrayBuffer;
  };
}

export interface GazeboReady {
  /** For people: world, release, partition. */
  readonly description: string;
}

/**
 * - `fault`: the world is of no use as it is; said once until joint states are sound again;
 * - `silent`, `heard`: joint states have stopped coming, or come again;
 * - `paused`, `running`: as the world's statistics say;
 * - `jumped`: simulated time went back, stood still or leapt; stamps were set up anew;
 * - `picture`: pictures come that cannot be used.
 */
export type GazeboEvent =
  | { readonly kind: "fault"; readonly code: ErrorCode; readonly text: string }
  | { readonly kind: "silent"; readonly silentMs: number }
  | { readonly kind: "heard" | "paused" | "running" }
  | { readonly kind: "jumped"; readonly simMs: number }
  | { readonly kind: "picture"; readonly text: string };

/** Order of the stats row, refreshed about once a second. */
export const GazeboStatsField = {
  stateCount: 0,
  jumpCount: 1,
  pictureCount: 2,
  realTimeFactor: 3,
  lateMsP99: 4,
  lateMsMax: 5,
} as const;
export const gazeboStatsWidth = 6;

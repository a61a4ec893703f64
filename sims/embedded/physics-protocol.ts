import type { DeviceDescription } from "../../bridge/contract/device.ts";
import type { ErrorCode } from "../../bridge/contract/errors.ts";
import type { MountDynamics } from "./mount-dynamics.ts";
import type { SceneName } from "./scene-layout.ts";

/**
 * - `paced`: with the clock on the wall.
 * - `lockstep`: stands still until it is told how far to go.
 * - `fast`: as fast as the machine can.
 */
export type Pace = "paced" | "lockstep" | "fast";

/** What the physics worker gets. Buffers are those of the contract classes named. */
export interface PhysicsWorkerData {
  readonly device: DeviceDescription;
  readonly scene: SceneName;
  readonly dynamics: MountDynamics;
  readonly seed: number;
  readonly pace: Pace;
  readonly startPosRad: readonly number[];
  readonly buffers: {
    /** SharedRow [stampMs, pos..., vel...]; read. */
    readonly simSetpoint: SharedArrayBuffer;
    /** SampleRing, width 3 * axisCount: pos, vel, effort; written, one row per step. */
    readonly telemetry: SharedArrayBuffer;
    /** SharedRow as in `scene.ts`; written. */
    readonly poses: SharedArrayBuffer;
    /** Heartbeats; slot `Thread.Physics` is written. */
    readonly heartbeats: SharedArrayBuffer;
    /** SharedRow of `physicsStatsWidth`; written. */
    readonly stats: SharedArrayBuffer;
  };
}

export interface PhysicsReady {
  readonly mujocoVersion: string;
  /** Monotonic ms of simulated time 0. */
  readonly anchorMs: number;
}

/**
 * - `overrun`: the thread fell behind real time; the lost time was left out and it goes on.
 * - `fault`: the state is broken; stepping has stopped.
 * - `advanced`: the answer to `advance`: the stamp of the newest telemetry.
 */
export type PhysicsEvent =
  | { readonly kind: "advanced"; readonly id: number; readonly stampMs: number }
  | { readonly kind: "overrun"; readonly behindMs: number }
  | { readonly kind: "fault"; readonly code: ErrorCode; readonly text: string };

/** Order of the stats row, refreshed about once a second. */
export const PhysicsStatsField = {
  stepCount: 0,
  overrunCount: 1,
  lateMsP99: 2,
  lateMsMax: 3,
} as const;
export const physicsStatsWidth = 4;

/** In lockstep: go on by so many steps. */
export interface PhysicsCommand {
  readonly kind: "advance";
  readonly id: number;
  readonly steps: number;
}

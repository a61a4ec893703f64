import type { Frame } from "./frame.ts";

/** What the robot knew at one instant. Arrays are in the device's axis order, length = axis count. */
export interface Observation {
  /** Monotonic ms at which the joint state was true. */
  stampMs: number;
  readonly jointPosRad: Float64Array;
  readonly jointVelRadPerS: Float64Array;
  readonly jointEffortNm: Float64Array;
  /** Position setpoint that stood at `stampMs`: what the driver had been told, after shaping. */
  readonly commandPosRad: Float64Array;
}

export function makeObservation(axisCount: number): Observation {
  return {
    stampMs: 0,
    jointPosRad: new Float64Array(axisCount),
    jointVelRadPerS: new Float64Array(axisCount),
    jointEffortNm: new Float64Array(axisCount),
    commandPosRad: new Float64Array(axisCount),
  };
}

/**
 * - `ok`: `out` holds the state at the asked time;
 * - `ahead`: that time has not been observed yet, ask again;
 * - `stale`: the newest sample is older than the source allows, or the time has left the history.
 */
export type ObserveOutcome = "ok" | "ahead" | "stale";

/** Where observations come from: simulator, device telemetry, ROS 2 subscriptions, a recording. */
export interface ObservationSource {
  readonly axisNames: readonly string[];
  /** Fills `out` with the state at `timeMs` (interpolated); leaves it alone unless `ok`. // hot path */
  observeAt(timeMs: number, out: Observation): ObserveOutcome;
  /** Newest camera frame not newer than `timeMs`; borrowed until the next call. Undefined if there is none. */
  frameBorrowed(timeMs: number): Frame | undefined;
}

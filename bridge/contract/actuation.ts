import type { DeviceDescription } from "./device.ts";

/**
 * What the authority may ask of the actuation worker. Arrays are in axis order; `null` leaves an
 * axis as it is. Times are monotonic ms, so expiry is judged where the motion is made.
 */
export type ActuationCommand =
  | {
      readonly kind: "velocity";
      readonly commandId: number;
      readonly velRadPerS: readonly (number | null)[];
      /** The device brakes to rest from this moment unless a newer command came. */
      readonly expiresAtMs: number;
    }
  | {
      readonly kind: "position";
      readonly commandId: number;
      readonly posRad: readonly (number | null)[];
      /** 0 < ratio <= 1 of the axis velocity limits. */
      readonly velocityRatio: number;
      /** Undefined: runs to its end, while the authority's check-in lives. */
      readonly expiresAtMs?: number;
    }
  /** `hold`: brake to rest, ready for commands. `estop`: brake to rest and latch until `reset`. */
  | { readonly kind: "stop"; readonly level: "hold" | "estop"; readonly reason: string }
  /** Leaves `latched`. Never moves anything. */
  | { readonly kind: "reset" };

export type MotionResult = "completed" | "interrupted" | "limited" | "expired" | "rejected";

/** What the actuation worker tells. */
export type ActuationEvent =
  | {
      readonly kind: "applied";
      readonly commandId: number;
      /** When the first setpoint of the command went to the driver. */
      readonly atMs: number;
      /** The command after limits, axis order. */
      readonly applied: readonly (number | null)[];
      /** One sentence per clamp, e.g. `yaw velocity 5.00 limited to 2.09 rad/s`. */
      readonly limits: readonly string[];
    }
  | {
      readonly kind: "done";
      readonly commandId: number;
      readonly result: MotionResult;
      readonly reason: string;
    }
  | { readonly kind: "mode"; readonly mode: ActuationMode; readonly reason: string };

/** ISO 13850: `latched` is left by a deliberate reset only, and reset does not move. */
export const ActuationMode = {
  Inactive: 0,
  Active: 1,
  Stopping: 2,
  Latched: 3,
  Fault: 4,
} as const;
export type ActuationMode = (typeof ActuationMode)[keyof typeof ActuationMode];

/** Counters and state the worker keeps in shared memory: read with `SharedRow.read` into an array of this order. */
export const ActuationStatusField = {
  mode: 0,
  tickCount: 1,
  lateMsP99: 2,
  lateMsMax: 3,
  expiredCount: 4,
  limitedCount: 5,
  commandCount: 6,
  stallStopCount: 7,
  lastCommandId: 8,
  moving: 9,
  missedTickCount: 10,
} as const;
export const actuationStatusWidth = 16;

/** The actuation worker as the rest of the service holds it. */
export interface Actuation extends AsyncDisposable {
  readonly device: DeviceDescription;
  send(command: ActuationCommand): void;
  onEvent(listener: (event: ActuationEvent) => void): void;
  /** Fresh status, `actuationStatusWidth` numbers in the order of `ActuationStatusField`. */
  readStatus(out: Float64Array): void;
}

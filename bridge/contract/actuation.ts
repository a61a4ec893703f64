import type { DriverLink } from "./actuator-driver.ts";
import type { AxisLimits, DeviceDescription } from "./device.ts";

/** One point of a trajectory, axis order; `null` leaves an axis as it is, in all points alike. */
export interface TrajectoryPoint {
  /** From the start of the trajectory; strictly rising. */
  readonly timeS: number;
  readonly posRad: readonly (number | null)[];
  /** With velocities the path is cubic, with accelerations too quintic, with neither linear. */
  readonly velRadPerS?: readonly (number | null)[];
  readonly accRadPerS2?: readonly (number | null)[];
}

/** What a command may use of the device's limits at most, 0 < ratio <= 1 each. */
export interface MotionShare {
  readonly velocityRatio: number;
  readonly accelerationRatio: number;
}

/**
 * What the authority may ask of the actuation worker. Arrays are in axis order; `null` leaves an
 * axis as it is. Times are monotonic ms, so expiry is judged where the motion is made. `share` is
 * what the client may use of the limits; left out: all.
 */
export type ActuationCommand =
  | {
      readonly kind: "velocity";
      readonly commandId: number;
      readonly share?: MotionShare;
      readonly velRadPerS: readonly (number | null)[];
      /** The device brakes to rest from this moment unless a newer command came. */
      readonly expiresAtMs: number;
    }
  | {
      readonly kind: "position";
      readonly commandId: number;
      readonly share?: MotionShare;
      readonly posRad: readonly (number | null)[];
      /** 0 < ratio <= 1 of the axis velocity limits. */
      readonly velocityRatio: number;
      /** Undefined: runs to its end, while the authority's check-in lives. */
      readonly expiresAtMs?: number;
    }
  /** A path over time, interpolated as ros2_controllers does and kept within the limits. */
  | {
      readonly kind: "trajectory";
      readonly commandId: number;
      readonly share?: MotionShare;
      readonly points: readonly TrajectoryPoint[];
      /** When `timeS` is 0; in the past: joined where it is by now. */
      readonly startsAtMs: number;
      /** Largest deviation of the measured joint on the way and at the end; left out: not judged. */
      readonly pathToleranceRad?: readonly (number | null)[];
      readonly goalToleranceRad?: readonly (number | null)[];
      readonly expiresAtMs?: number;
    }
  /** A moving point: `posRad` at `atMs`, going on with `velRadPerS` until a newer one comes or it expires. */
  | {
      readonly kind: "follow";
      readonly commandId: number;
      readonly share?: MotionShare;
      readonly posRad: readonly (number | null)[];
      readonly velRadPerS: readonly (number | null)[];
      readonly atMs: number;
      readonly expiresAtMs: number;
    }
  /** `deploy`: out to home. `stow`: the other axes to their stowed places first, then fold. */
  | {
      readonly kind: "deploy" | "stow";
      readonly commandId: number;
      readonly share?: MotionShare;
      readonly velocityRatio: number;
      readonly expiresAtMs?: number;
    }
  /** `inactive`: brake, then let the device go limp where it can. `active`: power it where it stands. */
  | { readonly kind: "mode"; readonly commandId: number; readonly mode: "active" | "inactive" }
  /** `hold`: brake to rest, ready for commands. `estop`: brake to rest and latch until `reset`. */
  | { readonly kind: "stop"; readonly level: "hold" | "estop"; readonly reason: string }
  /** Leaves `latched`. Never moves anything. */
  | { readonly kind: "reset" }
  /**
   * What the device said it allows, axis order: from now on the narrower of this and its description
   * holds. For a device that tells only when it connects. A moving device is braked first.
   */
  | { readonly kind: "limits"; readonly axes: readonly AxisLimits[]; readonly reason: string };

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
  | { readonly kind: "mode"; readonly mode: ActuationMode; readonly reason: string }
  /** The driver's link or the device's own faults changed, and about once a second its counters. */
  | {
      readonly kind: "driver";
      readonly link: DriverLink;
      readonly reason: string;
      readonly counters: Readonly<Record<string, number>>;
    };

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

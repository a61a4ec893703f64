/** A shaped setpoint, device axis order. Velocity is the feed-forward of the position profile. */
export interface Setpoint {
  stampMs: number;
  readonly posRad: Float64Array;
  readonly velRadPerS: Float64Array;
}

export interface Telemetry {
  stampMs: number;
  readonly posRad: Float64Array;
  readonly velRadPerS: Float64Array;
  readonly effortNm: Float64Array;
}

/** State of the way to a device, worst last. `Fault` is the device's own: overheated, overloaded. */
export const DriverLink = { Opening: 0, Up: 1, Lost: 2, Fault: 3 } as const;
export type DriverLink = (typeof DriverLink)[keyof typeof DriverLink];

/** What a driver knows of its link. One object per driver, changed in place; read at every tick. */
export interface DriverHealth {
  readonly link: DriverLink;
  /** Why it is not up, for people; empty while it is. */
  readonly reason: string;
  /** Rises whenever `link` or `reason` changes. */
  readonly revision: number;
  /** Totals since the start by name, e.g. `checksumErrors`; read about once a second. */
  readonly counters: Readonly<Record<string, number>>;
}

/**
 * One protocol to one device, driven from the actuation worker's tick. Calls return at once and
 * allocate nothing; a link that needs time queues inside the driver. Limits, TTL and stopping are
 * decided before a setpoint gets here; the driver clamps to its axes once more as the last line.
 */
export interface ActuatorDriver extends AsyncDisposable {
  readonly name: string;
  readonly axisCount: number;
  readonly health: DriverHealth;
  /** // hot path */
  writeSetpoint(setpoint: Readonly<Setpoint>): void;
  /** Newest telemetry into `out`; false while none has arrived. // hot path */
  readTelemetry(out: Telemetry): boolean;
  /** Tells the device to hold where it is, in its own terms. Safe to repeat. */
  stop(): void;
  /** Drives powered or limp, where the device can: a no-op elsewhere. Safe to repeat. */
  setEnabled(enabled: boolean): void;
}

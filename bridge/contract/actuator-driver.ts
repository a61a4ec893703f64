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

/**
 * One protocol to one device, driven from the actuation worker's tick. Calls return at once and
 * allocate nothing; a link that needs time queues inside the driver. Limits, TTL and stopping are
 * decided before a setpoint gets here; the driver clamps to its axes once more as the last line.
 */
export interface ActuatorDriver extends AsyncDisposable {
  readonly name: string;
  readonly axisCount: number;
  /** // hot path */
  writeSetpoint(setpoint: Readonly<Setpoint>): void;
  /** Newest telemetry into `out`; false while none has arrived. // hot path */
  readTelemetry(out: Telemetry): boolean;
  /** Tells the device to hold where it is, in its own terms. Safe to repeat. */
  stop(): void;
}

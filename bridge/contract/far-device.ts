import { DriverLink } from "./actuator-driver.ts";
import { SampleRing } from "./sample-ring.ts";
import { SharedRow } from "./shared-row.ts";

/**
 * A device at the far end of another thread: the driver in the actuation thread on one side, whoever
 * holds the way to the device on the other (the physics, a phone's socket, ROS). Everything between
 * them lies in shared memory, so neither ever waits.
 */
export interface FarDeviceMemory {
  /** Driver to far end, `farSetpointWidth(axes)`: stamp in ms, positions, velocities. */
  readonly setpoint: SharedRow;
  /** Driver to far end, in the order of `FarOrderField`. */
  readonly order: SharedRow;
  /** Far end to driver: position, velocity, effort (3 * axes). */
  readonly telemetry: SampleRing;
  /** Far end to driver: `FarHealth` writes it. */
  readonly health: SharedRow;
}

/** The same as plain data, for `workerData`. The telemetry ring is the service's own. */
export interface FarDeviceBuffers {
  readonly setpoint: SharedArrayBuffer;
  readonly order: SharedArrayBuffer;
  readonly health: SharedArrayBuffer;
}

/** What a driver tells beside setpoints. */
export const FarOrderField = {
  /** Rises at every `stop()`: the far end makes the device hold, in its own terms. */
  stopCount: 0,
  /** 1 powered, 0 limp, where the device can. */
  isEnabled: 1,
  /** 1 once the driver is gone: hold, and expect nothing more. */
  isClosed: 2,
} as const;
export const farOrderWidth = 3;

const maxReasonLength = 160;
const healthWidth = 2 + maxReasonLength;

export const farSetpointWidth = (axisCount: number): number => 1 + 2 * axisCount;

export function createFarDevice(axisCount: number, telemetry: SampleRing): FarDeviceMemory {
  return {
    setpoint: SharedRow.create(farSetpointWidth(axisCount)),
    order: SharedRow.create(farOrderWidth),
    telemetry,
    health: SharedRow.create(healthWidth),
  };
}

/** The far end's word on its link. Writing what is said already costs nothing. */
export class FarHealth {
  readonly #shared: SharedRow;
  readonly #row = new Float64Array(healthWidth);
  #reason: string | undefined;

  constructor(shared: SharedRow) {
    this.#shared = shared;
  }

  /** @param reason for people, cut at 160 characters; empty while the link is up. */
  set(link: DriverLink, reason = ""): void {
    if (this.#row[0] === link && this.#reason === reason) return;
    this.#reason = reason;
    const length = Math.min(reason.length, maxReasonLength);
    this.#row[0] = link;
    this.#row[1] = length;
    for (let at = 0; at < length; at += 1) this.#row[2 + at] = reason.charCodeAt(at);
    this.#shared.write(this.#row);
  }
}

/** The driver's view of it. */
export class FarHealthReader {
  link: DriverLink = DriverLink.Opening;
  reason = "";
  readonly #shared: SharedRow;
  readonly #row = new Float64Array(healthWidth);
  #version = 0;

  constructor(shared: SharedRow) {
    this.#shared = shared;
  }

  /** True when something new was said; only then is a string made. // hot path */
  refresh(): boolean {
    const { version } = this.#shared;
    if (version === this.#version || !this.#shared.read(this.#row)) return false;
    this.#version = version;
    this.link = (this.#row[0] ?? DriverLink.Opening) as DriverLink;
    const length = this.#row[1] ?? 0;
    this.reason = String.fromCharCode(...this.#row.subarray(2, 2 + length));
    return true;
  }
}

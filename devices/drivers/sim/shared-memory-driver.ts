import {
  DriverLink,
  type ActuatorDriver,
  type Setpoint,
  type Telemetry,
} from "../../../bridge/contract/actuator-driver.ts";
import type { AxisDescription, DeviceDescription } from "../../../bridge/contract/device.ts";
import type { SampleRing } from "../../../bridge/contract/sample-ring.ts";
import type { SharedRow } from "../../../bridge/contract/shared-row.ts";
import { clampSetpoint } from "../clamp-setpoint.ts";
import { LinkHealth } from "../link-health.ts";

export interface SharedMemoryLink {
  readonly device: DeviceDescription;
  /** Width 1 + 2 * axes: stamp in ms, positions, velocities. Read by the physics thread. */
  readonly setpoint: SharedRow;
  /** Width 3 * axes: position, velocity, effort. Written by the physics thread. */
  readonly telemetry: SampleRing;
}

/** The embedded simulator as a device: a mailbox of setpoints one way, a ring of joint states back. */
export class SharedMemoryDriver implements ActuatorDriver {
  readonly name = "simulator";
  readonly health = new LinkHealth(DriverLink.Up);
  readonly axisCount: number;
  readonly #axes: readonly AxisDescription[];
  readonly #setpoint: SharedRow;
  readonly #telemetry: SampleRing;
  readonly #row: Float64Array;
  /** Views of the row. */
  readonly #posRad: Float64Array;
  readonly #velRadPerS: Float64Array;
  readonly #telemetryRow: Float64Array;
  #written = false;
  #disposed = false;

  constructor(link: SharedMemoryLink) {
    const count = link.device.axes.length;
    this.axisCount = count;
    this.#axes = link.device.axes;
    this.#setpoint = link.setpoint;
    this.#telemetry = link.telemetry;
    this.#row = new Float64Array(1 + 2 * count);
    this.#posRad = this.#row.subarray(1, 1 + count);
    this.#velRadPerS = this.#row.subarray(1 + count);
    this.#telemetryRow = new Float64Array(3 * count);
  }

  writeSetpoint(setpoint: Readonly<Setpoint>): void {
    if (this.#disposed) return;
    // What is not finite keeps its last value, and before the first one that is where the joint stands.
    if (!this.#written) this.#startFromTelemetry();
    clampSetpoint(setpoint, this.#axes, this.#posRad, this.#velRadPerS);
    this.#row[0] = setpoint.stampMs;
    this.#setpoint.write(this.#row);
    this.#written = true;
  }

  readTelemetry(out: Telemetry): boolean {
    const stampMs = this.#telemetry.latest(this.#telemetryRow);
    if (Number.isNaN(stampMs)) return false;
    const count = this.axisCount;
    out.stampMs = stampMs;
    for (let index = 0; index < count; index += 1) {
      out.posRad[index] = this.#telemetryRow[index] ?? 0;
      out.velRadPerS[index] = this.#telemetryRow[count + index] ?? 0;
      out.effortNm[index] = this.#telemetryRow[2 * count + index] ?? 0;
    }
    return true;
  }

  /** The joint servos hold the last position they were given; only the feed-forward is taken away. */
  stop(): void {
    if (this.#disposed || !this.#written) return;
    this.#velRadPerS.fill(0);
    this.#setpoint.write(this.#row);
  }

  /** The simulated servos are always powered. */
  setEnabled(): void {
    // Told and forgotten: there is no power to switch.
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    this.#disposed = true;
    return Promise.resolve();
  }

  #startFromTelemetry(): void {
    if (Number.isNaN(this.#telemetry.latest(this.#telemetryRow))) return;
    for (let index = 0; index < this.axisCount; index += 1) {
      this.#posRad[index] = this.#telemetryRow[index] ?? 0;
    }
  }
}

import {
  DriverLink,
  type ActuatorDriver,
  type Setpoint,
  type Telemetry,
} from "../../../bridge/contract/actuator-driver.ts";
import type { AxisDescription, DeviceDescription } from "../../../bridge/contract/device.ts";
import {
  FarHealthReader,
  FarOrderField,
  farOrderWidth,
  farSetpointWidth,
} from "../../../bridge/contract/far-device.ts";
import type { SampleRing } from "../../../bridge/contract/sample-ring.ts";
import type { SharedRow } from "../../../bridge/contract/shared-row.ts";
import { clampSetpoint } from "../clamp-setpoint.ts";
import { LinkHealth } from "../link-health.ts";

export interface SharedMemoryLink {
  /** Names the far end: `simulator`, `agent`, `ros2`. */
  readonly name: string;
  readonly device: DeviceDescription;
  /** Laid out as bridge/contract/far-device.ts says, like the other rows. */
  readonly setpoint: SharedRow;
  /** Width 3 * axes: position, velocity, effort. Written by the far end. */
  readonly telemetry: SampleRing;
  /** Left out where the far end has no use for it: the simulator reads setpoints and no more. */
  readonly order?: SharedRow;
  /** Left out where the link cannot be down without its thread being dead. */
  readonly health?: SharedRow;
}

/** A device another thread holds: a mailbox of setpoints one way, a ring of joint states back. */
export class SharedMemoryDriver implements ActuatorDriver {
  readonly name: string;
  readonly health: LinkHealth;
  readonly axisCount: number;
  readonly #axes: readonly AxisDescription[];
  readonly #setpoint: SharedRow;
  readonly #telemetry: SampleRing;
  readonly #order: SharedRow | undefined;
  readonly #orderRow = new Float64Array(farOrderWidth);
  readonly #farHealth: FarHealthReader | undefined;
  readonly #row: Float64Array;
  /** Views of the row. */
  readonly #posRad: Float64Array;
  readonly #velRadPerS: Float64Array;
  readonly #telemetryRow: Float64Array;
  #written = false;
  #disposed = false;

  constructor(link: SharedMemoryLink) {
    const count = link.device.axes.length;
    this.name = link.name;
    this.axisCount = count;
    this.#axes = link.device.axes;
    this.#setpoint = link.setpoint;
    this.#telemetry = link.telemetry;
    this.#order = link.order;
    this.#orderRow[FarOrderField.isEnabled] = 1;
    this.#farHealth = link.health && new FarHealthReader(link.health);
    this.health =
      link.health === undefined
        ? new LinkHealth(DriverLink.Up)
        : new LinkHealth(DriverLink.Opening, "nothing heard of the device yet");
    this.#row = new Float64Array(farSetpointWidth(count));
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
    this.#refreshHealth();
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

  /** The far end holds the last position it was given; only the feed-forward is taken away. */
  stop(): void {
    if (this.#disposed) return;
    this.#tell(FarOrderField.stopCount, (this.#orderRow[FarOrderField.stopCount] ?? 0) + 1);
    if (!this.#written) return;
    this.#velRadPerS.fill(0);
    this.#setpoint.write(this.#row);
  }

  setEnabled(enabled: boolean): void {
    if (this.#disposed) return;
    const value = enabled ? 1 : 0;
    if (this.#orderRow[FarOrderField.isEnabled] !== value) {
      this.#tell(FarOrderField.isEnabled, value);
    }
    // Limp joints move: what is not finite then stays where they are found, not where they were.
    if (!enabled) this.#written = false;
  }

  [Symbol.asyncDispose](): Promise<void> {
    if (!this.#disposed) {
      this.stop();
      this.#tell(FarOrderField.isClosed, 1);
    }
    this.#disposed = true;
    return Promise.resolve();
  }

  #tell(field: number, value: number): void {
    this.#orderRow[field] = value;
    this.#order?.write(this.#orderRow);
  }

  #refreshHealth(): void {
    const far = this.#farHealth;
    if (far?.refresh() === true) this.health.set(far.link, far.reason);
  }

  #startFromTelemetry(): void {
    if (Number.isNaN(this.#telemetry.latest(this.#telemetryRow))) return;
    for (let index = 0; index < this.axisCount; index += 1) {
      this.#posRad[index] = this.#telemetryRow[index] ?? 0;
    }
  }
}

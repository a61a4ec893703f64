import {
  DriverLink,
  type ActuatorDriver,
  type Setpoint,
  type Telemetry,
} from "../../../bridge/contract/actuator-driver.ts";
import { monotonicMs } from "../../../bridge/contract/clock.ts";
import type { AxisDescription, DeviceDescription } from "../../../bridge/contract/device.ts";
import type { SampleRing } from "../../../bridge/contract/sample-ring.ts";
import { clampSetpoint } from "../clamp-setpoint.ts";
import { LinkHealth } from "../link-health.ts";
import type { LoopbackSettings } from "./loopback-settings.ts";

export interface LoopbackOptions {
  readonly device: DeviceDescription;
  /** Width 3 * axes; this driver is its writer. */
  readonly telemetry: SampleRing;
  /** Time constant of each joint, ms; default 40. 0 follows at once. */
  readonly lagMs?: number;
  readonly monotonicMs?: () => number;
}

export function openLoopbackDriver(
  settings: Partial<LoopbackSettings>,
  device: DeviceDescription,
  telemetry: SampleRing,
): ActuatorDriver {
  return new LoopbackDriver({ device, telemetry, ...settings });
}

/**
 * A device without a device: every joint follows its setpoint with a first-order lag. For benches and
 * for trying the service where there is neither a simulator nor hardware. Efforts are zero.
 */
export class LoopbackDriver implements ActuatorDriver {
  readonly name = "loopback";
  readonly health = new LinkHealth(DriverLink.Up);
  readonly axisCount: number;
  readonly #axes: readonly AxisDescription[];
  readonly #telemetry: SampleRing;
  readonly #lagMs: number;
  readonly #now: () => number;
  readonly #targetRad: Float64Array;
  readonly #targetVel: Float64Array;
  /** Position, velocity, effort: a row of the ring. */
  readonly #row: Float64Array;
  #stampMs = Number.NaN;
  #disposed = false;

  constructor(options: LoopbackOptions) {
    const { device } = options;
    this.axisCount = device.axes.length;
    this.#axes = device.axes;
    this.#telemetry = options.telemetry;
    this.#lagMs = options.lagMs ?? 40;
    this.#now = options.monotonicMs ?? monotonicMs;
    this.#targetRad = Float64Array.from(device.homeRad);
    this.#targetVel = new Float64Array(this.axisCount);
    this.#row = new Float64Array(3 * this.axisCount);
    this.#row.set(this.#targetRad);
  }

  writeSetpoint(setpoint: Readonly<Setpoint>): void {
    if (this.#disposed) return;
    this.#advance();
    clampSetpoint(setpoint, this.#axes, this.#targetRad, this.#targetVel);
  }

  readTelemetry(out: Telemetry): boolean {
    this.#advance();
    const count = this.axisCount;
    out.stampMs = this.#stampMs;
    for (let index = 0; index < count; index += 1) {
      out.posRad[index] = this.#row[index] ?? 0;
      out.velRadPerS[index] = this.#row[count + index] ?? 0;
      out.effortNm[index] = 0;
    }
    return true;
  }

  /** Holds where the joints are now. */
  stop(): void {
    this.#advance();
    for (let index = 0; index < this.axisCount; index += 1) {
      this.#targetRad[index] = this.#row[index] ?? 0;
    }
    this.#targetVel.fill(0);
  }

  /** Nothing goes limp here. */
  setEnabled(): void {
    // Told and forgotten: there is no power to switch.
  }

  [Symbol.asyncDispose](): Promise<void> {
    if (!this.#disposed) this.stop();
    this.#disposed = true;
    return Promise.resolve();
  }

  /** Brings the joints to now, exactly: the lag has a closed solution. */
  #advance(): void {
    const nowMs = this.#now();
    if (nowMs <= this.#stampMs) return;
    const elapsedMs = nowMs - this.#stampMs;
    const moves = !Number.isNaN(elapsedMs);
    const share = this.#lagMs === 0 ? 1 : 1 - Math.exp(-elapsedMs / this.#lagMs);
    for (let index = 0; moves && index < this.axisCount; index += 1) {
      const pos = this.#row[index] ?? 0;
      const step = ((this.#targetRad[index] ?? 0) - pos) * share;
      this.#row[index] = pos + step;
      this.#row[this.axisCount + index] = (step / elapsedMs) * 1000;
    }
    this.#stampMs = nowMs;
    this.#telemetry.push(nowMs, this.#row);
  }
}

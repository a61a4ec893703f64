import type {
  ActuatorDriver,
  DriverHealth,
  Setpoint,
  Telemetry,
} from "../contract/actuator-driver.ts";
import type { InvariantMonitor } from "./invariant-monitor.ts";

/** Shows a monitor everything that crosses the border between controller and driver. */
export class MonitoredDriver implements ActuatorDriver {
  readonly name: string;
  readonly axisCount: number;
  readonly #inner: ActuatorDriver;
  readonly #monitor: InvariantMonitor;
  readonly #now: () => number;

  constructor(inner: ActuatorDriver, monitor: InvariantMonitor, monotonicMs: () => number) {
    this.name = inner.name;
    this.axisCount = inner.axisCount;
    this.#inner = inner;
    this.#monitor = monitor;
    this.#now = monotonicMs;
  }

  get health(): DriverHealth {
    return this.#inner.health;
  }

  writeSetpoint(setpoint: Readonly<Setpoint>): void {
    this.#monitor.setpoint(setpoint, this.#now());
    this.#inner.writeSetpoint(setpoint);
  }

  readTelemetry(out: Telemetry): boolean {
    const arrived = this.#inner.readTelemetry(out);
    if (arrived) this.#monitor.telemetryRead(out, this.#now());
    return arrived;
  }

  stop(): void {
    this.#monitor.deviceStopped();
    this.#inner.stop();
  }

  setEnabled(enabled: boolean): void {
    this.#inner.setEnabled(enabled);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inner[Symbol.asyncDispose]();
  }
}

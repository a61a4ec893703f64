import { ActuationStatusField, actuationStatusWidth } from "../../../bridge/contract/actuation.ts";
import type { ActuationCommand, ActuationEvent } from "../../../bridge/contract/actuation.ts";
import {
  DriverLink,
  type ActuatorDriver,
  type Setpoint,
  type Telemetry,
} from "../../../bridge/contract/actuator-driver.ts";
import type { DeviceDescription } from "../../../bridge/contract/device.ts";
import { Heartbeats, Thread } from "../../../bridge/contract/heartbeats.ts";
import { previewWidth } from "../../../bridge/contract/preview.ts";
import { SampleRing } from "../../../bridge/contract/sample-ring.ts";
import { SharedRow } from "../../../bridge/contract/shared-row.ts";
import { ActuationController } from "../../../devices/actuation/controller.ts";
import { LinkHealth } from "../../../devices/drivers/link-health.ts";
import { TickPacer } from "../../../devices/actuation/tick-pacer.ts";
import { mount } from "../../unit/devices/mount.ts";

const periodMs = 5;

/** A device that is where it is told to be at once, and whose link a test can break. */
class RigDriver implements ActuatorDriver {
  readonly name = "rig";
  readonly axisCount = 4;
  readonly health = new LinkHealth(DriverLink.Up);
  readonly posRad = Float64Array.from(mount.homeRad);
  telemetryStampMs = Number.NaN;
  /** In a loop on the machine's time: samples never cease. */
  stampNow: (() => number) | undefined;
  /** The first axis stands this much below its setpoint, as under a load. */
  sagRad = 0;
  /** Stays where it is, whatever it is told. */
  stuckAxis = -1;
  /** Tells the angle of this axis within half a turn either way. */
  wrapAxis = -1;
  isEnabled = false;
  writeCount = 0;
  stopCount = 0;
  failWith: Error | undefined;
  onFail: () => void = () => undefined;

  writeSetpoint(setpoint: Readonly<Setpoint>): void {
    if (this.failWith !== undefined) {
      const error = this.failWith;
      this.onFail();
      throw error;
    }
    this.writeCount += 1;
    const stuckRad = this.posRad[this.stuckAxis] ?? 0;
    this.posRad.set(setpoint.posRad);
    if (this.stuckAxis >= 0) this.posRad[this.stuckAxis] = stuckRad;
    this.posRad[0] = (this.posRad[0] ?? 0) - this.sagRad;
  }
  readTelemetry(out: Telemetry): boolean {
    if (this.stampNow !== undefined) this.telemetryStampMs = this.stampNow();
    if (Number.isNaN(this.telemetryStampMs)) return false;
    out.stampMs = this.telemetryStampMs;
    out.posRad.set(this.posRad);
    const angle = this.posRad[this.wrapAxis];
    if (angle !== undefined)
      out.posRad[this.wrapAxis] = Math.atan2(Math.sin(angle), Math.cos(angle));
    return true;
  }
  stop(): void {
    this.stopCount += 1;
  }
  setEnabled(enabled: boolean): void {
    this.isEnabled = enabled;
  }
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** The controller with every clock in the test's hand: main beats and telemetry flow until told otherwise. */
export class Rig {
  nowMs = 1000;
  mainBeats = true;
  telemetryFlows = true;
  /** How far the device's clock is ahead. */
  stampAheadMs = 0;
  readonly driver = new RigDriver();
  readonly events: ActuationEvent[] = [];
  readonly heartbeats = new Heartbeats();
  readonly setpoints = SampleRing.create({ capacity: 4096, width: 8 });
  readonly preview = SharedRow.create(previewWidth({ sampleCount: 150, axisCount: 4 }));
  readonly controller: ActuationController;
  readonly #status = SharedRow.create(actuationStatusWidth);
  readonly #pacer = new TickPacer(1000, periodMs);

  constructor(device: DeviceDescription = mount) {
    this.controller = new ActuationController({
      device,
      driver: this.driver,
      heartbeats: this.heartbeats,
      setpoints: this.setpoints,
      preview: this.preview,
      previewSampleCount: 150,
      status: this.#status,
      periodMs,
      emit: (event) => this.events.push(event),
    });
  }

  /** A rig that has run long enough to accept motion. */
  static running(device: DeviceDescription = mount): Rig {
    const rig = new Rig(device);
    rig.run(20);
    rig.events.length = 0;
    return rig;
  }

  run(ms: number, each: () => void = () => undefined): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs;) {
      this.nowMs += periodMs;
      if (this.mainBeats) this.heartbeats.beat(Thread.Main, this.nowMs);
      if (this.telemetryFlows) this.driver.telemetryStampMs = this.nowMs + this.stampAheadMs;
      this.controller.tick(this.#pacer.take(this.nowMs), this.nowMs, this.#pacer);
      each();
    }
  }

  send(command: ActuationCommand): void {
    this.controller.accept(command, this.nowMs);
  }

  velocity(commandId: number, velRadPerS: (number | null)[], ttlMs: number): void {
    this.send({ kind: "velocity", commandId, velRadPerS, expiresAtMs: this.nowMs + ttlMs });
  }

  /** Velocity setpoints last pushed, axis order. */
  get velRadPerS(): number[] {
    const row = new Float64Array(8);
    this.setpoints.latest(row);
    return [...row.subarray(4)];
  }
  get posRad(): number[] {
    const row = new Float64Array(8);
    this.setpoints.latest(row);
    return [...row.subarray(0, 4)];
  }

  status(field: keyof typeof ActuationStatusField): number {
    const row = new Float64Array(actuationStatusWidth);
    this.#status.read(row);
    return row[ActuationStatusField[field]]!;
  }

  done(): string[] {
    return this.events.flatMap((event) =>
      event.kind === "done" ? [`${event.commandId} ${event.result}: ${event.reason}`] : [],
    );
  }
  modes(): string[] {
    return this.events.flatMap((event) =>
      event.kind === "mode" ? [`${event.mode} ${event.reason}`] : [],
    );
  }
}

import {
  actuationStatusWidth,
  type ActuationCommand,
  type ActuationEvent,
} from "../../../bridge/contract/actuation.ts";
import type { Telemetry } from "../../../bridge/contract/actuator-driver.ts";
import type { DeviceDescription } from "../../../bridge/contract/device.ts";
import { Heartbeats, Thread } from "../../../bridge/contract/heartbeats.ts";
import { previewWidth } from "../../../bridge/contract/preview.ts";
import { SampleRing } from "../../../bridge/contract/sample-ring.ts";
import { SharedRow } from "../../../bridge/contract/shared-row.ts";
import { ActuationController } from "../../../devices/actuation/controller.ts";
import { TickPacer } from "../../../devices/actuation/tick-pacer.ts";
import type { DriverRig } from "./driver-rig.ts";

export const tickMs = 5;
const previewSampleCount = 50;

export function makeTelemetry(axisCount: number): Telemetry {
  return {
    stampMs: Number.NaN,
    posRad: new Float64Array(axisCount),
    velRadPerS: new Float64Array(axisCount),
    effortNm: new Float64Array(axisCount),
  };
}

/** Home with one axis `offsetRad` away from it. */
export function poseWith(device: DeviceDescription, axis: number, offsetRad: number): number[] {
  return device.homeRad.map((home, index) => (index === axis ? home + offsetRad : home));
}

/** A step of at most 0.2 rad that stays inside the range on this side of home; 0 where there is no room. */
export function roomFor(device: DeviceDescription, axis: number, direction: 1 | -1): number {
  const { lowerRad, upperRad } = device.axes[axis]!;
  const home = device.homeRad[axis]!;
  const room = direction > 0 ? upperRad - home : home - lowerRad;
  return direction * Math.min(0.2, room / 2);
}

/** The axis that has most room on its upper side and is not held by an interlock: what tests move. */
export function movedAxis({ axes, homeRad, interlock }: DeviceDescription): number {
  const room = axes.map((axis, index) =>
    axis.name === interlock?.axis ? -1 : axis.upperRad - homeRad[index]!,
  );
  return room.indexOf(Math.max(...room));
}

/** The driver under the actuation's own controller, as it runs in the service. */
export class Actuated {
  readonly events: ActuationEvent[] = [];
  readonly rig: DriverRig;
  readonly #heartbeats = new Heartbeats();
  readonly #controller: ActuationController;
  readonly #pacer: TickPacer;
  #nextCommandId = 1;
  isMainAlive = true;

  constructor(rig: DriverRig) {
    const axisCount = rig.device.axes.length;
    this.rig = rig;
    this.#pacer = new TickPacer(rig.nowMs(), tickMs);
    this.#controller = new ActuationController({
      device: rig.device,
      driver: rig.driver,
      heartbeats: this.#heartbeats,
      setpoints: SampleRing.create({ capacity: 256, width: 2 * axisCount }),
      preview: SharedRow.create(previewWidth({ sampleCount: previewSampleCount, axisCount })),
      previewSampleCount,
      status: SharedRow.create(actuationStatusWidth),
      periodMs: tickMs,
      emit: (event) => this.events.push(event),
    });
  }

  get mode(): number {
    return this.#controller.mode;
  }
  get moving(): boolean {
    return this.#controller.moving;
  }

  async run(ms: number): Promise<void> {
    const untilMs = this.rig.nowMs() + ms;
    while (this.rig.nowMs() < untilMs) {
      await this.rig.pass(tickMs);
      this.#tick();
    }
  }

  /** Until `done`, at most `ms`; true when it came. */
  async runUntil(done: () => boolean, ms: number): Promise<boolean> {
    const untilMs = this.rig.nowMs() + ms;
    while (!done() && this.rig.nowMs() < untilMs) await this.run(tickMs);
    return done();
  }

  send(command: ActuationCommand): void {
    if (this.isMainAlive) this.#heartbeats.beat(Thread.Main, this.rig.nowMs());
    this.#controller.accept(command, this.rig.nowMs());
  }

  moveTo(posRad: readonly number[], velocityRatio = 1): number {
    const commandId = this.#nextCommandId++;
    this.send({ kind: "position", commandId, posRad, velocityRatio });
    return commandId;
  }

  /** Starts one axis at a share of its limit, for so long. */
  push(axis: number, ratio: number, ttlMs: number): number {
    const commandId = this.#nextCommandId++;
    const velRadPerS = this.rig.device.axes.map(({ maxVelocityRadPerS }, index) =>
      index === axis ? ratio * maxVelocityRadPerS : null,
    );
    const expiresAtMs = this.rig.nowMs() + ttlMs;
    this.send({ kind: "velocity", commandId, velRadPerS, expiresAtMs });
    return commandId;
  }

  /** How a command ended: `result: reason`; undefined while it runs. */
  ended(commandId: number): string | undefined {
    for (const event of this.events) {
      if (event.kind === "done" && event.commandId === commandId) {
        return event.reason === "" ? event.result : `${event.result}: ${event.reason}`;
      }
    }
    return undefined;
  }

  /** Every reason that was published, of modes and of the link. */
  reasons(): string {
    return this.events
      .flatMap((event) => (event.kind === "applied" ? [] : [event.reason]))
      .filter((reason) => reason !== "")
      .join("\n");
  }

  retire(reason: string): void {
    this.#controller.retire(reason);
  }

  #tick(): void {
    const nowMs = this.rig.nowMs();
    if (this.isMainAlive) this.#heartbeats.beat(Thread.Main, nowMs);
    while (this.#pacer.dueMs <= nowMs) {
      this.#controller.tick(this.#pacer.take(nowMs), nowMs, this.#pacer);
    }
  }
}

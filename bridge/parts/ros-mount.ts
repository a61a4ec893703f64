import { BrakingPlan } from "../../devices/drivers/ros2/braking-plan.ts";
import type { Ros2Settings } from "../../devices/drivers/ros2/ros2-settings.ts";
import { DriverLink } from "../contract/actuator-driver.ts";
import type { DeviceDescription } from "../contract/device.ts";
import type { DiagnosticEntry } from "../contract/diagnostics.ts";
import {
  FarHealth,
  FarOrderField,
  farOrderWidth,
  farSetpointWidth,
  type FarDeviceMemory,
} from "../contract/far-device.ts";
import type { Log } from "../contract/log.ts";
import { previewAt } from "../contract/preview.ts";
import type { SharedRow } from "../contract/shared-row.ts";
import type { MountOutlet } from "./ros-mount-outlets.ts";

export interface RosMountOptions {
  readonly device: DeviceDescription;
  readonly settings: Ros2Settings;
  readonly memory: FarDeviceMemory;
  /** What the actuation will command next (contract/preview.ts): the robot is told of it early. */
  readonly preview: SharedRow;
  readonly outlet: MountOutlet;
  /** False while the node's lifecycle says that it must not act. */
  readonly isActive: () => boolean;
  readonly log: Log;
}

/** The actuation thread writes at every tick; a row older than this means it has stopped doing so. */
const setpointStaleMs = 100;
/** This thread was busy elsewhere for so long: what it says next the robot did not wait for. */
const stallMs = 200;
/**
 * Within this share of the largest error the robot follows its setpoint: sagging joints do. After a
 * fault the actuation goes to where the joints are, and the rest is a small step.
 */
const inStepRatio = 0.5;
/** A fault stands so long that the actuation thread cannot miss it. */
const faultMs = 500;
/** At rest the place is said again a few times, then the robot is left in peace. */
const restRepeats = 3;
const changedRad = 1e-7;
/** Half of what the velocity ahead is measured over. */
const slopeMs = 5;
const previewNoiseRad = 1e-5;

/**
 * A robot on ROS as a device: the far end of the driver `ros2`. Says where to go, each time with its
 * own end to the motion, so that the robot stops by itself when this thread, the process or the
 * network ends; listens for the joints, and is lost when they fall silent. Has no timer: `tick` is
 * called at `settings.rateHz`.
 */
export class RosMount {
  readonly #options: RosMountOptions;
  readonly #health: FarHealth;
  readonly #plan: BrakingPlan;
  readonly #order = new Float64Array(farOrderWidth);
  readonly #setpoint: Float64Array;
  readonly #posRad: Float64Array;
  readonly #velRadPerS: Float64Array;
  readonly #joints: Float64Array;
  readonly #measuredRad: Float64Array;
  /** What was said last, to be quiet when there is nothing new. */
  readonly #saidRad: Float64Array;
  readonly #previewRow: Float64Array;
  readonly #before: Float32Array;
  readonly #after: Float32Array;
  readonly #ahead: { readonly posRad: Float64Array; readonly velRadPerS: Float64Array };
  readonly #leadMs: number;
  /** The robot follows the setpoint, so the next one is a small step for it. */
  #isInStep = false;
  #isMoving = false;
  #restCount = 0;
  #stopCount = 0;
  #tickMs = Number.NaN;
  #fault = "";
  #faultUntilMs = Number.NEGATIVE_INFINITY;
  #sentCount = 0;
  #link: { readonly link: DriverLink; readonly reason: string } = {
    link: DriverLink.Opening,
    reason: "",
  };

  constructor(options: RosMountOptions) {
    const { device, settings, memory } = options;
    const count = device.axes.length;
    this.#options = options;
    this.#health = new FarHealth(memory.health);
    this.#plan = new BrakingPlan(device.axes);
    this.#setpoint = new Float64Array(farSetpointWidth(count));
    this.#posRad = this.#setpoint.subarray(1, 1 + count);
    this.#velRadPerS = this.#setpoint.subarray(1 + count);
    this.#joints = new Float64Array(3 * count);
    this.#measuredRad = this.#joints.subarray(0, count);
    this.#saidRad = new Float64Array(count).fill(Number.NaN);
    this.#previewRow = new Float64Array(options.preview.width);
    this.#before = new Float32Array(count);
    this.#after = new Float32Array(count);
    this.#ahead = { posRad: new Float64Array(count), velRadPerS: new Float64Array(count) };
    this.#leadMs = settings.leadMs === 0 ? 2000 / settings.rateHz : settings.leadMs;
  }

  /** Looks, judges, and says where to go. // hot path */
  tick(nowMs: number): void {
    const gapMs = nowMs - this.#tickMs;
    this.#tickMs = nowMs;
    const stampMs = this.#options.memory.telemetry.latest(this.#joints);
    const isHeard = nowMs - stampMs <= this.#options.settings.silentMs;
    if (this.#isMoving && gapMs > stallMs) {
      this.#fail(`this process was busy for ${Math.round(gapMs)} ms, the robot stopped by itself`);
    }
    const refusal = this.#options.outlet.takeRefusal();
    if (refusal !== undefined) this.#fail(refusal);
    this.#judge(nowMs, stampMs);
    this.#obey(isHeard);
    if (this.#mayLead(isHeard, nowMs)) this.#lead();
  }

  /** Holds the robot and says nothing more. */
  close(): void {
    this.#hold();
    this.#options.outlet.close();
    this.#health.set(DriverLink.Lost, "closed");
  }

  diagnostics(): DiagnosticEntry {
    const { link, reason } = this.#link;
    return {
      name: "kairos_bridge: robot",
      level: link === DriverLink.Up ? "ok" : link === DriverLink.Fault ? "error" : "warn",
      message: link === DriverLink.Up ? "driven" : reason,
      values: {
        interface: this.#options.settings.interface,
        controller: this.#options.settings.controller,
        commands: this.#sentCount,
        in_step: this.#isInStep,
      },
    };
  }

  #judge(nowMs: number, stampMs: number): void {
    const { settings, outlet, isActive } = this.#options;
    const ageMs = nowMs - stampMs;
    if (this.#fault !== "") {
      if (Number.isNaN(this.#faultUntilMs)) this.#faultUntilMs = nowMs + faultMs;
      if (nowMs < this.#faultUntilMs) {
        this.#tell(DriverLink.Fault, this.#fault);
        return;
      }
      this.#fault = "";
    }
    const topic = settings.jointStatesTopic;
    const absence = outlet.absence();
    if (Number.isNaN(stampMs)) {
      this.#tell(DriverLink.Opening, `no joint states on ${topic} yet`);
    } else if (!isActive()) {
      this.#lose("the node is not active");
    } else if (absence !== undefined) {
      this.#lose(absence);
    } else if (ageMs > settings.silentMs) {
      // Still led: the actuation brakes now, and its last words are those that stop the robot.
      this.#tell(DriverLink.Lost, `no joint states on ${topic} for ${settings.silentMs} ms`);
    } else {
      this.#tell(DriverLink.Up, "");
    }
  }

  /** Stops as the driver says, and not a second time for the same word. */
  #obey(isHeard: boolean): void {
    const { order } = this.#options.memory;
    if (!order.read(this.#order)) return;
    const stopCount = this.#order[FarOrderField.stopCount] ?? 0;
    if (stopCount === this.#stopCount) return;
    this.#stopCount = stopCount;
    if (isHeard || this.#isMoving) this.#hold();
  }

  /** Whether the newest setpoint may be said: it is new, and the robot is where it follows. */
  #mayLead(isHeard: boolean, nowMs: number): boolean {
    const { memory, settings } = this.#options;
    if (this.#order[FarOrderField.isClosed] === 1) return false;
    if (this.#fault !== "" || !memory.setpoint.read(this.#setpoint)) return false;
    if (nowMs - (this.#setpoint[0] ?? 0) > setpointStaleMs) {
      // The driver is stopped or its thread is gone: the robot ends its last plan by itself.
      this.#isMoving = false;
      this.#isInStep = false;
      return false;
    }
    const offRad = this.#offRad();
    if (!this.#isInStep && isHeard && this.#link.link === DriverLink.Up) {
      this.#isInStep = offRad <= inStepRatio * settings.maxErrorRad;
    }
    if (this.#isInStep && isHeard && offRad > settings.maxErrorRad) {
      this.#fail(`a joint is ${offRad.toFixed(2)} rad from where it was told`);
      return false;
    }
    return this.#isInStep;
  }

  #lead(): void {
    const isNew = this.#isChanged();
    this.#restCount = isNew ? 0 : this.#restCount + 1;
    this.#isMoving = isNew || this.#restCount < restRepeats;
    if (!this.#isMoving) {
      if (this.#link.link !== DriverLink.Up) this.#isInStep = false;
      return;
    }
    if (isNew) {
      this.#lookAhead();
      this.#plan.lay(this.#ahead, this.#measuredRad, this.#leadMs / 1000);
    } else {
      this.#plan.hold(this.#posRad, this.#measuredRad);
    }
    this.#saidRad.set(this.#posRad);
    this.#sentCount += 1;
    this.#options.outlet.send(this.#plan);
  }

  /** Where the setpoint will be in `leadMs`, by the actuation's own preview. */
  #lookAhead(): void {
    const { posRad, velRadPerS } = this.#ahead;
    posRad.set(this.#posRad);
    velRadPerS.set(this.#velRadPerS);
    if (!this.#options.preview.read(this.#previewRow)) return;
    const atMs = (this.#setpoint[0] ?? 0) + this.#leadMs;
    previewAt(this.#previewRow, atMs - slopeMs, this.#before, 0);
    previewAt(this.#previewRow, atMs + slopeMs, this.#after, 0);
    for (let index = 0; index < posRad.length; index += 1) {
      const before = this.#before[index] ?? 0;
      const after = this.#after[index] ?? 0;
      const middle = (before + after) / 2;
      // The preview is in single precision: at rest the setpoint itself is the better word.
      if (Math.abs(middle - (posRad[index] ?? 0)) < previewNoiseRad) continue;
      posRad[index] = middle;
      velRadPerS[index] = ((after - before) / (2 * slopeMs)) * 1000;
    }
  }

  /** At the setpoint where the robot follows it, else where it stands. */
  #hold(): void {
    if (Number.isNaN(this.#saidRad[0] ?? Number.NaN)) return;
    this.#plan.hold(this.#isInStep ? this.#posRad : this.#measuredRad, this.#measuredRad);
    this.#isMoving = false;
    this.#sentCount += 1;
    this.#options.outlet.stop(this.#plan);
  }

  #fail(reason: string): void {
    this.#fault = reason;
    this.#faultUntilMs = Number.NaN;
    this.#isInStep = false;
    this.#hold();
  }

  #lose(reason: string): void {
    this.#isInStep = false;
    this.#isMoving = false;
    this.#tell(DriverLink.Lost, reason);
  }

  #offRad(): number {
    let off = 0;
    for (let index = 0; index < this.#posRad.length; index += 1) {
      const apart = (this.#posRad[index] ?? 0) - (this.#measuredRad[index] ?? 0);
      off = Math.max(off, Math.abs(apart));
    }
    return off;
  }

  #isChanged(): boolean {
    for (let index = 0; index < this.#posRad.length; index += 1) {
      const apart = (this.#posRad[index] ?? 0) - (this.#saidRad[index] ?? Number.NaN);
      if (!(Math.abs(apart) <= changedRad)) return true;
    }
    return false;
  }

  #tell(link: DriverLink, reason: string): void {
    this.#health.set(link, reason);
    if (this.#link.link === link && this.#link.reason === reason) return;
    this.#link = { link, reason };
    if (link === DriverLink.Up) this.#options.log.info({}, "the robot is driven");
    else this.#options.log.warn({ reason }, "the robot cannot be driven");
  }
}

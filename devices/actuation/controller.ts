import {
  ActuationMode,
  ActuationStatusField,
  actuationStatusWidth,
  type ActuationCommand,
  type ActuationEvent,
  type MotionResult,
} from "../../bridge/contract/actuation.ts";
import type { ActuatorDriver, Setpoint, Telemetry } from "../../bridge/contract/actuator-driver.ts";
import type { AxisLimits, DeviceDescription } from "../../bridge/contract/device.ts";
import { Thread, type Heartbeats } from "../../bridge/contract/heartbeats.ts";
import { previewWidth } from "../../bridge/contract/preview.ts";
import type { SampleRing } from "../../bridge/contract/sample-ring.ts";
import type { SharedRow } from "../../bridge/contract/shared-row.ts";
import { apartRad } from "./axis-range.ts";
import { limitCommand, type MotionCommand } from "./command-limits.ts";
import { CommandTracker } from "./command-tracker.ts";
import { DriverWatch } from "./driver-watch.ts";
import { MountMotion } from "./motion.ts";
import { narrowerDevice } from "./narrower-device.ts";
import type { TickPacer } from "./tick-pacer.ts";

export interface ControllerOptions {
  readonly device: DeviceDescription;
  readonly driver: ActuatorDriver;
  readonly heartbeats: Heartbeats;
  /** Every setpoint made: position, velocity. */
  readonly setpoints: SampleRing;
  /** Laid out as bridge/contract/preview.ts says. */
  readonly preview: SharedRow;
  readonly previewSampleCount: number;
  readonly status: SharedRow;
  readonly periodMs: number;
  readonly emit: (event: ActuationEvent) => void;
}

/** The main thread beats every 100 ms; three missed and whoever sent the commands may be gone. */
const mainStallMs = 300;
/** Without telemetry for this long the device link counts as lost. */
const telemetryLossMs = 500;
export const previewStepMs = 10;
/** A device found this far from its setpoint was moved by something else: the setpoint goes there. */
const movedAwayRad = 0.05;
/** Of several stops at once the gravest says where they lead: ready, limp, latched, or in fault. */
const gravity = {
  [ActuationMode.Active]: 0,
  [ActuationMode.Stopping]: 0,
  [ActuationMode.Inactive]: 1,
  [ActuationMode.Latched]: 2,
  [ActuationMode.Fault]: 3,
} as const;
/** p99 walks a histogram: once a second is enough. */
const p99EveryTicks = 200;

/**
 * Decides what the device is told at each tick: mode, command, watchdogs. Has no clock and no loop,
 * so a test runs it with times of its own.
 *
 * ```
 * inactive --first telemetry--> active --stop, main stalled--> stopping --at rest--> active
 *                                  \--estop--> stopping --at rest--> latched --reset--> active
 *                                   \--telemetry or link lost, device fault--> stopping --at rest--> fault --reset--> active
 * active --mode inactive--> stopping --at rest--> inactive, limp --mode active--> active
 * ```
 * In the words of ROS 2's managed nodes: unconfigured is inactive before the first telemetry, inactive is
 * inactive by command, active is all that moves or brakes, finalized is what `retire` ends in.
 * The setpoint goes to the driver at every tick while active or stopping; latched and in fault the
 * device holds in its own terms.
 */
export class ActuationController {
  readonly #options: ControllerOptions;
  #device: DeviceDescription;
  #motion: MountMotion;
  readonly #tracker: CommandTracker;
  readonly #driverWatch: DriverWatch;
  readonly #telemetry: Telemetry;
  #setpoint: Setpoint;
  readonly #setpointRow: Float64Array;
  readonly #previewRow: Float64Array;
  readonly #statusRow = new Float64Array(actuationStatusWidth);
  readonly #deployIndex: number;
  #mode: ActuationMode = ActuationMode.Inactive;
  /** Where `stopping` leads. */
  #afterStop: ActuationMode = ActuationMode.Active;
  #afterStopReason = "";
  #retired = false;
  /** The braking was told to nobody: where the device stands has nothing to do with the setpoint. */
  #isOutOfTouch = false;
  /** Powered, unless it was told to be inactive. */
  #wantsActive = true;
  /** Limits that wait for the device to come to rest. */
  #narrower: DeviceDescription | undefined;
  #modeCommandId: number | undefined;
  #telemetryFresh = false;
  /** Stamp of the newest sample, and when it came: the device's own clock may be off or stand still. */
  #sampleStampMs = Number.NaN;
  #sampleSeenMs = Number.NaN;
  /** Where the device stood when it was left to hold by itself; NaN if that was not known. */
  readonly #leftAtRad: Float64Array;
  #tickCount = 0;
  #changed = true;

  constructor(options: ControllerOptions) {
    const { device } = options;
    const count = device.axes.length;
    this.#options = options;
    this.#device = device;
    this.#driverWatch = new DriverWatch(options.driver, options.periodMs, options.emit);
    this.#motion = new MountMotion(device, options.periodMs);
    this.#tracker = new CommandTracker(options.emit);
    this.#telemetry = {
      stampMs: 0,
      posRad: new Float64Array(count),
      velRadPerS: new Float64Array(count),
      effortNm: new Float64Array(count),
    };
    // The setpoint shows the motion's own arrays, so a tick copies nothing.
    this.#setpoint = {
      stampMs: 0,
      posRad: this.#motion.posRad,
      velRadPerS: this.#motion.velRadPerS,
    };
    this.#leftAtRad = new Float64Array(count).fill(Number.NaN);
    this.#setpointRow = new Float64Array(2 * count);
    const layout = { sampleCount: options.previewSampleCount, axisCount: count };
    this.#previewRow = new Float64Array(previewWidth(layout));
    this.#deployIndex = device.axes.findIndex((axis) => axis.name === device.interlock?.axis);
  }

  get mode(): ActuationMode {
    return this.#mode;
  }
  get moving(): boolean {
    return this.#motion.moving;
  }

  /** Whatever came from the other thread; only what its type promises moves anything. */
  accept(command: ActuationCommand, nowMs: number): void {
    if (typeof command !== "object" || (command as unknown) === null) {
      this.#reject(undefined, `a command is ${typeof command}, expected an object`);
      return;
    }
    if (this.#retired) {
      if ("commandId" in command) this.#reject(command.commandId, "the actuation is closing");
      return;
    }
    switch (command.kind) {
      case "velocity":
      case "position":
      case "trajectory":
      case "follow":
      case "deploy":
      case "stow":
        this.#acceptMotion(command, nowMs);
        return;
      case "mode":
        this.#acceptMode(command);
        return;
      case "limits":
        this.#acceptLimits(command.axes, command.reason);
        return;
      case "stop":
        this.#acceptStop(command.level, command.reason);
        return;
      case "reset":
        this.#reset();
        return;
      default:
        this.#reject((command as { commandId?: unknown }).commandId, "unknown kind of command");
    }
  }

  /** One period on. `tickMs` is when the tick was due and stamps its setpoint. // hot path */
  tick(tickMs: number, nowMs: number, pacer: TickPacer): void {
    this.#options.heartbeats.beat(Thread.Actuation, nowMs);
    this.#tickCount += 1;
    this.#driverWatch.tick();
    this.#readTelemetry(nowMs);
    if (this.#mode !== ActuationMode.Inactive) {
      this.#watch(nowMs);
      this.#move(tickMs, nowMs);
    }
    this.#writeStatus(pacer);
  }

  /** Brakes to rest and accepts nothing more. For closing, and after an internal error. */
  retire(reason: string): void {
    this.#retired = true;
    // Latched and in fault it rests already, and the device may stand elsewhere than the setpoint.
    if (this.#mode !== ActuationMode.Active && this.#mode !== ActuationMode.Stopping) return;
    this.#beginStop(ActuationMode.Inactive, reason);
  }

  #acceptMotion(command: MotionCommand, nowMs: number): void {
    const { commandId } = command;
    const refusal = this.#refusal(nowMs);
    if (refusal !== undefined) {
      this.#reject(commandId, refusal);
      return;
    }
    const limited = limitCommand(command, this.#device, this.#motion, nowMs);
    if (limited.kind === "rejected") {
      this.#reject(commandId, limited.reason);
      return;
    }
    if (limited.kind === "expired") {
      this.#count(ActuationStatusField.expiredCount, 1);
      this.#finished(commandId, "expired", limited.reason);
      return;
    }
    this.#count(ActuationStatusField.commandCount, 1);
    this.#statusRow[ActuationStatusField.lastCommandId] = commandId;
    if (limited.limits.length > 0) this.#count(ActuationStatusField.limitedCount, 1);
    this.#tracker.begin(commandId, limited);
    this.#motion.setIntent(limited.intent);
    this.#changed = true;
  }

  #refusal(nowMs: number): string | undefined {
    switch (this.#mode) {
      case ActuationMode.Inactive:
        return this.#wantsActive
          ? this.#driverWatch.problem || "the device has sent no telemetry yet"
          : "the device is inactive, expected mode active first";
      case ActuationMode.Stopping:
        return "a stop is under way";
      case ActuationMode.Latched:
        return "latched by an emergency stop, needs a reset";
      case ActuationMode.Fault:
        return "the device is in fault, needs a reset";
      case ActuationMode.Active:
        if (this.#options.heartbeats.ageMs(Thread.Main, nowMs) <= mainStallMs) return undefined;
        // It waited out the stall in a queue: whoever sent it meant another moment.
        return "main-stalled: the command may be stale";
      default:
        return this.#mode satisfies never;
    }
  }

  #acceptStop(level: "hold" | "estop", reason: string): void {
    // A latch must not depend on the device having been seen: nothing runs yet, so it latches at once.
    if (this.#mode === ActuationMode.Inactive) {
      if (level === "estop") this.#wakeInto(ActuationMode.Latched, reason);
      return;
    }
    if (this.#mode === ActuationMode.Active || this.#mode === ActuationMode.Stopping) {
      // What was about to go limp still does: a stop never powers anything.
      if (level === "hold" && !this.#wantsActive) return;
      const then = level === "estop" ? ActuationMode.Latched : ActuationMode.Active;
      this.#beginStop(then, reason);
    } else if (level === "estop") this.#setMode(ActuationMode.Latched, reason);
  }

  #reset(): void {
    const latched = this.#mode === ActuationMode.Latched;
    if (!latched && this.#mode !== ActuationMode.Fault) return;
    if (!this.#telemetryFresh || this.#driverWatch.isDown) return;
    if (this.#isOutOfTouch || this.#movedAway()) this.#motion.reset(this.#telemetry.posRad);
    this.#isOutOfTouch = false;
    this.#setMode(ActuationMode.Active, "reset");
  }

  #acceptMode({ commandId, mode }: Extract<ActuationCommand, { kind: "mode" }>): void {
    const told: string = mode;
    if (told !== "active" && told !== "inactive") {
      this.#reject(commandId, `mode is ${told}, expected active or inactive`);
      return;
    }
    this.#finishMode("interrupted", `command ${commandId} took over`);
    this.#modeCommandId = commandId;
    if (mode === "inactive") this.#deactivate();
    else this.#activate();
  }

  #deactivate(): void {
    if (this.#mode === ActuationMode.Latched || this.#mode === ActuationMode.Fault) {
      this.#finishMode(
        "rejected",
        `the device is ${this.#mode === ActuationMode.Latched ? "latched" : "in fault"}, needs a reset`,
      );
      return;
    }
    this.#wantsActive = false;
    if (this.#mode === ActuationMode.Inactive) {
      this.#options.driver.setEnabled(false);
      this.#finishMode("completed", "inactive");
    } else this.#beginStop(ActuationMode.Inactive, "told to be inactive");
  }

  #activate(): void {
    if (this.#mode === ActuationMode.Latched || this.#mode === ActuationMode.Fault) {
      this.#finishMode("rejected", "latched or in fault, needs a reset");
      return;
    }
    this.#wantsActive = true;
    if (this.#mode === ActuationMode.Active) this.#finishMode("completed", "active");
    if (this.#mode !== ActuationMode.Stopping || this.#afterStop !== ActuationMode.Inactive) return;
    this.#afterStop = ActuationMode.Active;
  }

  #finishMode(result: "completed" | "interrupted" | "rejected", reason: string): void {
    const commandId = this.#modeCommandId;
    this.#modeCommandId = undefined;
    if (commandId !== undefined) this.#finished(commandId, result, reason);
  }

  /** The narrower of what the profile and the device say holds from the next rest on. */
  #acceptLimits(axes: readonly AxisLimits[], reason: string): void {
    const narrower = narrowerDevice(this.#options.device, axes);
    if (narrower === undefined) {
      this.#fail(`limits that fit no device: ${reason}`);
      return;
    }
    this.#narrower = narrower;
    // A command that has not set off yet was judged by the old limits too.
    const isBusy = this.#motion.moving || this.#tracker.isRunning;
    if (this.#mode === ActuationMode.Active && isBusy)
      this.#beginStop(ActuationMode.Active, reason);
    else if (this.#mode !== ActuationMode.Stopping) this.#takeLimits();
  }

  /** Needs a reset before anything moves again; a device not seen yet is in fault once it is. */
  #fail(reason: string): void {
    const isLimp = this.#mode === ActuationMode.Inactive;
    const isHeld = this.#mode === ActuationMode.Latched || this.#mode === ActuationMode.Fault;
    if (isHeld) this.#setMode(ActuationMode.Fault, reason);
    else if (!isLimp) this.#beginStop(ActuationMode.Fault, reason);
    else this.#wakeInto(ActuationMode.Fault, reason);
  }

  /** What a device that is inactive wakes up in. */
  #wakeInto(mode: ActuationMode, reason: string): void {
    if (gravity[mode] <= gravity[this.#afterStop]) return;
    this.#afterStop = mode;
    this.#afterStopReason = reason;
  }

  #takeLimits(): void {
    const narrower = this.#narrower;
    if (narrower === undefined) return;
    this.#narrower = undefined;
    this.#device = narrower;
    const posRad = Float64Array.from(this.#motion.posRad);
    this.#motion = new MountMotion(narrower, this.#options.periodMs);
    this.#motion.reset(posRad);
    const { stampMs } = this.#setpoint;
    const { velRadPerS } = this.#motion;
    this.#setpoint = { stampMs, posRad: this.#motion.posRad, velRadPerS };
    this.#changed = true;
  }

  #beginStop(then: ActuationMode, reason: string): void {
    this.#tracker.finish("interrupted", reason);
    this.#motion.setIntent({ kind: "hold" });
    const isFirst = this.#mode !== ActuationMode.Stopping;
    const graver = isFirst || gravity[then] > gravity[this.#afterStop];
    if (graver || this.#retired) {
      this.#afterStop = then;
      this.#afterStopReason = reason;
    }
    this.#setMode(ActuationMode.Stopping, reason);
  }

  #readTelemetry(nowMs: number): void {
    const telemetry = this.#telemetry;
    const arrived = this.#options.driver.readTelemetry(telemetry);
    if (telemetry.stampMs !== this.#sampleStampMs) {
      this.#sampleStampMs = telemetry.stampMs;
      this.#sampleSeenMs = nowMs;
    }
    // A stamp ahead of our clock would look fresh long after the device fell silent.
    const ageMs = nowMs - Math.min(telemetry.stampMs, this.#sampleSeenMs);
    this.#telemetryFresh = arrived && ageMs < telemetryLossMs && allFinite(telemetry.posRad);
    if (!this.#telemetryFresh) return;
    if (this.#deployIndex >= 0) {
      this.#motion.setMeasuredDeploy(telemetry.posRad[this.#deployIndex] ?? Number.NaN);
    }
    const mayWake = this.#wantsActive && !this.#retired && !this.#driverWatch.isDown;
    if (this.#mode === ActuationMode.Inactive && mayWake) {
      this.#motion.reset(telemetry.posRad);
      this.#options.driver.setEnabled(true);
      const isStopped = this.#afterStop >= ActuationMode.Latched;
      this.#setMode(this.#afterStop, isStopped ? this.#afterStopReason : "first telemetry");
      this.#afterStop = ActuationMode.Active;
    }
  }

  #watch(nowMs: number): void {
    const busy = this.#motion.moving || this.#tracker.isRunning;
    const active = this.#mode === ActuationMode.Active;
    if (active && busy && this.#options.heartbeats.ageMs(Thread.Main, nowMs) > mainStallMs) {
      this.#count(ActuationStatusField.stallStopCount, 1);
      this.#beginStop(ActuationMode.Active, "main-stalled");
    }
    const stoppingToFault =
      this.#mode === ActuationMode.Stopping && this.#afterStop === ActuationMode.Fault;
    if (this.#driverWatch.isDown) this.#isOutOfTouch = true;
    if (this.#mode >= ActuationMode.Latched || stoppingToFault) return;
    if (this.#driverWatch.isDown) {
      this.#beginStop(ActuationMode.Fault, this.#driverWatch.problem);
    } else if (!this.#telemetryFresh) {
      this.#beginStop(ActuationMode.Fault, "telemetry-lost");
    }
  }

  #move(tickMs: number, nowMs: number): void {
    const { driver, setpoints } = this.#options;
    const expiredBefore = this.#motion.expiredCount;
    this.#motion.tick(nowMs);
    // The axes of one command expire together, and count as one.
    if (this.#motion.expiredCount > expiredBefore) {
      this.#count(ActuationStatusField.expiredCount, 1);
      this.#changed = true;
    }
    this.#setpoint.stampMs = tickMs;
    this.#setpointRow.set(this.#motion.posRad);
    this.#setpointRow.set(this.#motion.velRadPerS, this.#motion.posRad.length);
    setpoints.push(tickMs, this.#setpointRow);
    if (this.#mode < ActuationMode.Latched) driver.writeSetpoint(this.#setpoint);
    const off = this.#tracker.afterTick(this.#motion, nowMs, this.#telemetry.posRad);
    if (off !== undefined) this.#beginStop(ActuationMode.Active, off);
    if (this.#mode === ActuationMode.Stopping && !this.#motion.moving) this.#stopped();
    if (this.#changed || this.#tickCount % 2 === 0) this.#writePreview(tickMs);
  }

  #stopped(): void {
    this.#takeLimits();
    if (this.#afterStop !== ActuationMode.Active) {
      this.#options.driver.stop();
      if (this.#telemetryFresh) this.#leftAtRad.set(this.#telemetry.posRad);
      else this.#leftAtRad.fill(Number.NaN);
    }
    if (this.#afterStop === ActuationMode.Inactive && !this.#wantsActive) {
      this.#options.driver.setEnabled(false);
    }
    this.#setMode(this.#afterStop, this.#afterStopReason);
    this.#afterStop = ActuationMode.Active;
  }

  #writePreview(tickMs: number): void {
    const { preview, previewSampleCount } = this.#options;
    this.#motion.preview(tickMs, previewStepMs, previewSampleCount, this.#previewRow);
    preview.write(this.#previewRow);
    this.#changed = false;
  }

  #writeStatus(pacer: TickPacer): void {
    const row = this.#statusRow;
    row[ActuationStatusField.mode] = this.#mode;
    row[ActuationStatusField.tickCount] = this.#tickCount;
    row[ActuationStatusField.lateMsMax] = pacer.lateMsMax;
    row[ActuationStatusField.missedTickCount] = pacer.missedCount;
    row[ActuationStatusField.moving] = this.#motion.moving ? 1 : 0;
    if (this.#tickCount % p99EveryTicks === 0) {
      row[ActuationStatusField.lateMsP99] = pacer.lateMsP99();
    }
    this.#options.status.write(row);
  }

  #setMode(mode: ActuationMode, reason: string): void {
    if (mode === this.#mode) return;
    this.#mode = mode;
    this.#changed = true;
    this.#options.emit({ kind: "mode", mode, reason });
    const isDone = mode === (this.#wantsActive ? ActuationMode.Active : ActuationMode.Inactive);
    if (isDone) this.#finishMode("completed", reason);
    else if (mode >= ActuationMode.Latched) {
      this.#finishMode("interrupted", reason);
      // Nobody waits for it to go limp any more: what follows a reset is a device to be driven.
      this.#wantsActive = true;
    }
  }

  /**
   * Off its setpoint, and not merely sagging under its load as it did when it was left: a setpoint put
   * to a sagging joint would let it sag once more.
   */
  #movedAway(): boolean {
    return this.#telemetry.posRad.some((measured, index) => {
      const axis = this.#device.axes[index];
      const offRad = apartRad(axis, measured, this.#motion.posRad[index] ?? 0);
      const sinceRad = apartRad(axis, measured, this.#leftAtRad[index] ?? Number.NaN);
      return offRad > movedAwayRad && !(sinceRad <= movedAwayRad);
    });
  }

  #count(field: number, by: number): void {
    this.#statusRow[field] = (this.#statusRow[field] ?? 0) + by;
  }

  #reject(commandId: unknown, reason: string): void {
    this.#finished(typeof commandId === "number" ? commandId : -1, "rejected", reason);
  }

  #finished(commandId: number, result: MotionResult, reason: string): void {
    this.#options.emit({ kind: "done", commandId, result, reason });
  }
}

function allFinite(values: Float64Array): boolean {
  for (const value of values) {
    if (!Number.isFinite(value)) return false;
  }
  return true;
}

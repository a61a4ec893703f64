import {
  ActuationMode,
  type ActuationCommand,
  type ActuationEvent,
} from "../contract/actuation.ts";
import type { Setpoint, Telemetry } from "../contract/actuator-driver.ts";
import type { DeviceDescription } from "../contract/device.ts";

/** What must never happen, whatever fails. */
export type Invariant =
  | "setpoint-finite"
  | "position-limit"
  | "velocity-limit"
  | "acceleration-limit"
  | "jerk-limit"
  | "interlock"
  | "jump-after-pause"
  | "moves-past-deadline"
  | "moved-without-lease"
  | "command-repeated"
  | "not-stopped-at-end";

export interface Violation {
  readonly invariant: Invariant;
  readonly atMs: number;
  readonly text: string;
}

/** Waiting times the product promises; stated here a second time, so that both have to be wrong. */
const promises = {
  mainSilentMs: 300,
  telemetrySilentMs: 500,
  checkInSilentMs: 1000,
  /** The desk looks at check-ins this often. */
  deskTickMs: 62.5,
  movedAwayRad: 0.05,
} as const;
const keptViolations = 20;
/** Rounding of sums over a run, relative to a limit. */
const slack = 1e-6;

/**
 * Watches one run from the border between controller and driver, and judges with rules of its own:
 * limits at every tick, and for each axis a time after which it has to be at rest. That time is set
 * by what was accepted, and cut short by every reason to stop.
 */
export class InvariantMonitor {
  readonly violations: Violation[] = [];
  violationCount = 0;
  readonly #device: DeviceDescription;
  readonly #periodS: number;
  readonly #brakeTicks: readonly number[];
  readonly #deployIndex: number;
  /** Per axis: when the last thing that lets it move runs out. */
  readonly #allowedUntilMs: Float64Array;
  /** Per axis: ticks in motion since then. */
  readonly #overdueTicks: Float64Array;
  readonly #pos: Float64Array;
  readonly #vel: Float64Array;
  readonly #acc: Float64Array;
  readonly #read: Telemetry;
  #history: "none" | "position" | "velocity" | "acceleration" = "none";
  #lastWriteTick = -1;
  #tick = 0;
  #lastMainBeatMs = Number.NaN;
  #lastSampleMs = Number.NaN;
  #owner: string | undefined;
  #ownerIsStale = false;
  readonly #lastCheckInMs = new Map<string, number>();
  readonly #lastSequence = new Map<string, number>();
  #accepting: { readonly command: ActuationCommand; isRefused: boolean } | undefined;
  #originMs: number;

  constructor(device: DeviceDescription, periodMs: number, originMs: number) {
    const count = device.axes.length;
    this.#device = device;
    this.#originMs = originMs;
    this.#periodS = periodMs / 1000;
    // From full speed under full acceleration: ramp it down, brake, ramp out. Two ticks of rounding.
    this.#brakeTicks = device.axes.map(
      ({ maxVelocityRadPerS: v, maxAccelerationRadPerS2: a, maxJerkRadPerS3: j }) =>
        Math.ceil((v / a + (2 * a) / j) / this.#periodS) + 2,
    );
    this.#deployIndex = device.axes.findIndex((axis) => axis.name === device.interlock?.axis);
    this.#allowedUntilMs = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
    this.#overdueTicks = new Float64Array(count);
    this.#pos = new Float64Array(count);
    this.#vel = new Float64Array(count);
    this.#acc = new Float64Array(count);
    this.#read = {
      stampMs: Number.NaN,
      posRad: new Float64Array(count),
      velRadPerS: new Float64Array(count),
      effortNm: new Float64Array(count),
    };
  }

  /** Longest braking of any axis, ms. */
  get brakeMs(): number {
    return Math.max(...this.#brakeTicks) * this.#periodS * 1000;
  }

  mainBeat(nowMs: number): void {
    this.#lastMainBeatMs = nowMs;
  }

  /** A session said that it lives. */
  checkedIn(sessionId: string, nowMs: number): void {
    this.#lastCheckInMs.set(sessionId, nowMs);
  }

  /** What everybody was told of the lease. */
  ownerIs(sessionId: string | undefined, isStale: boolean, nowMs: number): void {
    if (sessionId !== this.#owner) this.#cut(nowMs);
    this.#owner = sessionId;
    this.#ownerIsStale = isStale;
  }

  /** A command of `sessionId` was let through to the actuation. */
  forwarded(
    command: ActuationCommand,
    from: { readonly sessionId: string; readonly sequence: number } | undefined,
    nowMs: number,
  ): void {
    if (command.kind !== "velocity" && command.kind !== "position") return;
    if (from === undefined || from.sessionId !== this.#owner || this.#ownerIsStale) {
      this.#violated(
        "moved-without-lease",
        nowMs,
        `a ${command.kind} of ${from?.sessionId ?? "nobody"} was let through, the lease is with ${this.#owner ?? "nobody"}${this.#ownerIsStale ? " (stale)" : ""}`,
      );
      return;
    }
    const last = this.#lastSequence.get(from.sessionId) ?? -1;
    if (from.sequence <= last) {
      this.#violated(
        "command-repeated",
        nowMs,
        `command ${from.sequence} of ${from.sessionId} was let through after ${last}`,
      );
    }
    this.#lastSequence.set(from.sessionId, from.sequence);
  }

  /** The controller is about to take a command; `accepted` follows. */
  accepting(command: ActuationCommand): void {
    this.#accepting = { command, isRefused: false };
  }

  event(event: ActuationEvent, nowMs: number): void {
    if (event.kind === "mode") {
      if (event.mode !== ActuationMode.Active) this.#cut(nowMs);
      // A reset may put the setpoint to where the device is: judged as after a pause.
      else if (event.reason === "reset") this.#lastWriteTick = Number.NEGATIVE_INFINITY;
    }
    const accepting = this.#accepting;
    if (event.kind !== "done" || accepting === undefined) return;
    const isThis =
      "commandId" in accepting.command && accepting.command.commandId === event.commandId;
    if (isThis && event.result !== "interrupted") accepting.isRefused = true;
  }

  accepted(nowMs: number): void {
    const accepting = this.#accepting;
    this.#accepting = undefined;
    if (accepting === undefined || accepting.isRefused) return;
    const { command } = accepting;
    if (command.kind === "stop") this.#cut(nowMs);
    if (command.kind !== "velocity" && command.kind !== "position") return;
    const values = command.kind === "velocity" ? command.velRadPerS : command.posRad;
    const untilMs = command.expiresAtMs ?? Number.POSITIVE_INFINITY;
    values.forEach((value, axis) => {
      if (value !== null) this.#allowedUntilMs[axis] = untilMs;
    });
  }

  /** Called once per tick of the actuation, before it. */
  beginTick(): void {
    this.#tick += 1;
  }

  /** What the controller was given as telemetry. // hot path */
  telemetryRead(sample: Readonly<Telemetry>, nowMs: number): void {
    if (!sample.posRad.every(Number.isFinite)) return;
    if (sample.stampMs !== this.#read.stampMs) this.#lastSampleMs = nowMs;
    this.#read.stampMs = sample.stampMs;
    this.#read.posRad.set(sample.posRad);
  }

  /** What the controller hands to the driver. // hot path */
  setpoint({ posRad, velRadPerS }: Readonly<Setpoint>, nowMs: number): void {
    this.#cutForSilence(nowMs);
    const paused = this.#lastWriteTick !== this.#tick - 1;
    if (paused) this.#checkResume(posRad, velRadPerS, nowMs);
    this.#lastWriteTick = this.#tick;
    for (let axis = 0; axis < posRad.length; axis += 1) {
      this.#checkAxis(axis, posRad[axis] ?? Number.NaN, velRadPerS[axis] ?? Number.NaN, nowMs);
    }
    this.#checkInterlock(nowMs);
    if (this.#history === "velocity") this.#history = "acceleration";
    if (this.#history === "position") this.#history = "velocity";
    if (this.#history === "none") this.#history = "position";
  }

  /** The device was told to hold by itself: the last setpoint is no longer in force. */
  deviceStopped(): void {
    this.#vel.fill(0);
    this.#lastWriteTick = Number.NEGATIVE_INFINITY;
  }

  /** The run is over: everything has to be at rest. */
  ended(jointVelRadPerS: Float64Array | undefined, nowMs: number): void {
    this.#device.axes.forEach(({ name }, axis) => {
      const setpoint = this.#vel[axis] ?? 0;
      if (setpoint !== 0) {
        const text = `${name} setpoint still at ${setpoint.toFixed(4)} rad/s`;
        this.#violated("not-stopped-at-end", nowMs, text);
      }
      const joint = jointVelRadPerS?.[axis] ?? 0;
      if (Math.abs(joint) > 0.1) {
        const text = `${name} joint still at ${joint.toFixed(3)} rad/s`;
        this.#violated("not-stopped-at-end", nowMs, text);
      }
    });
  }

  #checkAxis(index: number, pos: number, vel: number, nowMs: number): void {
    const axis = this.#device.axes[index];
    if (axis === undefined) return;
    const { name, lowerRad, upperRad } = axis;
    if (!Number.isFinite(pos) || !Number.isFinite(vel)) {
      this.#violated("setpoint-finite", nowMs, `${name} setpoint is ${pos} rad, ${vel} rad/s`);
      return;
    }
    if (pos < lowerRad - 1e-9 || pos > upperRad + 1e-9) {
      const text = `${name} at ${pos} rad, range ${lowerRad} ... ${upperRad}`;
      // Where it was found outside its range, it may stand; a resume is judged by itself.
      if (this.#history !== "none") this.#outside(index, pos, text, nowMs);
    }
    const stepSpeed = Math.abs(pos - (this.#pos[index] ?? 0)) / this.#periodS;
    const speed = this.#history === "none" ? Math.abs(vel) : Math.max(stepSpeed, Math.abs(vel));
    this.#atMost("velocity-limit", speed, axis.maxVelocityRadPerS, name, nowMs);
    const acc = (vel - (this.#vel[index] ?? 0)) / this.#periodS;
    if (this.#history !== "none") {
      this.#atMost("acceleration-limit", Math.abs(acc), axis.maxAccelerationRadPerS2, name, nowMs);
    }
    if (this.#history === "velocity" || this.#history === "acceleration") {
      const jerk = Math.abs(acc - (this.#acc[index] ?? 0)) / this.#periodS;
      this.#atMost("jerk-limit", jerk, axis.maxJerkRadPerS3, name, nowMs);
    }
    this.#pos[index] = pos;
    this.#vel[index] = vel;
    this.#acc[index] = this.#history === "none" ? 0 : acc;
    this.#checkDeadline(index, vel, nowMs);
  }

  /** Found outside its range, an axis may come back, but not go further out. */
  #outside(index: number, pos: number, text: string, nowMs: number): void {
    const axis = this.#device.axes[index];
    const before = this.#pos[index] ?? 0;
    if (axis === undefined) return;
    const beyond = Math.max(axis.lowerRad - pos, pos - axis.upperRad);
    const beyondBefore = Math.max(axis.lowerRad - before, before - axis.upperRad);
    if (beyond > beyondBefore + 1e-9) this.#violated("position-limit", nowMs, text);
  }

  #checkDeadline(index: number, vel: number, nowMs: number): void {
    const overdue = nowMs > (this.#allowedUntilMs[index] ?? 0) && vel !== 0;
    this.#overdueTicks[index] = overdue ? (this.#overdueTicks[index] ?? 0) + 1 : 0;
    if (this.#overdueTicks[index] !== (this.#brakeTicks[index] ?? 0) + 1) return;
    const lateMs = nowMs - (this.#allowedUntilMs[index] ?? 0);
    const name = this.#device.axes[index]?.name ?? "";
    this.#violated(
      "moves-past-deadline",
      nowMs,
      `${name} still at ${vel.toFixed(3)} rad/s ${lateMs.toFixed(0)} ms after it had to stop`,
    );
  }

  #checkInterlock(nowMs: number): void {
    const ready = this.#device.interlock?.readyRad;
    if (ready === undefined || (this.#pos[this.#deployIndex] ?? 0) >= ready - 1e-6) return;
    const moving = this.#device.axes.find(
      (_, axis) => axis !== this.#deployIndex && this.#vel[axis] !== 0,
    );
    if (moving === undefined) return;
    const deployRad = this.#pos[this.#deployIndex] ?? 0;
    const text = `${moving.name} moves with deploy at ${deployRad.toFixed(4)} rad, ready at ${ready}`;
    this.#violated("interlock", nowMs, text);
  }

  /** The first setpoint after a pause: from rest, and where the device is or was told to be. */
  #checkResume(posRad: Float64Array, velRadPerS: Float64Array, nowMs: number): void {
    const isFirst = this.#history === "none";
    this.#device.axes.forEach(({ name, maxJerkRadPerS3 }, axis) => {
      const pos = posRad[axis] ?? Number.NaN;
      // A command taken in the same tick may have made its first step from rest.
      const firstSpeed = 0.5 * maxJerkRadPerS3 * this.#periodS ** 2 * (1 + slack);
      const firstStepRad = firstSpeed * this.#periodS;
      const jumpRad = Math.abs(pos - (this.#read.posRad[axis] ?? Number.NaN));
      const isThere = jumpRad <= promises.movedAwayRad + firstStepRad;
      const isSame = !isFirst && Math.abs(pos - (this.#pos[axis] ?? 0)) <= firstStepRad;
      if ((isThere || isSame) && Math.abs(velRadPerS[axis] ?? 0) <= firstSpeed) return;
      const text = `${name} goes on at ${pos.toFixed(3)} rad, ${jumpRad.toFixed(3)} rad from where it was measured`;
      this.#violated("jump-after-pause", nowMs, text);
    });
    this.#history = "none";
  }

  #cutForSilence(nowMs: number): void {
    const { mainSilentMs, telemetrySilentMs, checkInSilentMs, deskTickMs } = promises;
    if (nowMs - this.#lastMainBeatMs > mainSilentMs) this.#cut(this.#lastMainBeatMs + mainSilentMs);
    if (nowMs - this.#lastSampleMs > telemetrySilentMs) {
      this.#cut(this.#lastSampleMs + telemetrySilentMs);
    }
    if (this.#owner === undefined) return;
    const checkInMs = this.#lastCheckInMs.get(this.#owner) ?? Number.NaN;
    const limitMs = checkInSilentMs + deskTickMs;
    if (nowMs - checkInMs > limitMs) this.#cut(checkInMs + limitMs);
  }

  /** Whatever was allowed ends now. */
  #cut(nowMs: number): void {
    for (let axis = 0; axis < this.#allowedUntilMs.length; axis += 1) {
      this.#allowedUntilMs[axis] = Math.min(this.#allowedUntilMs[axis] ?? nowMs, nowMs);
    }
  }

  #atMost(invariant: Invariant, found: number, limit: number, axis: string, nowMs: number): void {
    if (found <= limit * (1 + slack) + slack) return;
    this.#violated(invariant, nowMs, `${axis} at ${found.toFixed(5)}, limit ${limit}`);
  }

  #violated(invariant: Invariant, nowMs: number, text: string): void {
    this.violationCount += 1;
    if (this.violations.length >= keptViolations) return;
    this.violations.push({ invariant, atMs: nowMs - this.#originMs, text });
  }
}

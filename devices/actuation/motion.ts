import type { MotionShare } from "../../bridge/contract/actuation.ts";
import type { DeviceDescription } from "../../bridge/contract/device.ts";
import { previewHeaderWidth } from "../../bridge/contract/preview.ts";
import { axisRange, nearestTurn, sharedLimits } from "./axis-range.ts";
import type { AxisPath, AxisState, DevicePath } from "./path.ts";
import { AxisShaper } from "./shaper.ts";

/**
 * What is wanted of the axes, axis order. `null` leaves an axis to what it was told before. `share` is what
 * may be used of the limits; left out: all.
 */
export type MotionIntent = (
  | { readonly kind: "hold" }
  | {
      readonly kind: "velocity";
      readonly velRadPerS: readonly (number | null)[];
      readonly expiresAtMs: number;
    }
  | {
      readonly kind: "position";
      readonly posRad: readonly (number | null)[];
      readonly velocityRatio: number;
      readonly expiresAtMs?: number;
    }
  /** A point that moves on with its velocity from where it was at `atMs`. */
  | {
      readonly kind: "point";
      readonly posRad: readonly (number | null)[];
      readonly velRadPerS: readonly (number | null)[];
      readonly atMs: number;
      readonly expiresAtMs: number;
    }
  | { readonly kind: "path"; readonly path: DevicePath; readonly expiresAtMs?: number }
) & { readonly share?: MotionShare };

/** From `Point` on an axis follows a reference at every tick. */
const Want = { Hold: 0, Velocity: 1, Position: 2, Point: 3, Path: 4 } as const;

/** Setpoints this close to the ready angle count as there: they come from arithmetic, not from a sensor. */
const readySlackRad = 1e-9;
/** A measured deploy angle may sag this far under load before the interlock calls it not ready. */
const measuredSlackRad = 0.05;

/**
 * The motion of a whole device, pure and without a clock: intents in, one shaped setpoint per axis
 * and tick out. Judges expiry, soft limits and the deploy interlock. The actuation worker runs it in
 * real time; the training data is made with the same class.
 *
 * Interlock: another axis sets off only while the deploy axis is, and would stop, at or beyond its
 * ready angle; and while another axis moves, the deploy axis stays there. So a command for all axes
 * deploys first and then turns, or re-centres first and then folds.
 *
 * Axes that set off for positions in the same tick arrive together.
 */
export class MountMotion {
  /** Setpoint of the last tick. Borrowed: overwritten by the next one. */
  readonly posRad: Float64Array;
  readonly velRadPerS: Float64Array;
  readonly periodMs: number;
  readonly device: DeviceDescription;
  readonly #axes: readonly AxisShaper[];
  /** Where commands may take each axis. In arrays, because a number read from an object may be boxed. */
  readonly #lowerRad: Float64Array;
  readonly #upperRad: Float64Array;
  readonly #deployIndex: number;
  readonly #readyRad: number;
  readonly #want: Uint8Array;
  /** Goal position or velocity, as wanted. */
  readonly #value: Float64Array;
  readonly #speed: Float64Array;
  readonly #expiresAtMs: Float64Array;
  /** Velocity and time of a moving point. */
  readonly #rate: Float64Array;
  readonly #atMs: Float64Array;
  readonly #paths: (AxisPath | undefined)[];
  /** Axes that follow at this tick; that were told a position in it. */
  readonly #follows: Uint8Array;
  readonly #setsOff: Uint8Array;
  /** What each shaper shall do at this tick. Speed 0 is a stop. */
  readonly #goalPosRad: Float64Array;
  readonly #goalSpeed: Float64Array;
  /** What each shaper was last told, so that it is told again only when that changes. */
  readonly #toldPosRad: Float64Array;
  readonly #toldSpeed: Float64Array;
  /** Time of the tick. In an array, because a number handed to a call may be boxed. */
  readonly #nowMs = new Float64Array(1);
  readonly #beforeMs = new Float64Array(1);
  readonly #heldByInterlock: Uint8Array;
  #measuredDeployRad = Number.NaN;
  readonly #hasExpired: Uint8Array;
  #expiredCount = 0;
  #scratch: MountMotion | undefined;

  constructor(device: DeviceDescription, periodMs = 5) {
    const count = device.axes.length;
    this.device = device;
    this.periodMs = periodMs;
    this.#lowerRad = Float64Array.from(device.axes, (axis) => axisRange(axis).lowerRad);
    this.#upperRad = Float64Array.from(device.axes, (axis) => axisRange(axis).upperRad);
    this.#axes = device.axes.map(
      (axis) => new AxisShaper(sharedLimits(axis), periodMs, axisRange(axis)),
    );
    this.#deployIndex = device.axes.findIndex((axis) => axis.name === device.interlock?.axis);
    this.#readyRad = device.interlock?.readyRad ?? 0;
    this.posRad = new Float64Array(count);
    this.velRadPerS = new Float64Array(count);
    this.#want = new Uint8Array(count);
    this.#value = new Float64Array(count);
    this.#speed = new Float64Array(count);
    this.#expiresAtMs = new Float64Array(count);
    this.#rate = new Float64Array(count);
    this.#atMs = new Float64Array(count);
    this.#paths = device.axes.map(() => undefined);
    this.#follows = new Uint8Array(count);
    this.#setsOff = new Uint8Array(count);
    this.#goalPosRad = new Float64Array(count);
    this.#goalSpeed = new Float64Array(count);
    this.#toldPosRad = new Float64Array(count);
    this.#toldSpeed = new Float64Array(count);
    this.#heldByInterlock = new Uint8Array(count);
    this.#hasExpired = new Uint8Array(count);
    this.reset(Float64Array.from(device.homeRad));
  }

  /** At rest at `posRad`, wanting nothing. Where a device was found; nothing jumps from here. */
  reset(posRad: Float64Array): void {
    this.#axes.forEach((axis, index) => {
      axis.reset(posRad[index] ?? 0);
    });
    this.#goalSpeed.fill(0);
    this.#toldSpeed.fill(0);
    this.#want.fill(Want.Hold);
    this.#heldByInterlock.fill(0);
    this.#hasExpired.fill(0);
    this.posRad.set(posRad);
    this.velRadPerS.fill(0);
  }

  /** Takes effect at the next tick. Numbers are clamped to the axis limits; NaN is the caller's mistake. */
  setIntent(intent: MotionIntent): void {
    for (let index = 0; index < this.#axes.length; index += 1) {
      switch (intent.kind) {
        case "hold":
          this.#want[index] = Want.Hold;
          break;
        case "velocity":
          this.#wantVelocity(index, intent);
          break;
        case "position":
          this.#wantPosition(index, intent);
          break;
        case "point":
          this.#wantPoint(index, intent);
          break;
        case "path":
          this.#wantPath(index, intent);
          break;
        default:
          intent satisfies never;
      }
    }
  }

  /** The deploy angle the device reports: the interlock wants it ready too. Not asked: setpoint alone. */
  setMeasuredDeploy(posRad: number): void {
    this.#measuredDeployRad = posRad;
  }

  /** One period on. `nowMs` judges expiry; the setpoint it makes belongs to `nowMs`. // hot path */
  tick(nowMs: number): void {
    this.#nowMs[0] = nowMs;
    this.#advance();
  }

  #advance(): void {
    const unlocked = this.#unlocked();
    const othersBusy = this.#othersBusy(unlocked);
    for (let index = 0; index < this.#axes.length; index += 1) {
      const axis = this.#axes[index];
      if (axis === undefined) continue;
      this.#expire(index);
      this.#aim(index, axis, unlocked, othersBusy);
      this.#tell(index, axis);
    }
    this.#arriveTogether();
    for (let index = 0; index < this.#axes.length; index += 1) {
      const axis = this.#axes[index];
      if (axis === undefined) continue;
      axis.step();
      this.posRad[index] = axis.posRad;
      this.velRadPerS[index] = axis.velRadPerS;
    }
  }

  /** The slowest of the axes that set off for a position decides when all of them are there. */
  #arriveTogether(): void {
    let longestS = 0;
    let count = 0;
    for (let index = 0; index < this.#axes.length; index += 1) {
      if (this.#setsOff[index] === 0) continue;
      count += 1;
      longestS = Math.max(longestS, this.#axes[index]?.durationS ?? 0);
    }
    for (let index = 0; index < this.#axes.length; index += 1) {
      if (this.#setsOff[index] === 1 && count > 1) {
        const [goal, speed] = [this.#toldPosRad[index] ?? 0, this.#toldSpeed[index] ?? 0];
        this.#axes[index]?.setArrival(goal, speed, longestS);
      }
      this.#setsOff[index] = 0;
    }
  }

  /** Any axis not at rest. // hot path */
  get moving(): boolean {
    for (const axis of this.#axes) {
      if (axis.moving) return true;
    }
    return false;
  }

  /** Whether an axis does what it was told last: holds, runs, or has arrived. // hot path */
  isSettled(index: number): boolean {
    const axis = this.#axes[index];
    if (axis === undefined || axis.moving) return false;
    const want = this.#want[index] ?? Want.Hold;
    if (want >= Want.Point) return false;
    return want !== Want.Position || axis.posRad === this.#value[index];
  }

  /** What an axis does now, as a path takes it up. */
  stateOf(index: number): AxisState {
    const axis = this.#axes[index];
    return {
      posRad: axis?.posRad ?? 0,
      velRadPerS: axis?.velRadPerS ?? 0,
      accRadPerS2: axis?.accRadPerS2 ?? 0,
    };
  }

  /** Whether the interlock keeps an axis from what it was told. */
  isHeldByInterlock(index: number): boolean {
    return this.#heldByInterlock[index] === 1;
  }

  /** Whether the last intent of an axis ran out before it was met. */
  hasExpired(index: number): boolean {
    return this.#hasExpired[index] === 1;
  }

  /** Where an axis comes to rest if told nothing more than to brake. */
  stopPosRad(index: number): number {
    return this.#axes[index]?.stopPosRad ?? 0;
  }

  /** Position the axis is under way to, or rests at. */
  goalRad(index: number): number {
    const want = this.#want[index];
    if (want === Want.Position) return this.#value[index] ?? 0;
    if (want === Want.Path) return this.#paths[index]?.endRad ?? 0;
    return this.stopPosRad(index);
  }

  /** Axis intents that ran out so far. */
  get expiredCount(): number {
    return this.#expiredCount;
  }

  /**
   * Fills a preview row (bridge/contract/preview.ts) with the setpoints this motion will make from
   * `nowMs`, the time of the last tick, if nobody tells it anything: sample k lies at
   * `nowMs + k * stepMs`. The motion itself does not change. // hot path
   *
   * @param stepMs a multiple of the tick period.
   */
  preview(nowMs: number, stepMs: number, sampleCount: number, row: Float64Array): void {
    const scratch = (this.#scratch ??= new MountMotion(this.device, this.periodMs));
    scratch.#copyFrom(this);
    const axisCount = this.#axes.length;
    const ticksPerSample = Math.max(1, Math.round(stepMs / this.periodMs));
    row[0] = nowMs;
    row[1] = stepMs;
    row[2] = sampleCount;
    row[3] = axisCount;
    row.set(scratch.posRad, previewHeaderWidth);
    const idle = scratch.#idle();
    for (let sample = 1; sample < sampleCount; sample += 1) {
      for (let tick = 1; tick <= ticksPerSample && !idle; tick += 1) {
        scratch.#nowMs[0] = nowMs + ((sample - 1) * ticksPerSample + tick) * this.periodMs;
        scratch.#advance();
      }
      row.set(scratch.posRad, previewHeaderWidth + sample * axisCount);
    }
  }

  /** At rest and told nothing that could change that. */
  #idle(): boolean {
    for (const want of this.#want) {
      if (want !== Want.Hold) return false;
    }
    return !this.moving;
  }

  #wantVelocity(index: number, intent: MotionIntent & { kind: "velocity" }): void {
    const velocity = intent.velRadPerS[index] ?? null;
    if (velocity === null) return;
    this.#wantKind(index, Want.Velocity, intent.share);
    this.#value[index] = velocity;
    this.#expiresAtMs[index] = intent.expiresAtMs;
  }

  #wantPosition(index: number, intent: MotionIntent & { kind: "position" }): void {
    const position = intent.posRad[index] ?? null;
    const axis = this.#axes[index];
    if (position === null || axis === undefined) return;
    const ratio = Math.min(intent.velocityRatio, intent.share?.velocityRatio ?? 1);
    this.#wantKind(index, Want.Position, intent.share);
    this.#value[index] = this.#within(index, position);
    this.#speed[index] = axis.limits.maxVelocityRadPerS * Math.min(Math.max(ratio, 0.001), 1);
    this.#expiresAtMs[index] = intent.expiresAtMs ?? Number.POSITIVE_INFINITY;
  }

  #wantPoint(index: number, intent: MotionIntent & { kind: "point" }): void {
    const position = intent.posRad[index] ?? null;
    if (position === null) return;
    this.#wantKind(index, Want.Point, intent.share);
    this.#value[index] = this.#nearest(index, position);
    this.#rate[index] = intent.velRadPerS[index] ?? 0;
    this.#atMs[index] = intent.atMs;
    this.#expiresAtMs[index] = intent.expiresAtMs;
  }

  #wantPath(index: number, intent: MotionIntent & { kind: "path" }): void {
    const path = intent.path[index];
    if (path === undefined) return;
    this.#wantKind(index, Want.Path, intent.share);
    this.#paths[index] = path;
    this.#expiresAtMs[index] = intent.expiresAtMs ?? Number.POSITIVE_INFINITY;
  }

  /** A goal within the range; of an axis that turns for ever, the nearest of its turns. */
  #within(index: number, posRad: number): number {
    const near = this.#nearest(index, posRad);
    return Math.min(Math.max(near, this.#lowerRad[index] ?? 0), this.#upperRad[index] ?? 0);
  }

  #nearest(index: number, posRad: number): number {
    return this.device.axes[index]?.continuous === true
      ? nearestTurn(posRad, this.posRad[index] ?? 0)
      : posRad;
  }

  #wantKind(index: number, kind: number, share: MotionShare | undefined): void {
    const axis = this.device.axes[index];
    const isNewShare = axis !== undefined && this.#axes[index]?.setShare(sharedLimits(axis, share));
    // A velocity and a position of the same end and speed are not the same.
    if (this.#want[index] !== kind || isNewShare === true) this.#toldSpeed[index] = Number.NaN;
    this.#want[index] = kind;
    this.#hasExpired[index] = 0;
  }

  #expire(index: number): void {
    if (this.#want[index] === Want.Hold) return;
    if ((this.#nowMs[0] ?? 0) < (this.#expiresAtMs[index] ?? 0)) return;
    // A position that was reached has nothing left to expire.
    if (!this.isSettled(index) || this.#want[index] === Want.Velocity) {
      this.#hasExpired[index] = 1;
      this.#expiredCount += 1;
    }
    this.#want[index] = Want.Hold;
  }

  /** Whether the other axes may set off. */
  #unlocked(): boolean {
    const deploy = this.#axes[this.#deployIndex];
    if (deploy === undefined) return true;
    if (this.#measuredDeployRad < this.#readyRad - measuredSlackRad) return false;
    return deploy.lowestStopPosRad >= this.#readyRad - readySlackRad;
  }

  /** Whether another axis moves, or is about to. */
  #othersBusy(unlocked: boolean): boolean {
    if (this.#deployIndex < 0) return false;
    for (let index = 0; index < this.#axes.length; index += 1) {
      if (index === this.#deployIndex) continue;
      if (this.#axes[index]?.moving === true) return true;
      if (unlocked && this.#wantsToMove(index)) return true;
    }
    return false;
  }

  #wantsToMove(index: number): boolean {
    const want = this.#want[index];
    if (want === Want.Hold) return false;
    const axis = this.#axes[index];
    const value = this.#value[index] ?? 0;
    if (axis === undefined) return false;
    if (want === Want.Position) return axis.posRad !== value;
    if (want === Want.Path) return true;
    if (want === Want.Point) return this.#rate[index] !== 0 || axis.posRad !== value;
    if (value === 0) return false;
    if (value > 0) return axis.posRad < (this.#upperRad[index] ?? 0);
    return axis.posRad > (this.#lowerRad[index] ?? 0);
  }

  /** Writes what an axis shall do now into the goal arrays. */
  #aim(index: number, axis: AxisShaper, unlocked: boolean, othersBusy: boolean): void {
    this.#endPath(index, axis);
    const want = this.#want[index] ?? Want.Hold;
    const isDeploy = index === this.#deployIndex;
    const held = !isDeploy && !unlocked && this.#wantsToMove(index);
    this.#heldByInterlock[index] = held ? 1 : 0;
    this.#follows[index] = 0;
    if (want === Want.Hold || held) {
      this.#goalSpeed[index] = 0;
      return;
    }
    if (want >= Want.Point) {
      this.#follow(index, axis, isDeploy && othersBusy);
      return;
    }
    const value = this.#value[index] ?? 0;
    const velocityEndRad = (value > 0 ? this.#upperRad[index] : this.#lowerRad[index]) ?? 0;
    let goal = want === Want.Position ? value : velocityEndRad;
    // Folding waits for the others, but nothing below the ready angle is raised to it.
    if (isDeploy && othersBusy && axis.posRad >= this.#readyRad - readySlackRad) {
      goal = Math.max(goal, this.#readyRad);
      this.#heldByInterlock[index] = goal === this.#readyRad ? 1 : 0;
    }
    this.#goalPosRad[index] = goal;
    this.#goalSpeed[index] = want === Want.Position ? (this.#speed[index] ?? 0) : Math.abs(value);
  }

  /** Where a reference is at the begin and at the end of this tick's period. */
  #follow(index: number, axis: AxisShaper, isBound: boolean): void {
    const { reference } = axis;
    const path = this.#paths[index];
    const nowMs = this.#nowMs[0] ?? 0;
    this.#beforeMs[0] = nowMs - this.periodMs;
    if (this.#want[index] === Want.Path && path !== undefined) {
      path.sample(this.#beforeMs, reference, 0);
      path.sample(this.#nowMs, reference, 3);
    } else {
      const rate = this.#rate[index] ?? 0;
      const sinceS = (nowMs - (this.#atMs[index] ?? 0)) / 1000;
      reference[3] = (this.#value[index] ?? 0) + rate * sinceS;
      reference[0] = reference[3] - (rate * this.periodMs) / 1000;
      reference[1] = reference[4] = rate;
      reference[2] = reference[5] = 0;
    }
    this.#keepInside(index, reference);
    if (isBound && axis.posRad >= this.#readyRad - readySlackRad) {
      // Folding waits for the others.
      this.#goalPosRad[index] = Math.max(reference[3] ?? 0, this.#readyRad);
      this.#goalSpeed[index] = axis.limits.maxVelocityRadPerS;
      return;
    }
    this.#follows[index] = 1;
  }

  /** A reference that has left the range is waited for at its end, or where the axis is beyond it. */
  #keepInside(index: number, reference: Float64Array): void {
    const pos = reference[3] ?? 0;
    const here = this.posRad[index] ?? 0;
    const lower = Math.min(this.#lowerRad[index] ?? 0, here);
    const upper = Math.max(this.#upperRad[index] ?? 0, here);
    if (pos >= lower && pos <= upper) return;
    reference[0] = reference[3] = pos > upper ? upper : lower;
    reference[1] = reference[4] = 0;
    reference[2] = reference[5] = 0;
  }

  /** From its end on a path is a position. */
  #endPath(index: number, axis: AxisShaper): void {
    const path = this.#paths[index];
    if (this.#want[index] !== Want.Path || path === undefined) return;
    if ((this.#nowMs[0] ?? 0) < path.endsAtMs) return;
    this.#want[index] = Want.Position;
    this.#value[index] = path.endRad;
    this.#speed[index] = axis.limits.maxVelocityRadPerS;
    this.#toldSpeed[index] = Number.NaN;
  }

  /** Passes a goal on to the shaper when it is new. */
  #tell(index: number, axis: AxisShaper): void {
    if (this.#follows[index] === 1) {
      this.#toldSpeed[index] = Number.NaN;
      axis.follow();
      return;
    }
    const goal = this.#goalPosRad[index] ?? 0;
    const speed = this.#goalSpeed[index] ?? 0;
    const toldSpeed = this.#toldSpeed[index] ?? 0;
    if (speed === toldSpeed && (speed === 0 || goal === this.#toldPosRad[index])) return;
    this.#toldPosRad[index] = goal;
    this.#toldSpeed[index] = speed;
    if (speed === 0) axis.stop();
    else if (this.#want[index] === Want.Velocity) {
      axis.setVelocity((this.#value[index] ?? 0) > 0 ? speed : -speed, goal);
    } else {
      axis.setPosition(goal, speed);
      this.#setsOff[index] = axis.moving ? 1 : 0;
    }
  }

  #copyFrom(other: MountMotion): void {
    for (let index = 0; index < this.#axes.length; index += 1) {
      const from = other.#axes[index];
      if (from !== undefined) this.#axes[index]?.copyFrom(from);
    }
    this.posRad.set(other.posRad);
    this.velRadPerS.set(other.velRadPerS);
    this.#want.set(other.#want);
    this.#value.set(other.#value);
    this.#speed.set(other.#speed);
    this.#expiresAtMs.set(other.#expiresAtMs);
    this.#rate.set(other.#rate);
    this.#atMs.set(other.#atMs);
    for (let index = 0; index < this.#paths.length; index += 1) {
      this.#paths[index] = other.#paths[index];
    }
    this.#toldPosRad.set(other.#toldPosRad);
    this.#toldSpeed.set(other.#toldSpeed);
    this.#heldByInterlock.set(other.#heldByInterlock);
    // A measured angle does not move in a preview: it is taken to follow its setpoint.
    this.#measuredDeployRad = Number.NaN;
  }
}

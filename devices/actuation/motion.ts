import type { DeviceDescription } from "../../bridge/contract/device.ts";
import { previewHeaderWidth } from "../../bridge/contract/preview.ts";
import { AxisShaper } from "./shaper.ts";

/** What is wanted of the axes, axis order. `null` leaves an axis to what it was told before. */
export type MotionIntent =
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
    };

const Want = { Hold: 0, Velocity: 1, Position: 2 } as const;

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
 */
export class MountMotion {
  /** Setpoint of the last tick. Borrowed: overwritten by the next one. */
  readonly posRad: Float64Array;
  readonly velRadPerS: Float64Array;
  readonly periodMs: number;
  readonly #device: DeviceDescription;
  readonly #axes: readonly AxisShaper[];
  readonly #deployIndex: number;
  readonly #readyRad: number;
  readonly #want: Uint8Array;
  /** Goal position or velocity, as wanted. */
  readonly #value: Float64Array;
  readonly #speed: Float64Array;
  readonly #expiresAtMs: Float64Array;
  /** What each shaper shall do at this tick. Speed 0 is a stop. */
  readonly #goalPosRad: Float64Array;
  readonly #goalSpeed: Float64Array;
  /** What each shaper was last told, so that it is told again only when that changes. */
  readonly #toldPosRad: Float64Array;
  readonly #toldSpeed: Float64Array;
  /** Time of the tick. In an array, because a number handed to a call may be boxed. */
  readonly #nowMs = new Float64Array(1);
  readonly #heldByInterlock: Uint8Array;
  #measuredDeployRad = Number.NaN;
  readonly #hasExpired: Uint8Array;
  #expiredCount = 0;
  #scratch: MountMotion | undefined;

  constructor(device: DeviceDescription, periodMs = 5) {
    const count = device.axes.length;
    this.#device = device;
    this.periodMs = periodMs;
    this.#axes = device.axes.map((axis) => new AxisShaper(axis, periodMs));
    this.#deployIndex = device.axes.findIndex((axis) => axis.name === device.interlock?.axis);
    this.#readyRad = device.interlock?.readyRad ?? 0;
    this.posRad = new Float64Array(count);
    this.velRadPerS = new Float64Array(count);
    this.#want = new Uint8Array(count);
    this.#value = new Float64Array(count);
    this.#speed = new Float64Array(count);
    this.#expiresAtMs = new Float64Array(count);
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
      if (intent.kind === "hold") this.#want[index] = Want.Hold;
      else if (intent.kind === "velocity") this.#wantVelocity(index, intent);
      else this.#wantPosition(index, intent);
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
      axis.step();
      this.posRad[index] = axis.posRad;
      this.velRadPerS[index] = axis.velRadPerS;
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
    return this.#want[index] !== Want.Position || axis.posRad === this.#value[index];
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
    return this.#want[index] === Want.Position ? (this.#value[index] ?? 0) : this.stopPosRad(index);
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
    const scratch = (this.#scratch ??= new MountMotion(this.#device, this.periodMs));
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
    this.#wantKind(index, Want.Velocity);
    this.#value[index] = velocity;
    this.#expiresAtMs[index] = intent.expiresAtMs;
  }

  #wantPosition(index: number, intent: MotionIntent & { kind: "position" }): void {
    const position = intent.posRad[index] ?? null;
    const axis = this.#axes[index];
    if (position === null || axis === undefined) return;
    const { lowerRad, upperRad, maxVelocityRadPerS } = axis.limits;
    this.#wantKind(index, Want.Position);
    this.#value[index] = Math.min(Math.max(position, lowerRad), upperRad);
    this.#speed[index] = maxVelocityRadPerS * Math.min(Math.max(intent.velocityRatio, 0.001), 1);
    this.#expiresAtMs[index] = intent.expiresAtMs ?? Number.POSITIVE_INFINITY;
  }

  #wantKind(index: number, kind: number): void {
    // A velocity and a position of the same end and speed are not the same.
    if (this.#want[index] !== kind) this.#toldSpeed[index] = Number.NaN;
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
    if (value === 0) return false;
    return value > 0 ? axis.posRad < axis.limits.upperRad : axis.posRad > axis.limits.lowerRad;
  }

  /** Writes what an axis shall do now into the goal arrays. */
  #aim(index: number, axis: AxisShaper, unlocked: boolean, othersBusy: boolean): void {
    const want = this.#want[index] ?? Want.Hold;
    const isDeploy = index === this.#deployIndex;
    const held = !isDeploy && !unlocked && this.#wantsToMove(index);
    this.#heldByInterlock[index] = held ? 1 : 0;
    if (want === Want.Hold || held) {
      this.#goalSpeed[index] = 0;
      return;
    }
    const value = this.#value[index] ?? 0;
    const { lowerRad, upperRad } = axis.limits;
    const velocityEndRad = value > 0 ? upperRad : lowerRad;
    let goal = want === Want.Position ? value : velocityEndRad;
    // Folding waits for the others, but nothing below the ready angle is raised to it.
    if (isDeploy && othersBusy && axis.posRad >= this.#readyRad - readySlackRad) {
      goal = Math.max(goal, this.#readyRad);
      this.#heldByInterlock[index] = goal === this.#readyRad ? 1 : 0;
    }
    this.#goalPosRad[index] = goal;
    this.#goalSpeed[index] = want === Want.Position ? (this.#speed[index] ?? 0) : Math.abs(value);
  }

  /** Passes a goal on to the shaper when it is new. */
  #tell(index: number, axis: AxisShaper): void {
    const goal = this.#goalPosRad[index] ?? 0;
    const speed = this.#goalSpeed[index] ?? 0;
    const toldSpeed = this.#toldSpeed[index] ?? 0;
    if (speed === toldSpeed && (speed === 0 || goal === this.#toldPosRad[index])) return;
    this.#toldPosRad[index] = goal;
    this.#toldSpeed[index] = speed;
    if (speed === 0) axis.stop();
    else if (this.#want[index] === Want.Position) axis.setPosition(goal, speed);
    else axis.setVelocity((this.#value[index] ?? 0) > 0 ? speed : -speed, goal);
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
    this.#toldPosRad.set(other.#toldPosRad);
    this.#toldSpeed.set(other.#toldSpeed);
    this.#heldByInterlock.set(other.#heldByInterlock);
    // A measured angle does not move in a preview: it is taken to follow its setpoint.
    this.#measuredDeployRad = Number.NaN;
  }
}

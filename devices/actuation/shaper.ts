import { planArrival, planStop, samePosRad } from "./arrival.ts";
import { At, AxisPlan, brakeAt } from "./axis-plan.ts";
import type { AxisRange } from "./axis-range.ts";
import { TrackingLaw } from "./tracking-law.ts";
import { Brake, brakeFrom, stopTravelRad, type MotionLimits } from "./velocity-transition.ts";

/** A target that moves may use so much of the velocity limit; the rest is for catching up with it. */
const maxFrameRatio = 0.95;
/** This close to a reference that stands, and this slow, an axis goes to it and rests. */
const settleRad = 1e-6;
const settleRadPerS = 1e-4;
/** Halvings of the cruise velocity for an arrival at a given time: a millionth of the speed is enough. */
const arrivalHalvings = 24;
/** Arrivals this close count as together: a fraction of a tick. */
const sameTimeS = 5e-4;
/** A look ahead is stricter than the rounding of limits, so that what it lets pass stays within that. */
const lookRoundingRad = 1e-10;

/**
 * Jerk-limited motion of one axis, planned anew from whatever state it is in each time the goal
 * changes. From rest a plan is the time-optimal seven-phase profile.
 *
 * Promises, for any sequence of goals from a state that respects them: velocity, acceleration and
 * jerk stay within limits at every instant; the position stays within [lower, upper]; a target is
 * reached exactly and kept; it is overshot only if it was set inside the braking distance.
 *
 * A reference that moves is tracked (`follow`) by a linear law while that stays within the limits, and
 * caught up with by the same plan in its moving frame while it does not.
 */
export class AxisShaper extends AxisPlan {
  readonly limits: MotionLimits;
  /** What `follow` tracks: position, velocity, acceleration at the begin of this period, then at its end. */
  readonly reference = new Float64Array(6);
  /** Where a reference may lead; a stop or a position may end beyond it. */
  readonly #followRange: AxisRange;
  readonly #law: TrackingLaw;
  /** State after the next period, for a look before the leap, and the jerk that leads there. */
  readonly #next = new Float64Array(4);
  /** Braking from there. */
  readonly #brake = new Float64Array(Brake.width);
  /** What a client may use of the limits. A stop uses them all. */
  #share: MotionLimits;
  /** The limits the present plan is made with. */
  #using: MotionLimits;

  constructor(limits: MotionLimits, periodMs = 5, followRange: AxisRange = limits) {
    super(periodMs);
    this.limits = limits;
    this.#followRange = followRange;
    this.#law = new TrackingLaw(this.periodS);
    this.#share = limits;
    this.#using = limits;
  }

  /** Where the axis would come to rest if it braked now. */
  get stopPosRad(): number {
    if (!this.moving) return this.posRad;
    return this.posRad + stopTravelRad(this.velRadPerS, this.accRadPerS2, this.limits);
  }
  /** The lowest position on the way to `stopPosRad`, which may lie below it. */
  get lowestStopPosRad(): number {
    if (!this.moving) return this.posRad;
    brakeFrom(this.state, this.limits, this.#brake);
    return this.#brake[Brake.lowestRad] ?? 0;
  }

  /** Takes a state over as it is, outside the limits or not. A moving one begins to brake. */
  reset(posRad: number, velRadPerS = 0, accRadPerS2 = 0): void {
    this.rest(posRad);
    this.state[At.vel] = velRadPerS;
    this.state[At.acc] = accRadPerS2;
    if (velRadPerS !== 0 || accRadPerS2 !== 0) this.stop();
  }

  /** Becomes a copy of an axis of the same limits. // hot path */
  copyFrom(other: AxisShaper): void {
    this.state.set(other.state);
    this.#share = other.#share;
    this.#using = other.#using;
  }

  /**
   * From now on plans use no more than this. Position limits are those of the axis. True if it is not what
   * the present plan may use.
   */
  setShare(limits: MotionLimits): boolean {
    const before = this.#share;
    this.#share = limits;
    return (
      limits.maxVelocityRadPerS !== before.maxVelocityRadPerS ||
      limits.maxAccelerationRadPerS2 !== before.maxAccelerationRadPerS2 ||
      limits.maxJerkRadPerS3 !== before.maxJerkRadPerS3
    );
  }

  /** Brakes to rest as fast as the limits allow. // hot path */
  stop(): void {
    if (!this.moving && this.velRadPerS === 0 && this.accRadPerS2 === 0) return;
    this.clearPlan();
    this.#using = this.limits;
    const { posRad, velRadPerS, accRadPerS2 } = this;
    planStop(this.state, this.#using, posRad, velRadPerS, accRadPerS2, Number.NaN);
  }

  /**
   * Runs at this velocity, and stops on `endRad` if it gets there: by default the position limit. If
   * even braking leads beyond, it brakes and never turns back. // hot path
   */
  setVelocity(velRadPerS: number, endRad = this.#limitTowards(velRadPerS)): void {
    const wayRad = (endRad - this.stopPosRad) * Math.sign(velRadPerS);
    if (wayRad > samePosRad) this.setPosition(endRad, Math.abs(velRadPerS));
    else this.stop();
  }

  /** Goes to a position, clamped to the range, no faster than `maxVelRadPerS` > 0. // hot path */
  setPosition(posRad: number, maxVelRadPerS: number): void {
    const { lowerRad, upperRad } = this.limits;
    const target = Math.min(Math.max(posRad, lowerRad), upperRad);
    const pos = this.posRad;
    const vel = this.velRadPerS;
    const acc = this.accRadPerS2;
    this.#chooseLimits();
    const wayRad = target - (pos + stopTravelRad(vel, acc, this.#using));
    if (!this.moving && Math.abs(wayRad) <= samePosRad) {
      // Already there but for rounding: be there exactly, or whoever waits for it waits forever.
      this.state[At.pos] = target;
      return;
    }
    this.clearPlan();
    if (Math.abs(wayRad) <= samePosRad) {
      planStop(this.state, this.#using, pos, vel, acc, target);
      return;
    }
    const cruise = Math.sign(wayRad) * Math.min(maxVelRadPerS, this.#share.maxVelocityRadPerS);
    planArrival(this.state, this.#using, target, cruise, 0);
  }

  /**
   * Goes to a position so as to arrive in `durationS`, or as soon after as `maxVelRadPerS` allows: by
   * cruising slower. From rest every time from the shortest up is met.
   */
  setArrival(posRad: number, maxVelRadPerS: number, durationS: number): void {
    this.setPosition(posRad, maxVelRadPerS);
    if (!this.moving || this.durationS >= durationS - sameTimeS) return;
    let slow = 0;
    let fast = maxVelRadPerS;
    for (let halving = 0; halving < arrivalHalvings; halving += 1) {
      const middle = (slow + fast) / 2;
      this.setPosition(posRad, middle);
      if (this.durationS > durationS) slow = middle;
      else fast = middle;
    }
    this.setPosition(posRad, fast);
  }

  /** Stays with `reference` as closely as the limits allow, for one period: to be called at each. // hot path */
  follow(): void {
    const { reference, state } = this;
    const stands = reference[1] === 0 && reference[4] === 0 && reference[2] === 0;
    const isSettling = state[At.settling] === 1 && state[At.endPos] === this.#referenceRad();
    if (stands && isSettling) return;
    const offRad = this.posRad - (reference[0] ?? 0);
    const offVel = this.velRadPerS - (reference[1] ?? 0);
    if (stands && Math.abs(offRad) < settleRad && Math.abs(offVel) < settleRadPerS) {
      this.#settle();
      return;
    }
    if (this.#track()) return;
    this.#catchUp();
    this.look(this.#next);
    if (this.#staysInside()) return;
    const { lowerRad, upperRad } = this.#followRange;
    const maxVel = this.#using.maxVelocityRadPerS;
    if ((reference[1] ?? 0) > 0) this.setVelocity(maxVel, upperRad);
    else this.setVelocity(-maxVel, lowerRad);
    this.look(this.#next);
    if (!this.#staysInside()) this.stop();
  }

  /** Where the reference is, or the end of the range it has left, or here if that is further out. */
  #referenceRad(): number {
    const lowerRad = Math.min(this.#followRange.lowerRad, this.posRad);
    const upperRad = Math.max(this.#followRange.upperRad, this.posRad);
    return Math.min(Math.max(this.reference[0] ?? 0, lowerRad), upperRad);
  }

  /** On a reference that stands: a plan to it, which ends at rest. */
  #settle(): void {
    const target = this.#referenceRad();
    this.setPosition(target, this.#share.maxVelocityRadPerS);
    this.state[At.endPos] = target;
    this.state[At.settling] = 1;
  }

  /** One period by the linear law; false, and nothing planned, where that would break a limit. */
  #track(): boolean {
    const { state } = this;
    if (!this.#law.step(state, this.reference, this.#share, this.#next)) return false;
    if (!this.#staysInside()) return false;
    this.clearPlan();
    state[At.plan] = this.periodS;
    state[At.plan + 1] = this.#next[3] ?? 0;
    // What follows if nobody tells anything more: it brakes.
    this.#using = this.limits;
    for (let at = 0; at < Brake.restRad; at += 1) {
      state[brakeAt + at] = this.#brake[Brake.phases + at] ?? 0;
    }
    state[At.endPos] = this.#brake[Brake.restRad] ?? 0;
    return true;
  }

  /** The quickest way onto the reference, as seen from a frame that moves with it. */
  #catchUp(): void {
    const target = this.#referenceRad();
    this.#chooseLimits();
    const maxVel = this.#using.maxVelocityRadPerS;
    const mostVel = maxFrameRatio * maxVel;
    const frameVel = Math.min(Math.max(this.reference[1] ?? 0, -mostVel), mostVel);
    const vel = this.velRadPerS - frameVel;
    const acc = this.accRadPerS2;
    const wayRad = target - (this.posRad + stopTravelRad(vel, acc, this.#using));
    this.clearPlan();
    this.state[At.endVel] = frameVel;
    if (Math.abs(wayRad) <= samePosRad) {
      planStop(this.state, this.#using, this.posRad, vel, acc, target);
      return;
    }
    planArrival(this.state, this.#using, target, Math.sign(wayRad) * maxVel - frameVel, frameVel);
  }

  /**
   * Whether an axis that brakes from `#next` stays within its range, or gets no further out of it than it is;
   * leaves that braking in `#brake`.
   */
  #staysInside(): boolean {
    brakeFrom(this.#next, this.limits, this.#brake);
    const { lowerRad, upperRad } = this.#followRange;
    const lowestRad = this.#brake[Brake.lowestRad] ?? 0;
    const highestRad = this.#brake[Brake.highestRad] ?? 0;
    return (
      lowestRad >= Math.min(lowerRad - lookRoundingRad, this.posRad) &&
      highestRad <= Math.max(upperRad + lookRoundingRad, this.posRad)
    );
  }

  /** The share, unless its weaker brakes could not keep an axis in its range. */
  #chooseLimits(): void {
    const { lowerRad, upperRad } = this.limits;
    const stopRad = this.posRad + stopTravelRad(this.velRadPerS, this.accRadPerS2, this.#share);
    this.#using = stopRad >= lowerRad && stopRad <= upperRad ? this.#share : this.limits;
  }

  #limitTowards(velRadPerS: number): number {
    return velRadPerS > 0 ? this.limits.upperRad : this.limits.lowerRad;
  }
}

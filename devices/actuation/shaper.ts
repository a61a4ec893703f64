import type { AxisRange } from "./axis-range.ts";
import {
  Brake,
  brakeFrom,
  phaseWidth,
  stopTravelRad,
  transitionPhaseCount,
  velocityTransition,
  type MotionLimits,
} from "./velocity-transition.ts";

// Where things lie in the state array: one array, so that a copy is one call.
const At = {
  pos: 0,
  vel: 1,
  acc: 2,
  endPos: 3,
  /** Velocity that the plan ends with: that of the frame it was made in. */
  endVel: 4,
  /** 1: on the last bit of the way to a reference that stands, which is not planned anew. */
  settling: 5,
  phase: 6,
  phaseElapsed: 7,
  plan: 8,
} as const;
const planPhaseCount = transitionPhaseCount + 1 + transitionPhaseCount;
const planWidth = planPhaseCount * phaseWidth;
const cruiseAt = At.plan + transitionPhaseCount * phaseWidth;
const brakeAt = cruiseAt + phaseWidth;

/** Two positions closer than this are one: far below what any encoder resolves. */
const samePosRad = 1e-12;
/** A target that moves may use so much of the velocity limit; the rest is for catching up with it. */
const maxFrameRatio = 0.95;
/** Bandwidth of tracking a reference closely: an error of 5 mrad is what the jerk of a phone mount can take. */
const trackRadPerS = 25;
/** This close to a reference that stands, and this slow, an axis goes to it and rests. */
const settleRad = 1e-6;
const settleRadPerS = 1e-4;
/** Halvings of the cruise velocity for an arrival at a given time: a millionth of the speed is enough. */
const arrivalHalvings = 24;
/** Arrivals this close count as together: a fraction of a tick. */
const sameTimeS = 5e-4;
/** Rounding may put the end of a stop this far beyond a limit; it is put back on the limit. */
const limitRoundingRad = 1e-9;
/** A look ahead is stricter, so that what it lets pass stays within that. */
const lookRoundingRad = 1e-10;

/**
 * Jerk-limited motion of one axis, planned anew from whatever state it is in each time the goal
 * changes. One idea: head for the cruise velocity as fast as the limits allow, and brake as late as
 * still stops on the target. Where to switch is one number, found by bisection, because the place of
 * rest moves monotonically with it. From rest this is the time-optimal seven-phase profile.
 *
 * Promises, for any sequence of goals from a state that respects them: velocity, acceleration and
 * jerk stay within limits at every instant; the position stays within [lower, upper]; a target is
 * reached exactly and kept; it is overshot only if it was set inside the braking distance.
 *
 * A reference that moves is tracked (`follow`) by a linear law while that stays within the limits, and
 * caught up with by the same plan in its moving frame while it does not.
 */
export class AxisShaper {
  readonly limits: MotionLimits;
  readonly #periodS: number;
  /** Where a reference may lead; a stop or a position may end beyond it. */
  readonly #followRange: AxisRange;
  readonly #state = new Float64Array(At.plan + planWidth);
  /** What `follow` tracks: position, velocity, acceleration at the begin of this period, then at its end. */
  readonly reference = new Float64Array(6);
  /** State after the next period, for a look before the leap. */
  readonly #next = new Float64Array(3);
  /** Braking from there. */
  readonly #brake = new Float64Array(Brake.width);
  /** What a client may use of the limits. A stop uses them all. */
  #share: MotionLimits;
  /** The limits the present plan is made with. */
  #using: MotionLimits;

  constructor(limits: MotionLimits, periodMs = 5, followRange: AxisRange = limits) {
    this.limits = limits;
    this.#followRange = followRange;
    this.#share = limits;
    this.#using = limits;
    this.#periodS = periodMs / 1000;
    this.reset(0);
  }

  get posRad(): number {
    return this.#state[At.pos] ?? 0;
  }
  get velRadPerS(): number {
    return this.#state[At.vel] ?? 0;
  }
  get accRadPerS2(): number {
    return this.#state[At.acc] ?? 0;
  }
  /** False: at rest and staying there. */
  get moving(): boolean {
    return (this.#state[At.phase] ?? 0) < planPhaseCount || this.#state[At.endVel] !== 0;
  }
  /** How long the present plan still takes. */
  get durationS(): number {
    const from = this.#state[At.phase] ?? 0;
    let sum = -(this.#state[At.phaseElapsed] ?? 0);
    for (let phase = from; phase < planPhaseCount; phase += 1) {
      sum += this.#state[At.plan + phase * phaseWidth] ?? 0;
    }
    return sum;
  }
  /** Where the axis would come to rest if it braked now. */
  get stopPosRad(): number {
    if (!this.moving) return this.posRad;
    return this.posRad + stopTravelRad(this.velRadPerS, this.accRadPerS2, this.limits);
  }
  /** The lowest position on the way to `stopPosRad`, which may lie below it. */
  get lowestStopPosRad(): number {
    if (!this.moving) return this.posRad;
    brakeFrom(this.#state, this.limits, this.#brake);
    return this.#brake[Brake.lowestRad] ?? 0;
  }

  /** Takes a state over as it is, outside the limits or not. A moving one begins to brake. */
  reset(posRad: number, velRadPerS = 0, accRadPerS2 = 0): void {
    this.#state.fill(0);
    this.#state[At.pos] = posRad;
    this.#state[At.vel] = velRadPerS;
    this.#state[At.acc] = accRadPerS2;
    this.#state[At.endPos] = posRad;
    this.#state[At.phase] = planPhaseCount;
    if (velRadPerS !== 0 || accRadPerS2 !== 0) this.stop();
  }

  /** Becomes a copy of an axis of the same limits. // hot path */
  copyFrom(other: AxisShaper): void {
    this.#state.set(other.#state);
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
    this.#clearPlan();
    this.#using = this.limits;
    this.#planStop(this.posRad, this.velRadPerS, this.accRadPerS2, Number.NaN);
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
      this.#state[At.pos] = target;
      return;
    }
    this.#clearPlan();
    if (Math.abs(wayRad) <= samePosRad) {
      this.#planStop(pos, vel, acc, target);
      return;
    }
    const cruise = Math.sign(wayRad) * Math.min(maxVelRadPerS, this.#share.maxVelocityRadPerS);
    velocityTransition(vel, acc, cruise, this.#using, this.#state, At.plan);
    this.#planArrival(target, cruise, 0);
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
    const { reference } = this;
    const stands = reference[1] === 0 && reference[4] === 0 && reference[2] === 0;
    const isSettling =
      this.#state[At.settling] === 1 && this.#state[At.endPos] === this.#referenceRad();
    if (stands && isSettling) return;
    const offRad = this.posRad - (reference[0] ?? 0);
    const offVel = this.velRadPerS - (reference[1] ?? 0);
    if (stands && Math.abs(offRad) < settleRad && Math.abs(offVel) < settleRadPerS) {
      this.#settle();
      return;
    }
    if (this.#track()) return;
    this.#catchUp();
    this.#look();
    if (this.#staysInside()) return;
    const { lowerRad, upperRad } = this.#followRange;
    const endRad = (reference[1] ?? 0) > 0 ? upperRad : lowerRad;
    this.setVelocity(
      (reference[1] ?? 0) > 0 ? this.#using.maxVelocityRadPerS : -this.#using.maxVelocityRadPerS,
      endRad,
    );
    this.#look();
    if (!this.#staysInside()) this.stop();
  }

  /** Advances one period. One function over one array: a number handed to a call may be boxed. // hot path */
  step(): void {
    const state = this.#state;
    let left = this.#periodS;
    let phase = state[At.phase] ?? 0;
    while (phase < planPhaseCount) {
      const at = At.plan + phase * phaseWidth;
      const elapsed = state[At.phaseElapsed] ?? 0;
      const phaseLeft = (state[at] ?? 0) - elapsed;
      const t = Math.min(left, phaseLeft);
      if (t > 0) {
        const jerk = state[at + 1] ?? 0;
        const vel = state[At.vel] ?? 0;
        const acc = state[At.acc] ?? 0;
        state[At.pos] = (state[At.pos] ?? 0) + t * (vel + t * (acc / 2 + (t * jerk) / 6));
        state[At.vel] = vel + t * (acc + (t * jerk) / 2);
        state[At.acc] = acc + t * jerk;
      }
      left -= t;
      if (phaseLeft > t) {
        state[At.phaseElapsed] = elapsed + t;
        return;
      }
      phase += 1;
      state[At.phase] = phase;
      state[At.phaseElapsed] = 0;
      if (phase === planPhaseCount) this.#comeToEnd();
    }
    if (left > 0) state[At.pos] = (state[At.pos] ?? 0) + left * (state[At.endVel] ?? 0);
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
    this.#state[At.endPos] = target;
    this.#state[At.settling] = 1;
  }

  /** One period by the linear law; false, and nothing planned, where that would break a limit. */
  #track(): boolean {
    const { reference } = this;
    const offRad = this.posRad - (reference[0] ?? 0);
    const offVel = this.velRadPerS - (reference[1] ?? 0);
    const periodS = this.#periodS;
    const limits = this.#share;
    const acc = this.accRadPerS2;
    const offAcc = acc - (reference[2] ?? 0);
    const wantedJerk = ((reference[5] ?? 0) - (reference[2] ?? 0)) / periodS;
    const w = trackRadPerS;
    const jerk = wantedJerk - w * (3 * offAcc + w * (3 * offVel + w * offRad));
    const nextAcc = acc + jerk * periodS;
    const nextVel = this.velRadPerS + periodS * (acc + (periodS * jerk) / 2);
    const reachedVel = nextVel + (nextAcc * Math.abs(nextAcc)) / (2 * limits.maxJerkRadPerS3);
    if (!(Math.abs(jerk) <= limits.maxJerkRadPerS3)) return false;
    if (Math.abs(nextAcc) > limits.maxAccelerationRadPerS2) return false;
    if (Math.abs(nextVel) > limits.maxVelocityRadPerS) return false;
    if (Math.abs(reachedVel) > limits.maxVelocityRadPerS) return false;
    // Where acceleration changes its sign within the period, velocity is greatest in between.
    if (acc * nextAcc < 0) {
      const turnVel = this.velRadPerS - (acc * acc) / (2 * jerk);
      if (Math.abs(turnVel) > limits.maxVelocityRadPerS) return false;
    }
    const nextPos =
      this.posRad + periodS * (this.velRadPerS + periodS * (acc / 2 + (periodS * jerk) / 6));
    this.#next[0] = nextPos;
    this.#next[1] = nextVel;
    this.#next[2] = nextAcc;
    if (!this.#staysInside()) return false;
    this.#clearPlan();
    this.#state[At.plan] = periodS;
    this.#state[At.plan + 1] = jerk;
    // What follows if nobody tells anything more: it brakes.
    this.#using = this.limits;
    for (let at = 0; at < Brake.restRad; at += 1) {
      this.#state[brakeAt + at] = this.#brake[Brake.phases + at] ?? 0;
    }
    this.#state[At.endPos] = this.#brake[Brake.restRad] ?? 0;
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
    this.#clearPlan();
    this.#state[At.endVel] = frameVel;
    if (Math.abs(wayRad) <= samePosRad) {
      this.#planStop(this.posRad, vel, acc, target);
      return;
    }
    const cruise = Math.sign(wayRad) * maxVel - frameVel;
    velocityTransition(vel, acc, cruise, this.#using, this.#state, At.plan);
    this.#planArrival(target, cruise, frameVel);
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

  /** Writes where the present plan leads in one period into `#next`. */
  #look(): void {
    const state = this.#state;
    let left = this.#periodS;
    let [pos, vel, acc] = [this.posRad, this.velRadPerS, this.accRadPerS2];
    for (let at = At.plan; at < At.plan + planWidth && left > 0; at += phaseWidth) {
      const t = Math.min(left, state[at] ?? 0);
      const jerk = state[at + 1] ?? 0;
      pos += t * (vel + t * (acc / 2 + (t * jerk) / 6));
      vel += t * (acc + (t * jerk) / 2);
      acc += t * jerk;
      left -= t;
    }
    this.#next[0] = pos + left * vel;
    this.#next[1] = vel;
    this.#next[2] = acc;
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

  /** The plan ended: what rounding left (below 1e-11 rad) goes away, so a target is met exactly. */
  #comeToEnd(): void {
    const state = this.#state;
    if (state[At.endVel] === 0) state[At.pos] = state[At.endPos] ?? 0;
    state[At.vel] = state[At.endVel] ?? 0;
    state[At.acc] = 0;
  }

  #clearPlan(): void {
    this.#state.fill(0, At.endVel);
  }

  /** Braking from a state into the last three phases. Without a target the axis ends where it ends. */
  #planStop(pos: number, vel: number, acc: number, target: number): void {
    const { lowerRad, upperRad } = this.limits;
    velocityTransition(vel, acc, 0, this.#using, this.#state, brakeAt);
    let end = target;
    if (Number.isNaN(end)) {
      end = pos + stopTravelRad(vel, acc, this.#using);
      if (end > upperRad && end < upperRad + limitRoundingRad) end = upperRad;
      if (end < lowerRad && end > lowerRad - limitRoundingRad) end = lowerRad;
    }
    this.#state[At.endPos] = end;
  }

  /**
   * Follows the transition to cruise in the plan as long as it still stops on the target, then brakes.
   * Velocities are those in the frame that moves with `frameVel`.
   */
  #planArrival(target: number, cruise: number, frameVel: number): void {
    const plan = this.#state;
    const sign = Math.sign(cruise);
    let pos = this.posRad;
    let vel = this.velRadPerS - frameVel;
    let acc = this.accRadPerS2;
    let restPos = pos;
    for (let at = At.plan; at < cruiseAt; at += phaseWidth) {
      const wholeS = plan[at] ?? 0;
      const jerk = plan[at + 1] ?? 0;
      let t = wholeS;
      restPos = this.#restPosAfter(t, jerk, pos, vel, acc);
      const tooFar = sign * (restPos - target) > 0;
      if (tooFar) t = this.#switchTimeS(wholeS, jerk, pos, vel, acc, target, sign);
      plan[at] = t;
      pos += t * (vel + t * (acc / 2 + (t * jerk) / 6));
      vel += t * (acc + (t * jerk) / 2);
      acc += t * jerk;
      if (tooFar) {
        plan.fill(0, at + phaseWidth, brakeAt);
        this.#planStop(pos, vel, acc, target);
        return;
      }
    }
    plan[cruiseAt] = Math.max(0, (target - restPos) / cruise);
    this.#planStop(pos, vel, acc, target);
  }

  /** Rest position if `jerk` acts for `t` from this state and braking follows. */
  #restPosAfter(t: number, jerk: number, pos: number, vel: number, acc: number): number {
    const travelled = t * (vel + t * (acc / 2 + (t * jerk) / 6));
    const velThen = vel + t * (acc + (t * jerk) / 2);
    return pos + travelled + stopTravelRad(velThen, acc + t * jerk, this.#using);
  }

  /** The latest moment of a phase at which braking still stops on the target. */
  #switchTimeS(
    phaseS: number,
    jerk: number,
    pos: number,
    vel: number,
    acc: number,
    target: number,
    sign: number,
  ): number {
    let low = 0;
    let high = phaseS;
    for (let middle = high / 2; middle > low && middle < high; middle = (low + high) / 2) {
      const overRad = sign * (this.#restPosAfter(middle, jerk, pos, vel, acc) - target);
      if (overRad > 0) high = middle;
      else low = middle;
      if (overRad <= 0 && overRad > -samePosRad / 10) break;
    }
    return low;
  }
}

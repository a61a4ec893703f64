import {
  phaseWidth,
  stopTravelRad,
  transitionPhaseCount,
  velocityTransition,
  type MotionLimits,
} from "./velocity-transition.ts";

// Where things lie in the state array: one array, so that a copy is one call.
const At = { pos: 0, vel: 1, acc: 2, endPos: 3, phase: 4, phaseElapsed: 5, plan: 6 } as const;
const planPhaseCount = transitionPhaseCount + 1 + transitionPhaseCount;
const planWidth = planPhaseCount * phaseWidth;
const cruiseAt = At.plan + transitionPhaseCount * phaseWidth;
const brakeAt = cruiseAt + phaseWidth;

/** Two positions closer than this are one: far below what any encoder resolves. */
const samePosRad = 1e-12;
/** Rounding may put the end of a stop this far beyond a limit; it is put back on the limit. */
const limitRoundingRad = 1e-9;

/**
 * Jerk-limited motion of one axis, planned anew from whatever state it is in each time the goal
 * changes. One idea: head for the cruise velocity as fast as the limits allow, and brake as late as
 * still stops on the target. Where to switch is one number, found by bisection, because the place of
 * rest moves monotonically with it. From rest this is the time-optimal seven-phase profile.
 *
 * Promises, for any sequence of goals from a state that respects them: velocity, acceleration and
 * jerk stay within limits at every instant; the position stays within [lower, upper]; a target is
 * reached exactly and kept; it is overshot only if it was set inside the braking distance.
 */
export class AxisShaper {
  readonly limits: MotionLimits;
  readonly #periodS: number;
  readonly #state = new Float64Array(At.plan + planWidth);

  constructor(limits: MotionLimits, periodMs = 5) {
    this.limits = limits;
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
    return (this.#state[At.phase] ?? 0) < planPhaseCount;
  }
  /** Where the axis would come to rest if it braked now. */
  get stopPosRad(): number {
    if (!this.moving) return this.posRad;
    return this.posRad + stopTravelRad(this.velRadPerS, this.accRadPerS2, this.limits);
  }
  /**
   * The lowest position on the way to `stopPosRad`: braking too hard a fall to end it without turning
   * back, an axis goes below its place of rest first.
   */
  get lowestStopPosRad(): number {
    const { posRad, velRadPerS: vel, accRadPerS2: acc } = this;
    const jerk = this.limits.maxJerkRadPerS3;
    const discriminant = acc * acc + 2 * jerk * vel;
    if (!this.moving || vel >= 0 || acc <= 0 || discriminant <= 0) {
      return Math.min(posRad, this.stopPosRad);
    }
    // Acceleration ramps down from `acc`; the fall ends where velocity is 0: vel + acc t - jerk t^2 / 2.
    const turnS = (acc - Math.sqrt(discriminant)) / jerk;
    return posRad + turnS * (vel + turnS * (acc / 2 - (turnS * jerk) / 6));
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
  }

  /** Brakes to rest as fast as the limits allow. // hot path */
  stop(): void {
    if (!this.moving && this.velRadPerS === 0 && this.accRadPerS2 === 0) return;
    this.#clearPlan();
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
    const { lowerRad, upperRad, maxVelocityRadPerS } = this.limits;
    const target = Math.min(Math.max(posRad, lowerRad), upperRad);
    const pos = this.posRad;
    const vel = this.velRadPerS;
    const acc = this.accRadPerS2;
    const wayRad = target - this.stopPosRad;
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
    const cruise = Math.sign(wayRad) * Math.min(maxVelRadPerS, maxVelocityRadPerS);
    velocityTransition(vel, acc, cruise, this.limits, this.#state, At.plan);
    this.#planArrival(target, cruise);
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
      if (phase === planPhaseCount) this.#comeToRest();
    }
  }

  #limitTowards(velRadPerS: number): number {
    return velRadPerS > 0 ? this.limits.upperRad : this.limits.lowerRad;
  }

  /** The plan ended: what rounding left (below 1e-11 rad) goes away, so a target is met exactly. */
  #comeToRest(): void {
    const state = this.#state;
    state[At.pos] = state[At.endPos] ?? 0;
    state[At.vel] = 0;
    state[At.acc] = 0;
  }

  #clearPlan(): void {
    this.#state.fill(0, At.phase);
  }

  /** Braking from a state into the last three phases. Without a target the axis ends where it ends. */
  #planStop(pos: number, vel: number, acc: number, target: number): void {
    const { lowerRad, upperRad } = this.limits;
    velocityTransition(vel, acc, 0, this.limits, this.#state, brakeAt);
    let end = target;
    if (Number.isNaN(end)) {
      end = pos + stopTravelRad(vel, acc, this.limits);
      if (end > upperRad && end < upperRad + limitRoundingRad) end = upperRad;
      if (end < lowerRad && end > lowerRad - limitRoundingRad) end = lowerRad;
    }
    this.#state[At.endPos] = end;
  }

  /** Follows the transition to cruise in the plan as long as it still stops on the target, then brakes. */
  #planArrival(target: number, cruise: number): void {
    const plan = this.#state;
    const sign = Math.sign(cruise);
    let pos = this.posRad;
    let vel = this.velRadPerS;
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
    return pos + travelled + stopTravelRad(velThen, acc + t * jerk, this.limits);
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

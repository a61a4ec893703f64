import type { MotionLimits } from "./velocity-transition.ts";

/** Bandwidth of tracking a reference closely: an error of 5 mrad is what the jerk of a phone mount can take. */
const trackRadPerS = 25;

/**
 * Stays on a reference that moves by a linear law: the jerk of the reference less feedback of the errors of
 * acceleration, velocity and position, with all three poles at `trackRadPerS`. Holds only while that stays
 * within the limits.
 */
export class TrackingLaw {
  readonly #periodS: number;

  constructor(periodS: number) {
    this.#periodS = periodS;
  }

  /**
   * One period. False where it would break a limit of velocity, acceleration or jerk, at its end, within it,
   * or when the acceleration is taken away after it. // hot path
   *
   * @param state position, velocity, acceleration.
   * @param reference the same of the reference at the begin of the period, then at its end.
   * @param next position, velocity, acceleration at the end of the period, and its jerk. Overwritten.
   */
  step(
    state: Float64Array,
    reference: Float64Array,
    limits: MotionLimits,
    next: Float64Array,
  ): boolean {
    const periodS = this.#periodS;
    const w = trackRadPerS;
    const pos = state[0] ?? 0;
    const vel = state[1] ?? 0;
    const acc = state[2] ?? 0;
    const offRad = pos - (reference[0] ?? 0);
    const offVel = vel - (reference[1] ?? 0);
    const offAcc = acc - (reference[2] ?? 0);
    const wantedJerk = ((reference[5] ?? 0) - (reference[2] ?? 0)) / periodS;
    const jerk = wantedJerk - w * (3 * offAcc + w * (3 * offVel + w * offRad));
    const nextAcc = acc + jerk * periodS;
    const nextVel = vel + periodS * (acc + (periodS * jerk) / 2);
    const releasedVel = nextVel + (nextAcc * Math.abs(nextAcc)) / (2 * limits.maxJerkRadPerS3);
    if (!(Math.abs(jerk) <= limits.maxJerkRadPerS3)) return false;
    if (Math.abs(nextAcc) > limits.maxAccelerationRadPerS2) return false;
    if (Math.abs(nextVel) > limits.maxVelocityRadPerS) return false;
    if (Math.abs(releasedVel) > limits.maxVelocityRadPerS) return false;
    // Where acceleration changes its sign within the period, velocity is greatest in between.
    if (acc * nextAcc < 0) {
      const turnVel = vel - (acc * acc) / (2 * jerk);
      if (Math.abs(turnVel) > limits.maxVelocityRadPerS) return false;
    }
    next[0] = pos + periodS * (vel + periodS * (acc / 2 + (periodS * jerk) / 6));
    next[1] = nextVel;
    next[2] = nextAcc;
    next[3] = jerk;
    return true;
  }
}

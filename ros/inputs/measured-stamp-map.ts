import type { StampLimits, StampMap, StampVerdict } from "./stamp-map.ts";

/** The offset is the smallest of the last one to two windows: crystals part by less than 1 ms in that. */
const windowMs = 5000;
/** Refused messages that agree with each other for this long, while none is good, are a stepped clock. */
const stepConfirmMs = 1000;
const stepConfirmCount = 5;
const agreeMs = 50;

/**
 * Measures the offset between ROS stamps and the monotonic clock from the messages themselves: the
 * quickest message of the last seconds is taken to have needed no time. So the machines' wall clocks
 * need not agree, and a message that took longer is older by just that.
 *
 * One map serves all inputs: joint states arrive within a millisecond and set the offset, against
 * which the delay of a picture, which takes tens, is seen. Inputs from machines whose clocks differ
 * are refused as stale or from the future, not silently mixed.
 */
export class MeasuredStampMap implements StampMap {
  timeMs = Number.NaN;
  ageMs = Number.NaN;
  offsetMs = Number.NaN;
  stepCount = 0;
  readonly #limits: StampLimits;
  #windowStartMs = 0;
  #windowMinMs = Number.POSITIVE_INFINITY;
  #earlierMinMs = Number.POSITIVE_INFINITY;
  #doubtOffsetMs = Number.NaN;
  #doubtSinceMs = 0;
  #doubtCount = 0;

  constructor(limits: StampLimits) {
    this.#limits = limits;
  }

  /** // hot path */
  judge(stampMs: number, arrivalMs: number): StampVerdict {
    if (stampMs === 0) return "unstamped";
    const offsetMs = arrivalMs - stampMs;
    if (Number.isNaN(this.offsetMs)) this.#adopt(offsetMs, arrivalMs);
    this.ageMs = offsetMs - this.offsetMs;
    const verdict = this.#verdict();
    if (verdict !== "ok") {
      if (!this.#isStepped(offsetMs, arrivalMs)) return verdict;
      this.stepCount += 1;
      this.#adopt(offsetMs, arrivalMs);
    }
    this.#doubtCount = 0;
    this.#learn(offsetMs, arrivalMs);
    this.timeMs = stampMs + this.offsetMs;
    return "ok";
  }

  #verdict(): StampVerdict {
    if (this.ageMs > this.#limits.maxAgeMs) return "stale";
    return this.ageMs < -this.#limits.maxAheadMs ? "future" : "ok";
  }

  #learn(offsetMs: number, arrivalMs: number): void {
    if (arrivalMs - this.#windowStartMs >= windowMs) {
      this.#earlierMinMs = this.#windowMinMs;
      this.#windowMinMs = Number.POSITIVE_INFINITY;
      this.#windowStartMs = arrivalMs;
    }
    this.#windowMinMs = Math.min(this.#windowMinMs, offsetMs);
    this.offsetMs = Math.min(this.#windowMinMs, this.#earlierMinMs);
  }

  #adopt(offsetMs: number, arrivalMs: number): void {
    this.offsetMs = offsetMs;
    this.ageMs = 0;
    this.#windowStartMs = arrivalMs;
    this.#windowMinMs = offsetMs;
    this.#earlierMinMs = Number.POSITIVE_INFINITY;
  }

  /** A good message of any input ends the doubt, so one slow input cannot move the clock of the others. */
  #isStepped(offsetMs: number, arrivalMs: number): boolean {
    const agrees = Math.abs(offsetMs - this.#doubtOffsetMs) <= agreeMs;
    if (this.#doubtCount === 0 || !agrees) {
      this.#doubtOffsetMs = offsetMs;
      this.#doubtSinceMs = arrivalMs;
      this.#doubtCount = 1;
      return false;
    }
    this.#doubtCount += 1;
    const isOld = arrivalMs - this.#doubtSinceMs >= stepConfirmMs;
    return isOld && this.#doubtCount >= stepConfirmCount;
  }
}

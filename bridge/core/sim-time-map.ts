/** Beyond this the two clocks are not drifting: the world was paused, reset, stepped, or stalled. */
const jumpLimitMs = 250;
const windowMs = 500;
/** How much of a window's error is corrected in the next. */
const rateGain = 0.5;
const phaseGain = 0.5;
const minRate = 0.05;
const maxRate = 20;
/** Stamps rise, whatever the clocks do. */
const smallestStepMs = 0.001;

/**
 * Simulated time on the monotonic clock. A message takes a varying time to arrive, and a world runs at
 * a factor of real time that wanders; so the map follows the quickest arrivals and the mean rate, and
 * stamps come out evenly spaced as the physics made them. It never stamps later than the arrival.
 */
export class SimTimeMap {
  /** Times the map was set up anew because the clocks no longer agreed. */
  jumpCount = 0;
  #anchorSimMs = Number.NaN;
  #anchorMs = 0;
  /** Monotonic ms per simulated ms: the inverse of the real time factor. */
  #rate = 1;
  #isRateKnown = false;
  #windowStartMs = 0;
  #smallestLagMs = Number.POSITIVE_INFINITY;
  /** The quickest message of this window and of the one before: the rate is the line through them. */
  #quickSimMs = 0;
  #quickMs = 0;
  #earlierQuickSimMs = 0;
  #earlierQuickMs = 0;
  #lastSimMs = Number.NaN;
  #lastStampMs = Number.NEGATIVE_INFINITY;

  /** Simulated seconds per second, as measured. */
  get realTimeFactor(): number {
    return 1 / this.#rate;
  }

  /** The monotonic time of something that arrived just now and was true at `simMs`. // hot path */
  stamp(simMs: number, arrivalMs: number): number {
    if (!(simMs >= this.#lastSimMs)) this.#setUp(simMs, arrivalMs);
    this.#lastSimMs = simMs;
    let stampMs = this.timeOf(simMs);
    let lagMs = arrivalMs - stampMs;
    if (Math.abs(lagMs) > jumpLimitMs) {
      this.#setUp(simMs, arrivalMs);
      stampMs = arrivalMs;
      lagMs = 0;
    } else if (lagMs < 0 || !this.#isRateKnown) {
      this.#anchorMs += lagMs;
      stampMs = arrivalMs;
      lagMs = 0;
    }
    if (lagMs < this.#smallestLagMs) {
      this.#smallestLagMs = lagMs;
      this.#quickSimMs = simMs;
      this.#quickMs = arrivalMs;
    }
    if (arrivalMs - this.#windowStartMs >= windowMs) this.#endWindow(simMs, arrivalMs);
    this.#lastStampMs = Math.max(stampMs, this.#lastStampMs + smallestStepMs);
    return this.#lastStampMs;
  }

  /** As `stamp`, for a second stream of the same world: does not learn. // hot path */
  peek(simMs: number, arrivalMs: number): number {
    const stampMs = this.timeOf(simMs);
    return Math.abs(arrivalMs - stampMs) > jumpLimitMs ? arrivalMs : Math.min(stampMs, arrivalMs);
  }

  /** The monotonic time of a simulated instant as far as is known; NaN before the first. // hot path */
  timeOf(simMs: number): number {
    return this.#anchorMs + (simMs - this.#anchorSimMs) * this.#rate;
  }

  /** The simulated instant at a monotonic time as far as is known; NaN before the first. */
  simTimeAt(timeMs: number): number {
    return this.#anchorSimMs + (timeMs - this.#anchorMs) / this.#rate;
  }

  #setUp(simMs: number, arrivalMs: number): void {
    if (!Number.isNaN(this.#anchorSimMs)) this.jumpCount += 1;
    this.#anchorSimMs = simMs;
    this.#anchorMs = arrivalMs;
    this.#earlierQuickSimMs = simMs;
    this.#earlierQuickMs = arrivalMs;
    this.#beginWindow(arrivalMs);
  }

  #endWindow(simMs: number, arrivalMs: number): void {
    // While the rate is not known every message counts as quick; the newest tells most.
    const quickSimMs = this.#isRateKnown ? this.#quickSimMs : simMs;
    const quickMs = this.#isRateKnown ? this.#quickMs : arrivalMs;
    const spanMs = quickMs - this.#earlierQuickMs;
    const simulatedMs = quickSimMs - this.#earlierQuickSimMs;
    // Turn the line about the newest point, so that stamps do not jump.
    this.#anchorMs = this.timeOf(simMs) + phaseGain * this.#smallestLagMs;
    this.#anchorSimMs = simMs;
    if (spanMs >= windowMs / 2 && simulatedMs > 0) {
      const rate = Math.min(Math.max(spanMs / simulatedMs, minRate), maxRate);
      this.#rate = this.#isRateKnown ? this.#rate + rateGain * (rate - this.#rate) : rate;
      this.#isRateKnown = true;
      this.#earlierQuickSimMs = quickSimMs;
      this.#earlierQuickMs = quickMs;
    }
    this.#beginWindow(arrivalMs);
  }

  #beginWindow(arrivalMs: number): void {
    this.#windowStartMs = arrivalMs;
    this.#smallestLagMs = Number.POSITIVE_INFINITY;
  }
}

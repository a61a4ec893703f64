/** Lets through at most so many per second, evenly: what comes between is left out. */
export class RateLimit {
  #lastMs = Number.NEGATIVE_INFINITY;

  /** @param maxRateHz 0 = none. // hot path */
  allows(timeMs: number, maxRateHz: number): boolean {
    // A tenth of a period of slack: steps of 40 ms, 1 ms early, are still 25 Hz.
    if (maxRateHz <= 0 || timeMs - this.#lastMs < 900 / maxRateHz) return false;
    this.#lastMs = timeMs;
    return true;
  }
}

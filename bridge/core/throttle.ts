/** Lets one report through per period and counts the rest. */
export class Throttle {
  readonly #periodMs: number;
  #lastMs = Number.NEGATIVE_INFINITY;
  #silentCount = 0;

  constructor(periodMs: number) {
    this.#periodMs = periodMs;
  }

  /** How many were kept silent since the last one that passed; undefined if this one is silent too. */
  take(nowMs: number): number | undefined {
    if (nowMs - this.#lastMs < this.#periodMs) {
      this.#silentCount += 1;
      return undefined;
    }
    const silentCount = this.#silentCount;
    this.#lastMs = nowMs;
    this.#silentCount = 0;
    return silentCount;
  }
}

/** How much the two clocks may drift apart, and how far back a stamp may be before it is a new start. */
const driftRatio = 100e-6;
const rebootMs = 500;

/**
 * A device's milliseconds since boot on our clock: the quickest message tells best how far the two are apart.
 * No stamp comes out ahead of its arrival, or twice.
 */
export class BootClock {
  #offsetMs = Number.NaN;
  #lastBootMs = Number.NaN;
  #lastArrivalMs = Number.NaN;
  #lastStampMs = Number.NEGATIVE_INFINITY;

  /** True when the device has begun to count anew. */
  isReboot(bootMs: number): boolean {
    return bootMs < this.#lastBootMs - rebootMs;
  }

  reset(): void {
    this.#offsetMs = this.#lastBootMs = this.#lastArrivalMs = Number.NaN;
  }

  /** When the message was made, monotonic ms; NaN for one that is no newer than the last. // hot path */
  stamp(bootMs: number, arrivalMs: number): number {
    const offset = arrivalMs - bootMs;
    const drifted = this.#offsetMs + driftRatio * (arrivalMs - this.#lastArrivalMs);
    this.#offsetMs = Number.isNaN(drifted) ? offset : Math.min(offset, drifted);
    this.#lastBootMs = bootMs;
    this.#lastArrivalMs = arrivalMs;
    const stampMs = Math.min(bootMs + this.#offsetMs, arrivalMs);
    if (stampMs <= this.#lastStampMs) return Number.NaN;
    this.#lastStampMs = stampMs;
    return stampMs;
  }
}

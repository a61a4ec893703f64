const bucketMs = 0.05;
const bucketCount = 1000;
/** p99 is of the last one to two windows. */
const windowTicks = 2000;

/**
 * The time grid of a fixed-rate loop: tick n is due at start + n * period, so it never drifts, and
 * a tick that is a whole period late is given up and counted, never replayed. Measures lateness.
 */
export class TickPacer {
  readonly periodMs: number;
  readonly #startMs: number;
  /** Two windows of a lateness histogram: the one being filled, and the last full one. */
  readonly #buckets = [new Uint32Array(bucketCount), new Uint32Array(bucketCount)] as const;
  #filling: 0 | 1 = 0;
  #inWindow = 0;
  #nextIndex = 0;
  #missedCount = 0;
  #lateMsMax = 0;
  #dueMs: number;

  constructor(startMs: number, periodMs: number) {
    this.#startMs = startMs;
    this.periodMs = periodMs;
    this.#dueMs = startMs;
  }

  /** When the next tick is due. */
  get dueMs(): number {
    return this.#dueMs;
  }
  /** Index of the next tick: ticks done and ticks given up. */
  get nextIndex(): number {
    return this.#nextIndex;
  }
  get missedCount(): number {
    return this.#missedCount;
  }
  get lateMsMax(): number {
    return this.#lateMsMax;
  }

  /** Takes the due tick, or, if late, the newest due one; returns the time it was due. // hot path */
  take(nowMs: number): number {
    const newest = Math.floor((nowMs - this.#startMs) / this.periodMs);
    if (newest > this.#nextIndex) {
      this.#missedCount += newest - this.#nextIndex;
      this.#nextIndex = newest;
    }
    // Lateness counts from the first tick that was due: giving it up does not make the loop punctual.
    this.#note(Math.max(0, nowMs - this.#dueMs));
    const tickMs = this.#startMs + this.#nextIndex * this.periodMs;
    this.#nextIndex += 1;
    this.#dueMs = this.#startMs + this.#nextIndex * this.periodMs;
    return tickMs;
  }

  /** Upper edge of the histogram bucket that holds the 99th percentile; 50 ms stands for more. */
  lateMsP99(): number {
    const [even, odd] = this.#buckets;
    let total = 0;
    for (let i = 0; i < bucketCount; i += 1) total += (even[i] ?? 0) + (odd[i] ?? 0);
    let above = Math.floor(total * 0.01);
    for (let i = bucketCount - 1; i > 0; i -= 1) {
      above -= (even[i] ?? 0) + (odd[i] ?? 0);
      if (above < 0) return (i + 1) * bucketMs;
    }
    return bucketMs;
  }

  #note(lateMs: number): void {
    if (lateMs > this.#lateMsMax) this.#lateMsMax = lateMs;
    if (this.#inWindow === windowTicks) {
      this.#filling = this.#filling === 0 ? 1 : 0;
      this.#buckets[this.#filling].fill(0);
      this.#inWindow = 0;
    }
    this.#inWindow += 1;
    const bucket = Math.min(bucketCount - 1, Math.floor(lateMs / bucketMs));
    const window = this.#buckets[this.#filling];
    window[bucket] = (window[bucket] ?? 0) + 1;
  }
}

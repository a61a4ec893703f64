/** How late a periodic thread wakes: p99 over the last window and the largest ever. */
export class Lateness {
  readonly #window = new Float64Array(1024);
  readonly #sorted = new Float64Array(1024);
  #count = 0;
  maxMs = 0;

  /** // hot path */
  add(lateMs: number): void {
    this.#window[this.#count % this.#window.length] = lateMs;
    this.#count += 1;
    if (lateMs > this.maxMs) this.maxMs = lateMs;
  }

  /** Sorts the window: call it about once a second. 0 before the first sample. */
  p99Ms(): number {
    const filled = Math.min(this.#count, this.#window.length);
    if (filled === 0) return 0;
    const sorted = this.#sorted.subarray(0, filled);
    sorted.set(this.#window.subarray(0, filled));
    sorted.sort();
    return sorted[Math.min(filled - 1, Math.ceil(filled * 0.99) - 1)] ?? 0;
  }
}

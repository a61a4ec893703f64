/** Quantiles of the last `capacity` values: enough for a report once a second, constant memory. */
export class RecentQuantiles {
  readonly #values: Float64Array;
  #count = 0;

  constructor(capacity = 256) {
    this.#values = new Float64Array(capacity);
  }

  /** // hot path */
  add(value: number): void {
    this.#values[this.#count % this.#values.length] = value;
    this.#count += 1;
  }

  /** Null while empty. */
  at(ratio: number): number | null {
    const filled = Math.min(this.#count, this.#values.length);
    if (filled === 0) return null;
    const sorted = this.#values.slice(0, filled).sort();
    return sorted[Math.min(filled - 1, Math.floor(ratio * filled))] ?? null;
  }
}

/**
 * A delay line of setpoints in simulated time: one row per step, read `latencySteps` rows later. A
 * latency of 0 gives the row just written.
 */
export class CommandDelay {
  /** All rows; copy it out and in to save and restore. The position in it follows from the step. */
  readonly rows: Float64Array;
  readonly #width: number;
  readonly #capacity: number;
  latencySteps = 0;

  constructor(size: { readonly width: number; readonly maxLatencySteps: number }) {
    this.#width = size.width;
    this.#capacity = size.maxLatencySteps + 1;
    this.rows = new Float64Array(this.#width * this.#capacity);
  }

  /** Every row is `row`: as if it had been commanded since long ago. */
  fill(row: Float64Array): void {
    for (let base = 0; base < this.rows.length; base += this.#width) this.rows.set(row, base);
  }

  /** The row that was commanded `ageSteps` (1 ... maxLatencySteps) before `stepIndex`, for writing. */
  rowBefore(stepIndex: number, ageSteps: number): Float64Array {
    const index = (stepIndex + this.#capacity - ageSteps) % this.#capacity;
    return this.rows.subarray(index * this.#width, (index + 1) * this.#width);
  }

  /** Row of this step in, the row that takes effect now out. `stepIndex` rises by 1 from 0. // hot path */
  exchange(stepIndex: number, row: Float64Array, effective: Float64Array): void {
    const writeBase = (stepIndex % this.#capacity) * this.#width;
    const readBase =
      ((stepIndex + this.#capacity - this.latencySteps) % this.#capacity) * this.#width;
    for (let i = 0; i < this.#width; i += 1) this.rows[writeBase + i] = row[i] ?? 0;
    for (let i = 0; i < this.#width; i += 1) effective[i] = this.rows[readBase + i] ?? 0;
  }
}

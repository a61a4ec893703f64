/** A write takes under a microsecond; a writer that is still inside after so many looks is gone. */
const maxTries = 100_000;

/**
 * The newest value of a row of float64, one writer, any readers, no locks: a sequence lock in a
 * SharedArrayBuffer. The sequence is odd while the writer is inside.
 *
 * ```
 * byte 0   int32   sequence
 * byte 8   float64 row[width]
 * ```
 */
export class SharedRow {
  readonly buffer: SharedArrayBuffer;
  readonly width: number;
  readonly #sequence: Int32Array;
  readonly #row: Float64Array;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#sequence = new Int32Array(buffer, 0, 1);
    this.#row = new Float64Array(buffer, 8);
    this.width = this.#row.length;
  }

  static create(width: number): SharedRow {
    return new SharedRow(new SharedArrayBuffer(8 + width * 8));
  }

  /** Number of writes so far; 0 = nothing written yet. */
  get version(): number {
    return Atomics.load(this.#sequence, 0) >>> 1;
  }

  /** // hot path */
  write(row: Float64Array): void {
    Atomics.add(this.#sequence, 0, 1);
    this.#row.set(row);
    Atomics.add(this.#sequence, 0, 1);
  }

  /**
   * Copies the newest complete row into `out`. False while nothing was written, or when the writer's
   * thread died inside a write; `out` is then not to be used. // hot path
   */
  read(out: Float64Array): boolean {
    for (let tries = 0; tries < maxTries; tries += 1) {
      const before = Atomics.load(this.#sequence, 0);
      if (before === 0) return false;
      if ((before & 1) === 1) continue;
      out.set(this.#row);
      if (Atomics.load(this.#sequence, 0) === before) return true;
    }
    return false;
  }
}

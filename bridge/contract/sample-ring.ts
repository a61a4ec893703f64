/** Where a time lies relative to the samples a ring holds. */
export type SampleOutcome = "ok" | "ahead" | "behind" | "empty";

/**
 * A history of stamped float64 rows between threads: one writer, any readers, no locks. Readers ask
 * for a time and get a linear interpolation, so threads need not tick together.
 *
 * ```
 * byte 0   int32   samples pushed so far (head)
 * byte 4   int32   row width
 * byte 8   float64 [capacity][1 + width]   stamp (monotonic ms), row
 * ```
 * A reader that was overtaken while copying notices from the head and reports `behind`.
 */
export class SampleRing {
  readonly buffer: SharedArrayBuffer;
  readonly width: number;
  readonly capacity: number;
  readonly #head: Int32Array;
  readonly #data: Float64Array;
  readonly #stride: number;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#head = new Int32Array(buffer, 0, 2);
    this.#data = new Float64Array(buffer, 8);
    this.width = Atomics.load(this.#head, 1);
    this.#stride = this.width + 1;
    this.capacity = this.#data.length / this.#stride;
  }

  static create(options: { readonly capacity: number; readonly width: number }): SampleRing {
    const buffer = new SharedArrayBuffer(8 + options.capacity * (options.width + 1) * 8);
    new Int32Array(buffer, 0, 2)[1] = options.width;
    return new SampleRing(buffer);
  }

  get count(): number {
    return Atomics.load(this.#head, 0);
  }

  /** Stamps must rise. // hot path */
  push(stampMs: number, row: Float64Array): void {
    const head = Atomics.load(this.#head, 0);
    const base = (head % this.capacity) * this.#stride;
    this.#data[base] = stampMs;
    this.#data.set(row, base + 1);
    Atomics.store(this.#head, 0, head + 1);
  }

  /** Newest row into `out`; returns its stamp in monotonic ms, or NaN while empty. // hot path */
  latest(out: Float64Array): number {
    for (;;) {
      const head = Atomics.load(this.#head, 0);
      if (head === 0) return Number.NaN;
      const base = ((head - 1) % this.capacity) * this.#stride;
      const stampMs = this.#at(base);
      for (let i = 0; i < this.width; i += 1) out[i] = this.#at(base + 1 + i);
      if (Atomics.load(this.#head, 0) - head < this.capacity - 1) return stampMs;
    }
  }

  /**
   * Row `index`, counted from the first ever pushed, into `out`; returns its stamp, or NaN if it has not
   * been pushed yet or was overwritten.
   */
  rowAt(index: number, out: Float64Array): number {
    const head = Atomics.load(this.#head, 0);
    if (index < 0 || index >= head || head - index > this.capacity - 1) return Number.NaN;
    const base = this.#base(index);
    const stampMs = this.#at(base);
    for (let i = 0; i < this.width; i += 1) out[i] = this.#at(base + 1 + i);
    return Atomics.load(this.#head, 0) - index < this.capacity ? stampMs : Number.NaN;
  }

  latestStampMs(): number {
    const head = Atomics.load(this.#head, 0);
    return head === 0 ? Number.NaN : this.#at(((head - 1) % this.capacity) * this.#stride);
  }

  /** The row at `timeMs`, linear between the two samples around it. // hot path */
  sampleAt(timeMs: number, out: Float64Array): SampleOutcome {
    const head = Atomics.load(this.#head, 0);
    if (head === 0) return "empty";
    // One slot is left out: the writer may be inside the oldest.
    const oldest = Math.max(0, head - this.capacity + 1);
    let low = oldest;
    let high = head - 1;
    if (this.#at(this.#base(high)) < timeMs) return "ahead";
    if (this.#at(this.#base(low)) > timeMs) return "behind";
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (this.#at(this.#base(middle)) <= timeMs) low = middle;
      else high = middle;
    }
    const lowBase = this.#base(low);
    const highBase = this.#base(high);
    const lowMs = this.#at(lowBase);
    const highMs = this.#at(highBase);
    const ratio = highMs > lowMs ? (timeMs - lowMs) / (highMs - lowMs) : 0;
    for (let i = 1; i <= this.width; i += 1) {
      const from = this.#at(lowBase + i);
      out[i - 1] = from + (this.#at(highBase + i) - from) * ratio;
    }
    return Atomics.load(this.#head, 0) - low < this.capacity ? "ok" : "behind";
  }

  #base(index: number): number {
    return (index % this.capacity) * this.#stride;
  }

  #at(index: number): number {
    return this.#data[index] ?? Number.NaN;
  }
}

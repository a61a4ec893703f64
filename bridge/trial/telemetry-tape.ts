import type { SampleRing } from "../contract/sample-ring.ts";
import type { Trace } from "./step-response.ts";

/** Keeps what a ring forgets after two seconds, for as long as a trial lasts. Rows of positions first. */
export class TelemetryTape {
  readonly #ring: SampleRing;
  readonly #row: Float64Array;
  readonly #stamps: number[] = [];
  readonly #rows: Float64Array[] = [];
  #next: number;

  constructor(ring: SampleRing) {
    this.#ring = ring;
    this.#row = new Float64Array(ring.width);
    this.#next = ring.count;
  }

  /** Copies what is new. To be called every second at least. */
  pull(): void {
    for (; this.#next < this.#ring.count; this.#next += 1) {
      const stampMs = this.#ring.rowAt(this.#next, this.#row);
      if (Number.isNaN(stampMs)) continue;
      this.#stamps.push(stampMs);
      this.#rows.push(this.#row.slice());
    }
  }

  /** Stamps of what came at or after `fromMs`. */
  stampsSince(fromMs: number): readonly number[] {
    return this.#stamps.filter((stampMs) => stampMs >= fromMs);
  }

  axis(index: number, fromMs: number): Trace {
    const timeMs: number[] = [];
    const posRad: number[] = [];
    for (const [at, stampMs] of this.#stamps.entries()) {
      if (stampMs < fromMs) continue;
      timeMs.push(stampMs);
      posRad.push(this.#rows[at]?.[index] ?? Number.NaN);
    }
    return { timeMs, posRad };
  }

  /** Newest value of a column; NaN before the first. */
  latest(column: number): number {
    return this.#rows.at(-1)?.[column] ?? Number.NaN;
  }
}

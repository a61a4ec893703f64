/** Stamped values of one curve, oldest first, forgotten after `keepMs`. */
export class TimeSeries {
  readonly #keepMs: number;
  readonly #points: { timeMs: number; value: number }[] = [];

  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  get points(): readonly { readonly timeMs: number; readonly value: number }[] {
    return this.#points;
  }

  get latest(): number | undefined {
    return this.#points.at(-1)?.value;
  }

  /** A stamp that goes back (the server began anew) forgets what was. */
  push(timeMs: number, value: number): void {
    const last = this.#points.at(-1);
    if (last !== undefined && timeMs < last.timeMs) this.#points.length = 0;
    this.#points.push({ timeMs, value });
    const oldestMs = timeMs - this.#keepMs;
    let gone = 0;
    while ((this.#points[gone]?.timeMs ?? oldestMs) < oldestMs) gone += 1;
    // In blocks: shifting an array at every sample moves all of it.
    if (gone > 50) this.#points.splice(0, gone);
  }
}

/** Extends `range` to hold `value`. */
export function widen(range: { low: number; high: number }, value: number): void {
  if (value < range.low) range.low = value;
  if (value > range.high) range.high = value;
}

/** A round step that divides `span` into about `count` parts: 1, 2 or 5 times a power of ten. */
export function niceStep(span: number, count: number): number {
  const raw = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const lead = raw / power;
  return (lead > 5 ? 10 : lead > 2 ? 5 : lead > 1 ? 2 : 1) * power;
}

const capacity = 32;

/** The joint positions of the last observations, so that a camera frame can be placed in time. */
export class PoseHistory {
  readonly #stampsMs = new Float64Array(capacity);
  readonly #rows: readonly Float64Array[];
  #count = 0;

  constructor(axisCount: number) {
    this.#rows = Array.from({ length: capacity }, () => new Float64Array(axisCount));
  }

  clear(): void {
    this.#count = 0;
  }

  /** Stamps rise. // hot path */
  push(stampMs: number, posRad: Float64Array): void {
    const slot = this.#count % capacity;
    this.#stampsMs[slot] = stampMs;
    this.#rows[slot]?.set(posRad);
    this.#count += 1;
  }

  /** Positions at `timeMs`, linear between observations; outside of them the nearest one. */
  at(timeMs: number, out: Float64Array): void {
    const oldest = Math.max(0, this.#count - capacity);
    let newer = this.#count - 1;
    while (newer > oldest && this.#stampMs(newer - 1) >= timeMs) newer -= 1;
    const older = Math.max(oldest, newer - 1);
    const fromMs = this.#stampMs(older);
    const spanMs = this.#stampMs(newer) - fromMs;
    const ratio = spanMs > 0 ? Math.min(Math.max((timeMs - fromMs) / spanMs, 0), 1) : 1;
    for (let axis = 0; axis < out.length; axis += 1) {
      const from = this.#row(older)[axis] ?? 0;
      out[axis] = from + ((this.#row(newer)[axis] ?? 0) - from) * ratio;
    }
  }

  #stampMs(index: number): number {
    return this.#stampsMs[index % capacity] ?? 0;
  }

  #row(index: number): Float64Array {
    return this.#rows[index % capacity] ?? new Float64Array(0);
  }
}

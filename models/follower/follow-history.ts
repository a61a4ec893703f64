/**
 * Positions and setpoints of the last steps of a few axes. Time is counted in steps back from the newest,
 * fractions of a step are interpolated.
 */
export class FollowHistory {
  readonly axisCount: number;
  readonly #capacity: number;
  readonly #posRad: Float64Array;
  readonly #setpointRad: Float64Array;
  #count = 0;

  constructor(axisCount: number, capacity: number) {
    this.axisCount = axisCount;
    this.#capacity = capacity;
    this.#posRad = new Float64Array(capacity * axisCount);
    this.#setpointRad = new Float64Array(capacity * axisCount);
  }

  /** Steps pushed since the last `clear`. */
  get count(): number {
    return this.#count;
  }

  /** Steps that can be asked for. */
  get length(): number {
    return Math.min(this.#count, this.#capacity);
  }

  /** // hot path */
  push(posRad: Float64Array, setpointRad: Float64Array): void {
    const base = (this.#count % this.#capacity) * this.axisCount;
    this.#posRad.set(posRad, base);
    this.#setpointRad.set(setpointRad, base);
    this.#count += 1;
  }

  clear(): void {
    this.#count = 0;
  }

  /** @param stepsBack a whole number; the oldest where it lies before. // hot path */
  posRad(axis: number, stepsBack: number): number {
    return this.#posRad[this.#at(axis, stepsBack)] ?? 0;
  }

  /** @param stepsBack may be a fraction; the oldest where it lies before. // hot path */
  setpointRad(axis: number, stepsBack: number): number {
    const newer = Math.floor(stepsBack);
    const near = this.#setpointRad[this.#at(axis, newer)] ?? 0;
    if (newer === stepsBack) return near;
    const far = this.#setpointRad[this.#at(axis, newer + 1)] ?? 0;
    return near + (stepsBack - newer) * (far - near);
  }

  #at(axis: number, stepsBack: number): number {
    const back = Math.min(stepsBack, this.length - 1);
    return ((this.#count - 1 - back) % this.#capacity) * this.axisCount + axis;
  }
}

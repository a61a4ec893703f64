/** Memory in steps. */
const windowSteps = 300;
/** Before anything was seen: an error of 10 mrad, and 0.2 rad/s, whatever the horizon. */
const first = { posRad: 0.01, velRadPerS: 0.2 } as const;
/** No axis and no encoder is better than this. */
const least = { posRad: 2e-4, velRadPerS: 2e-3 } as const;

/** Root of the mean squared error of one axis, for each step ahead; apart for an axis that moves and one at rest. */
export class ErrorSpread {
  readonly #pos: Float64Array;
  readonly #vel: Float64Array;
  readonly #counts: Float64Array;
  readonly #horizonSteps: number;

  constructor(horizonSteps: number) {
    this.#horizonSteps = horizonSteps;
    this.#pos = new Float64Array(2 * horizonSteps).fill(first.posRad ** 2);
    this.#vel = new Float64Array(2 * horizonSteps).fill(first.velRadPerS ** 2);
    this.#counts = new Float64Array(2 * horizonSteps);
  }

  /** @param step 1-based. // hot path */
  add(step: number, isMoving: boolean, offRad: number, offRadPerS: number): void {
    const at = this.#at(step, isMoving);
    const count = (this.#counts[at] ?? 0) + 1;
    this.#counts[at] = count;
    // What is assumed counts as ten observed steps.
    const share = Math.max(1 / windowSteps, 1 / (count + 10));
    const pos = this.#pos[at] ?? 0;
    const vel = this.#vel[at] ?? 0;
    this.#pos[at] = pos + share * (offRad * offRad - pos);
    this.#vel[at] = vel + share * (offRadPerS * offRadPerS - vel);
  }

  /** Standard deviation of the position, rad. // hot path */
  posRad(step: number, isMoving: boolean): number {
    return Math.max(least.posRad, Math.sqrt(this.#pos[this.#at(step, isMoving)] ?? 0));
  }

  /** Standard deviation of the velocity, rad/s. // hot path */
  velRadPerS(step: number, isMoving: boolean): number {
    return Math.max(least.velRadPerS, Math.sqrt(this.#vel[this.#at(step, isMoving)] ?? 0));
  }

  #at(step: number, isMoving: boolean): number {
    return (isMoving ? this.#horizonSteps : 0) + step - 1;
  }
}

import type { Observation } from "../bridge/contract/observation.ts";

/** A prediction counts only if the command that then stood is the one it was conditioned on. */
const sameCommandRad = 2e-3;

/**
 * How badly observations fit the one-step predictions made before them: the moving average of half
 * the mean squared normalised error of joint positions and velocities, which is the Gaussian negative
 * log likelihood without its constants. 0.5 for a calibrated model inside what it was trained on.
 */
export class NllScore {
  readonly #weight: number;
  #score: number | undefined;
  #sequence = 0;
  readonly #mean: Float32Array;
  readonly #std: Float32Array;
  readonly #action: Float32Array;

  /** @param weight of the newest observation, 0 to 1. */
  constructor(weight: number, jointCount: number) {
    this.#weight = weight;
    this.#mean = new Float32Array(2 * jointCount);
    this.#std = new Float32Array(2 * jointCount);
    this.#action = new Float32Array(jointCount);
  }

  /** Undefined until an observation could be compared. */
  get score(): number | undefined {
    return this.#score;
  }

  reset(): void {
    this.#score = undefined;
    this.#sequence = 0;
  }

  /** Step 1 of candidate 0, made when `sequence` observations were committed. // hot path */
  predicted(
    sequence: number,
    actionsRad: Float32Array,
    mean: Float32Array,
    std: Float32Array,
  ): void {
    this.#sequence = sequence;
    copyStart(mean, this.#mean);
    copyStart(std, this.#std);
    copyStart(actionsRad, this.#action);
  }

  /** The observation that made the count `sequence`. // hot path */
  observed(sequence: number, { jointPosRad, jointVelRadPerS, commandPosRad }: Observation): void {
    if (this.#sequence === 0 || sequence !== this.#sequence + 1) return;
    const count = jointPosRad.length;
    let sum = 0;
    for (let i = 0; i < count; i += 1) {
      const away = Math.abs((commandPosRad[i] ?? 0) - (this.#action[i] ?? 0));
      if (away > sameCommandRad) return;
      sum += this.#squared(i, jointPosRad[i]) + this.#squared(count + i, jointVelRadPerS[i]);
    }
    const nll = sum / (4 * count);
    const before = this.#score ?? nll;
    this.#score = before + this.#weight * (nll - before);
  }

  #squared(column: number, value = Number.NaN): number {
    const error = value - (this.#mean[column] ?? Number.NaN);
    return (error / (this.#std[column] ?? Number.NaN)) ** 2;
  }
}

function copyStart(from: Float32Array, to: Float32Array): void {
  for (let i = 0; i < to.length; i += 1) to[i] = from[i] ?? 0;
}

/** Arrivals of the last messages of a topic. */
export class RateWindow {
  readonly #gapsS: number[] = [];
  readonly #maxGaps: number;
  #lastMs = Number.NaN;

  /** @param windowSize gaps that are looked at, as `ros2 topic hz --window`. */
  constructor(windowSize: number) {
    this.#maxGaps = Math.max(1, windowSize);
  }

  add(arrivalMs: number): void {
    if (!Number.isNaN(this.#lastMs)) {
      this.#gapsS.push((arrivalMs - this.#lastMs) / 1000);
      if (this.#gapsS.length > this.#maxGaps) this.#gapsS.shift();
    }
    this.#lastMs = arrivalMs;
  }

  /** Undefined before the second message. */
  rate(): TopicRate | undefined {
    const count = this.#gapsS.length;
    if (count === 0) return undefined;
    const meanS = this.#gapsS.reduce((sum, gapS) => sum + gapS, 0) / count;
    const squares = this.#gapsS.reduce((sum, gapS) => sum + (gapS - meanS) ** 2, 0);
    return {
      rateHz: meanS > 0 ? 1 / meanS : 0,
      minS: Math.min(...this.#gapsS),
      maxS: Math.max(...this.#gapsS),
      deviationS: Math.sqrt(squares / count),
      window: count + 1,
    };
  }
}

export interface TopicRate {
  readonly rateHz: number;
  readonly minS: number;
  readonly maxS: number;
  readonly deviationS: number;
  readonly window: number;
}

/** Two lines, as `ros2 topic hz` prints them. */
export function rateText({ rateHz, minS, maxS, deviationS, window }: TopicRate): string {
  const gaps = `min: ${minS.toFixed(3)}s max: ${maxS.toFixed(3)}s`;
  return `average rate: ${rateHz.toFixed(3)}\n\t${gaps} std dev: ${deviationS.toFixed(5)}s window: ${window}`;
}

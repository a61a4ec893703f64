import { seededRandom, uniform, type Random } from "../../bridge/core/seeded-random.ts";

/**
 * When a camera takes its pictures and when they arrive, against a model that asks every 40 ms: other
 * rate, any phase, jitter, and some time on the way. Everything follows from the seed.
 */
export class FrameClock {
  readonly #random: Random;
  readonly #periodMs: number;
  #dueMs: number;
  #arrivesMs = Infinity;

  constructor(seed: number) {
    this.#random = seededRandom(seed ^ 0x0ca3_e7a5);
    this.#periodMs = this.#random() < 0.6 ? 40 : 1000 / 30;
    this.#dueMs = uniform(this.#random, 0, this.#periodMs);
  }

  /** Whether a picture is taken at this moment. */
  takesAt(timeMs: number): boolean {
    if (timeMs < this.#dueMs) return false;
    this.#dueMs += this.#periodMs + uniform(this.#random, -3, 3);
    this.#arrivesMs = timeMs + uniform(this.#random, 4, 14);
    return true;
  }

  /** Whether the picture taken last has arrived. */
  hasArrivedAt(timeMs: number): boolean {
    return timeMs >= this.#arrivesMs;
  }
}

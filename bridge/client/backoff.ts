const firstMs = 250;
const defaultMaxMs = 4000;

/** Waits longer after each failure, and never all clients for the same time. */
export class Backoff {
  readonly #maxMs: number;
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(maxMs = defaultMaxMs) {
    this.#maxMs = maxMs;
  }

  /** Calls `run` later; returns how much later. */
  again(run: () => void): number {
    const ceilingMs = Math.min(firstMs * 2 ** this.#attempt, this.#maxMs);
    // Half of it at random: many pages do not come back in the same instant.
    const waitMs = ceilingMs * (0.5 + Math.random() / 2);
    this.#attempt += 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(run, waitMs);
    return waitMs;
  }

  /** It worked: the next failure is a first one again. */
  reset(): void {
    this.#attempt = 0;
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }
}

import type { Cancel, Scheduler } from "./scheduler.ts";

/** Calls back each time nothing was heard for `periodMs`, from the first `heard` on. One timer, whatever the rate. */
export class SilenceWatch {
  readonly #scheduler: Scheduler;
  readonly #periodMs: number;
  readonly #onSilence: () => void;
  #heardMs = 0;
  #cancel: Cancel | undefined;

  constructor(scheduler: Scheduler, periodMs: number, onSilence: () => void) {
    this.#scheduler = scheduler;
    this.#periodMs = periodMs;
    this.#onSilence = onSilence;
  }

  /** // hot path */
  heard(): void {
    this.#heardMs = this.#scheduler.nowMs();
    if (this.#cancel === undefined) this.#wait(this.#periodMs);
  }

  /** Until `heard` is called again. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #wait(delayMs: number): void {
    this.#cancel = this.#scheduler.after(delayMs, () => {
      const nowMs = this.#scheduler.nowMs();
      const leftMs = this.#heardMs + this.#periodMs - nowMs;
      // Timers may come a fraction of a millisecond early.
      if (leftMs >= 1) {
        this.#wait(leftMs);
        return;
      }
      this.#heardMs = nowMs;
      this.#wait(this.#periodMs);
      this.#onSilence();
    });
  }
}

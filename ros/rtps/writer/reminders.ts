import type { Cancel, Scheduler } from "../transport/scheduler.ts";

// While a reader is behind it is reminded after 40 ms, then 100 ms, then every second.
const delaysMs = [40, 100, 1000] as const;

export interface ReminderSource {
  /** Sends a heartbeat to every reader that is behind; false when none is. */
  remind(): boolean;
  /** Highest number that every reliable reader has acknowledged. */
  ackedThrough(): number;
}

/** Keeps reminding readers that are behind until all have everything; ever more slowly while nothing moves. */
export class Reminders {
  readonly #scheduler: Scheduler;
  readonly #source: ReminderSource;
  #level = 0;
  #ackedBefore = 0;
  #cancel: Cancel | undefined;

  constructor(scheduler: Scheduler, source: ReminderSource) {
    this.#scheduler = scheduler;
    this.#source = source;
  }

  /** // hot path */
  arm(): void {
    if (this.#cancel !== undefined) return;
    this.#cancel = this.#scheduler.after(delaysMs[this.#level] ?? 1000, () => {
      this.#cancel = undefined;
      this.#onTime();
    });
  }

  /** A new reader is to be reminded soon. */
  restart(): void {
    this.#level = 0;
    this.arm();
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #onTime(): void {
    const isBehind = this.#source.remind();
    const acked = this.#source.ackedThrough();
    const isStuck = acked === this.#ackedBefore;
    this.#ackedBefore = acked;
    this.#level = isStuck && isBehind ? Math.min(this.#level + 1, 2) : 0;
    if (isBehind) this.arm();
  }
}

import type { Clock } from "../contract/clock.ts";
import { stampNs, type StampNs } from "../contract/units.ts";
import type { Timer, Timers } from "../core/timers.ts";

interface Waiting {
  readonly dueMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** Time that stands still until it is moved: a clock and the timers that go with it. */
export class ManualTime implements Clock, Timers {
  #nowMs: number;
  #waiting: Waiting[] = [];
  #count = 0;
  #sleeperCount = 0;
  #onSleep: (() => void) | undefined;

  /** @param startMs above 0: heartbeats take 0 for "never". */
  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  readonly monotonicMs = (): number => this.#nowMs;

  stampNsAt(timeMs: number): StampNs {
    return stampNs(BigInt(Math.round(timeMs * 1e6)));
  }

  after(delayMs: number, run: () => void): Timer {
    const waiting = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#count, run };
    this.#count += 1;
    this.#waiting.push(waiting);
    return {
      cancel: () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
      },
    };
  }

  /** Resolves when time has been moved past it. */
  readonly sleep = (delayMs: number): Promise<void> =>
    new Promise((resolve) => {
      this.#sleeperCount += 1;
      this.after(delayMs, () => {
        this.#sleeperCount -= 1;
        resolve();
      });
      this.#onSleep?.();
    });

  /** Resolves once somebody sleeps: nothing more will happen until time moves. */
  whenSleeping(): Promise<void> {
    if (this.#sleeperCount > 0) return Promise.resolve();
    return new Promise((resolve) => (this.#onSleep = resolve));
  }

  advance(byMs: number): void {
    this.#nowMs += byMs;
  }

  /** Runs what is due, also what that makes due. True if there was any. */
  runDue(): boolean {
    let ran = false;
    for (;;) {
      let next: Waiting | undefined;
      for (const waiting of this.#waiting) {
        if (waiting.dueMs > this.#nowMs) continue;
        if (next === undefined || waiting.dueMs < next.dueMs) next = waiting;
      }
      if (next === undefined) return ran;
      const due = next;
      this.#waiting = this.#waiting.filter((other) => other !== due);
      due.run();
      ran = true;
    }
  }
}

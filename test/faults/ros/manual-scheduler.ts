import type { Cancel, Scheduler } from "../../../ros/rtps/transport/scheduler.ts";

interface Task {
  readonly dueMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** Time that a test moves by hand: tasks run in the order they are due, ties in the order they came. */
export class ManualScheduler implements Scheduler {
  #nowMs = 0;
  #order = 0;
  readonly #tasks = new Set<Task>();

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): Cancel {
    this.#order += 1;
    const task: Task = { dueMs: this.#nowMs + delayMs, order: this.#order, run };
    this.#tasks.add(task);
    return () => {
      this.#tasks.delete(task);
    };
  }

  soon(task: () => void): void {
    // A turn of a real event loop takes about this long.
    this.after(0.05, task);
  }

  /** Runs everything due within the next `durationMs`. */
  advance(durationMs: number): void {
    const endMs = this.#nowMs + durationMs;
    for (let next = this.#earliest(); next !== undefined; next = this.#earliest()) {
      if (next.dueMs > endMs) break;
      this.#tasks.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.run();
    }
    this.#nowMs = endMs;
  }

  #earliest(): Task | undefined {
    let earliest: Task | undefined;
    for (const task of this.#tasks) {
      if (
        earliest === undefined ||
        task.dueMs < earliest.dueMs ||
        (task.dueMs === earliest.dueMs && task.order < earliest.order)
      ) {
        earliest = task;
      }
    }
    return earliest;
  }
}

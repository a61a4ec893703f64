/** Stops what `after` planned. Safe to repeat. */
export type Cancel = () => void;

/** Time and timers of one participant: the machine's, or a test's that moves by hand. */
export interface Scheduler {
  /** Monotonic ms. */
  nowMs(): number;
  after(delayMs: number, task: () => void): Cancel;
  /** As soon as the event loop has read its sockets once. */
  soon(task: () => void): void;
}

export function systemScheduler(): Scheduler {
  return {
    nowMs: () => performance.now(),
    after: (delayMs, task) => {
      const timer = setTimeout(task, delayMs);
      return () => {
        clearTimeout(timer);
      };
    },
    soon: (task) => {
      setImmediate(task);
    },
  };
}

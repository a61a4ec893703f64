/** One call later. */
export interface Timer {
  cancel(): void;
}

/** Where a loop gets its later calls from: Node's timers, or a simulation's own time. */
export interface Timers {
  /** @param delayMs from now; below 1 means as soon as possible. */
  after(delayMs: number, run: () => void): Timer;
}

export const systemTimers: Timers = {
  after(delayMs, run) {
    const timer = setTimeout(run, Math.max(0, delayMs));
    return {
      cancel: () => {
        clearTimeout(timer);
      },
    };
  },
};

import { stampNs, type StampNs } from "./units.ts";

/**
 * Time inside the process is `monotonicMs`: milliseconds of CLOCK_MONOTONIC as a float64. Every
 * thread of the process reads the same scale, so values may cross threads in shared memory.
 */
export interface Clock {
  monotonicMs(): number;
  /** The wall-clock stamp of a monotonic time, for messages that leave the process. */
  stampNsAt(monotonicMs: number): StampNs;
}

const offsetNowMs = (): number => Number(process.hrtime.bigint()) / 1e6 - performance.now();
// performance.now() starts anew in each worker; hrtime does not. Two bigints at load, none later: the
// first reading sets both clocks up and is 0.5 ms off.
offsetNowMs();
const threadOffsetMs = offsetNowMs();

/** Milliseconds of CLOCK_MONOTONIC, comparable between threads. 60 ns, no allocation. // hot path */
export function monotonicMs(): number {
  return performance.now() + threadOffsetMs;
}

/** The machine's clocks. The wall offset is taken once, so stamps never step within a run. */
export function systemClock(): Clock {
  const wallOffsetMs = performance.timeOrigin + performance.now() - monotonicMs();
  return {
    monotonicMs,
    stampNsAt: (timeMs) => stampNs(BigInt(Math.round((timeMs + wallOffsetMs) * 1e3)) * 1000n),
  };
}

/** Threads that prove they live. The number is the slot in shared memory. */
export const Thread = {
  Main: 0,
  Actuation: 1,
  Inference: 2,
  Ros: 3,
  Physics: 4,
  Render: 5,
} as const;
export type Thread = (typeof Thread)[keyof typeof Thread];

/** Last sign of life of every thread, monotonic ms, in shared memory. */
export class Heartbeats {
  readonly buffer: SharedArrayBuffer;
  readonly #lastMs: Float64Array;

  constructor(buffer = new SharedArrayBuffer(8 * Object.keys(Thread).length)) {
    this.buffer = buffer;
    this.#lastMs = new Float64Array(buffer);
  }

  /** // hot path */
  beat(thread: Thread, nowMs: number): void {
    this.#lastMs[thread] = nowMs;
  }

  /** Infinity before the first beat. // hot path */
  ageMs(thread: Thread, nowMs: number): number {
    const lastMs = this.#lastMs[thread] ?? 0;
    return lastMs === 0 ? Number.POSITIVE_INFINITY : nowMs - lastMs;
  }
}

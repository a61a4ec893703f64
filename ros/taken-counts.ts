/** Publishers and subscriptions one transport may have in its life. */
export const maxEndpoints = 1024;

/**
 * How many messages of each endpoint the receiving thread has taken from its port, in shared memory. The
 * sender compares it with what it posted, so a thread that stalls is not buried: a MessagePort has no
 * bound of its own.
 */
export class TakenCounts {
  readonly buffer: SharedArrayBuffer;
  readonly #counts: Int32Array;

  constructor(buffer = new SharedArrayBuffer(4 * maxEndpoints)) {
    this.buffer = buffer;
    this.#counts = new Int32Array(buffer);
  }

  /** By the receiver. // hot path */
  take(endpointId: number, count = 1): void {
    Atomics.add(this.#counts, endpointId, count);
  }

  /** Of `postedCount` messages, how many still lie in the port. // hot path */
  inFlight(endpointId: number, postedCount: number): number {
    return (postedCount - Atomics.load(this.#counts, endpointId)) | 0;
  }
}

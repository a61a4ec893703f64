import process from "node:process";
import {
  getEnvironmentData,
  isMainThread,
  setEnvironmentData,
  threadId,
} from "node:worker_threads";
import { BridgeError, ErrorCode } from "./errors.ts";

/**
 * Native calls that a thread must not be ended in the middle of. onnxruntime-node is the case: torn
 * down during a run it aborts the process (1.30, measured 6 of 6 for `worker.terminate()` and for
 * `process.exit()`). So every such call counts itself in a cell that all threads see, and who ends a
 * thread closes its cell and waits for zero.
 */
const key = "kairos-bridge/native-calls";
const cellCount = 1024;
const closedBit = 1 << 30;
/** Longer than a call of any model that could serve at all. */
const patienceMs = 10_000;

const cellOf = (thread: number): number => thread % cellCount;

function cells(): Int32Array | undefined {
  const shared = getEnvironmentData(key);
  return shared instanceof SharedArrayBuffer ? new Int32Array(shared) : undefined;
}

/**
 * Makes leaving safe: called in the main thread before any worker starts. From then on
 * `process.exit()` waits for native calls in flight, up to ten seconds.
 */
export function guardNativeCalls(): void {
  if (!isMainThread || cells() !== undefined) return;
  const made = new Int32Array(new SharedArrayBuffer(4 * cellCount));
  setEnvironmentData(key, made.buffer);
  process.once("exit", () => {
    const deadlineMs = performance.now() + patienceMs;
    for (let cell = 0; cell < cellCount; cell += 1) {
      for (let calls = close(made, cell); calls > 0; calls = callsIn(made, cell)) {
        if (performance.now() > deadlineMs) return;
        Atomics.wait(made, cell, calls | closedBit, 100);
      }
    }
  });
}

/** Resolves when a worker has no native call in flight and will begin none: it can be terminated. */
export async function nativeCallsEnded(thread: number): Promise<void> {
  const shared = cells();
  // A worker that has ended has thread id -1.
  if (shared === undefined || thread < 0) return;
  const cell = cellOf(thread);
  const deadlineMs = performance.now() + patienceMs;
  while (close(shared, cell) > 0 && performance.now() < deadlineMs) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  // Another thread may be given this cell a thousand threads later.
  setTimeout(() => Atomics.and(shared, cell, ~closedBit), patienceMs).unref();
}

const callsIn = (shared: Int32Array, cell: number): number =>
  Atomics.load(shared, cell) & ~closedBit;

const close = (shared: Int32Array, cell: number): number =>
  Atomics.or(shared, cell, closedBit) & ~closedBit;

/** The gate of this thread: native calls go through it. */
export class CallGate {
  readonly #cells = cells();
  readonly #cell = cellOf(threadId);

  /** @throws BridgeError `model/closed` when this thread is about to end. */
  async through<T>(what: string, call: () => Promise<T>): Promise<T> {
    if (this.#cells === undefined) return await call();
    if ((Atomics.add(this.#cells, this.#cell, 1) & closedBit) !== 0) {
      this.#leave(this.#cells);
      throw new BridgeError(ErrorCode.ModelClosed, `${what}: this thread is about to end`);
    }
    try {
      return await call();
    } finally {
      this.#leave(this.#cells);
    }
  }

  #leave(shared: Int32Array): void {
    Atomics.sub(shared, this.#cell, 1);
    Atomics.notify(shared, this.#cell);
  }
}

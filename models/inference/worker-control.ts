/** Sessions of a package whose runs main can end; a package of the largest family has eight graphs. */
const maxHandles = 32;

/**
 * The addresses with which main ends the runs of an inference worker that is deep in native code
 * (`EngineSession.terminateHandle`).
 *
 * ```
 * byte 0   int32   handles written
 * byte 8   uint64  handles[32]
 * ```
 * The worker writes, main reads. Handles stay good for the life of the process, so a stale one is harmless.
 */
export class WorkerControl {
  readonly buffer: SharedArrayBuffer;
  readonly #count: Int32Array;
  readonly #handles: BigUint64Array;

  constructor(buffer = new SharedArrayBuffer(8 + 8 * maxHandles)) {
    this.buffer = buffer;
    this.#count = new Int32Array(buffer, 0, 1);
    this.#handles = new BigUint64Array(buffer, 8);
  }

  /** The sessions of the rung before are gone. */
  clear(): void {
    Atomics.store(this.#count, 0, 0);
  }

  add(handle: bigint): void {
    const count = Atomics.load(this.#count, 0);
    if (count >= maxHandles) return;
    this.#handles[count] = handle;
    Atomics.store(this.#count, 0, count + 1);
  }

  handles(): readonly bigint[] {
    return Array.from(this.#handles.subarray(0, Atomics.load(this.#count, 0)));
  }
}

/**
 * Frames that a port did not take at once, in order, in one fixed buffer. A frame that finds no room
 * throws away the whole frames before it, but never the rest of one that is partly sent: the newest
 * wins, and the receiver sees no torn frame.
 */
export class WriteQueue {
  droppedFrames = 0;
  readonly #bytes: Uint8Array;
  /** Where each frame ends in `#bytes`. */
  readonly #ends: number[] = [];
  #length = 0;
  /** The first frame is partly sent. */
  #isTorn = false;

  constructor(maxBytes: number) {
    this.#bytes = new Uint8Array(maxBytes);
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** What to write next; valid until the next call. */
  waitingBorrowed(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** @param sent how much of the frame the port took already; more than 0 only into an empty queue. */
  push(frame: Uint8Array, length: number, sent: number): void {
    const count = length - sent;
    if (this.#length + count > this.#bytes.length) this.#dropWhole();
    if (this.#length + count > this.#bytes.length) {
      this.droppedFrames += 1;
      return;
    }
    this.#bytes.set(frame.subarray(sent, length), this.#length);
    this.#length += count;
    this.#ends.push(this.#length);
    if (sent > 0) this.#isTorn = true;
  }

  /** The port took `count` bytes of what waits. */
  shift(count: number): void {
    this.#bytes.copyWithin(0, count, this.#length);
    this.#length -= count;
    let taken = 0;
    let lastEnd = -1;
    for (let index = 0; index < this.#ends.length; index += 1) {
      const end = (this.#ends[index] ?? 0) - count;
      this.#ends[index] = end;
      if (end > 0) continue;
      taken += 1;
      lastEnd = end;
    }
    this.#ends.splice(0, taken);
    this.#isTorn = this.#length > 0 && lastEnd !== 0;
  }

  clear(): void {
    this.#length = 0;
    this.#ends.length = 0;
    this.#isTorn = false;
  }

  #dropWhole(): void {
    const kept = this.#isTorn ? 1 : 0;
    this.droppedFrames += this.#ends.length - kept;
    this.#ends.length = kept;
    this.#length = this.#ends[0] ?? 0;
  }
}

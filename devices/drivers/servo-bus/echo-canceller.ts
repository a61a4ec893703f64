/** Takes out of what is received what was sent: some half-duplex adapters hear themselves. */
export class EchoCanceller {
  /** Times the echo was not what had been sent: two spoke at once. */
  collisions = 0;
  readonly #sent: Uint8Array;
  #head = 0;
  #count = 0;

  constructor(maxBytes: number) {
    this.#sent = new Uint8Array(maxBytes);
  }

  /** // hot path */
  sent(frame: Uint8Array, length: number): void {
    for (let at = 0; at < length && this.#count < this.#sent.length; at += 1) {
      this.#sent[(this.#head + this.#count) % this.#sent.length] = frame[at] ?? 0;
      this.#count += 1;
    }
  }

  /** Copies to `out` what is no echo; returns how much. // hot path */
  take(bytes: Uint8Array, length: number, out: Uint8Array): number {
    let kept = 0;
    for (let at = 0; at < length; at += 1) {
      const byte = bytes[at] ?? 0;
      if (this.#count > 0 && byte === this.#sent[this.#head]) {
        this.#head = (this.#head + 1) % this.#sent.length;
        this.#count -= 1;
        continue;
      }
      if (this.#count > 0) {
        this.collisions += 1;
        this.#count = 0;
      }
      out[kept++] = byte;
    }
    return kept;
  }

  clear(): void {
    this.#count = 0;
  }
}

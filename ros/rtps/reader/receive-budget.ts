/** Octets all readers of a participant together may hold of samples that are not delivered yet. */
export class ReceiveBudget {
  readonly maxBytes: number;
  #usedBytes = 0;
  /** How often something was turned away. */
  refusedCount = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** False, and nothing taken, when there is not that much left. */
  take(bytes: number): boolean {
    if (this.#usedBytes + bytes > this.maxBytes) {
      this.refusedCount += 1;
      return false;
    }
    this.#usedBytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#usedBytes -= bytes;
  }
}

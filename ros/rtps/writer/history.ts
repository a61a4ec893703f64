import type { CallTag } from "../endpoint.ts";

/** One sample (or disposal) a writer keeps for resending. */
export interface Change {
  readonly sequenceNumber: number;
  /** With its encapsulation header. */
  readonly payload: Uint8Array;
  /** Source timestamp, Unix ms. */
  readonly stampMs: number;
  /** What instance it is about, where a writer has instances; "" elsewhere. */
  readonly key: string;
  /** Set for a disposal: who is gone. */
  readonly gone: { readonly keyHash: Uint8Array } | undefined;
  /** Set for what is part of a service call. */
  readonly call: CallTag | undefined;
  /** Scheduler ms at which its last octet was handed to the link; 0 = not yet. */
  sentMs: number;
}

export interface HistoryOptions {
  /** Changes held at most. */
  readonly depth: number;
  /** Keep one change per key, at most `depth` keys. */
  readonly keyed: boolean;
  /** Octets held at most, whatever the depth. */
  readonly maxBytes: number;
  /** Number of the first change less one; default 0. */
  readonly lastNumber?: number;
}

/**
 * What a writer can still send: the newest `depth` changes, or the newest change of each key. Numbers
 * rise by one per change; those no longer held are answered with GAP. Who must not lose any asks `isFull`
 * first.
 */
export class History {
  readonly #changes = new Map<number, Change>();
  readonly #numberOfKey = new Map<string, number>();
  readonly #options: HistoryOptions;
  #last: number;
  #bytes = 0;

  constructor(options: HistoryOptions) {
    this.#options = { ...options, depth: Math.max(1, options.depth) };
    this.#last = options.lastNumber ?? 0;
  }

  /** Number of the newest change ever added; 0 = none. */
  get last(): number {
    return this.#last;
  }

  /** Number of the oldest change held; `last + 1` while there is none. */
  get first(): number {
    // A Map iterates in order of insertion, so the first key is the oldest number.
    for (const sequenceNumber of this.#changes.keys()) return sequenceNumber;
    return this.#last + 1;
  }

  get size(): number {
    return this.#changes.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether a change of `moreBytes` would push out another. */
  isFull(moreBytes: number): boolean {
    const { depth, maxBytes } = this.#options;
    return this.#changes.size >= depth || this.#bytes + moreBytes > maxBytes;
  }

  /** // hot path */
  add(change: Omit<Change, "sequenceNumber" | "sentMs" | "call">, call?: CallTag): Change {
    this.#last += 1;
    const added: Change = {
      sequenceNumber: this.#last,
      payload: change.payload,
      stampMs: change.stampMs,
      key: change.key,
      gone: change.gone,
      call,
      sentMs: 0,
    };
    if (this.#options.keyed) {
      const older = this.#numberOfKey.get(change.key);
      if (older !== undefined) this.#drop(older);
      this.#numberOfKey.set(change.key, this.#last);
    }
    // One that is too large for all is held alone.
    while (this.#changes.size > 0 && this.isFull(change.payload.length)) this.dropOldest();
    this.#changes.set(this.#last, added);
    this.#bytes += change.payload.length;
    return added;
  }

  get(sequenceNumber: number): Change | undefined {
    return this.#changes.get(sequenceNumber);
  }

  changes(): IterableIterator<Change> {
    return this.#changes.values();
  }

  dropOldest(): void {
    const oldest = this.#changes.get(this.first);
    if (oldest === undefined) return;
    this.#drop(oldest.sequenceNumber);
    if (this.#options.keyed && this.#numberOfKey.get(oldest.key) === oldest.sequenceNumber) {
      this.#numberOfKey.delete(oldest.key);
    }
  }

  /** All up to and including `sequenceNumber`. */
  dropThrough(sequenceNumber: number): void {
    while (this.#changes.size > 0 && this.first <= sequenceNumber) this.dropOldest();
  }

  /** All that were made before. */
  dropOlderThan(stampMs: number): void {
    for (const change of this.#changes.values()) {
      if (change.stampMs >= stampMs) return;
      this.dropOldest();
    }
  }

  #drop(sequenceNumber: number): void {
    this.#bytes -= this.#changes.get(sequenceNumber)?.payload.length ?? 0;
    this.#changes.delete(sequenceNumber);
  }
}

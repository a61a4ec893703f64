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

/**
 * What a writer can still send: the newest `depth` changes, or the newest change of each key. Numbers
 * rise by one per change; those no longer held are answered with GAP.
 */
export class History {
  readonly #changes = new Map<number, Change>();
  readonly #numberOfKey = new Map<string, number>();
  readonly #depth: number;
  readonly #keyed: boolean;
  #last = 0;

  /** @param options.keyed keep one change per key, at most `depth` keys. */
  constructor(options: { readonly depth: number; readonly keyed: boolean }) {
    this.#depth = Math.max(1, options.depth);
    this.#keyed = options.keyed;
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
    if (this.#keyed) {
      const older = this.#numberOfKey.get(change.key);
      if (older !== undefined) this.#changes.delete(older);
      this.#numberOfKey.set(change.key, this.#last);
    }
    this.#changes.set(this.#last, added);
    if (this.#changes.size > this.#depth) this.#dropOldest();
    return added;
  }

  get(sequenceNumber: number): Change | undefined {
    return this.#changes.get(sequenceNumber);
  }

  changes(): IterableIterator<Change> {
    return this.#changes.values();
  }

  #dropOldest(): void {
    const oldest = this.#changes.get(this.first);
    if (oldest === undefined) return;
    this.#changes.delete(oldest.sequenceNumber);
    if (this.#keyed) this.#numberOfKey.delete(oldest.key);
  }
}

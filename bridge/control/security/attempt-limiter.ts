import { TokenBucket } from "../socket-limits.ts";

export interface AttemptLimits {
  /** From one address. */
  readonly perAddressPerMinute: number;
  /** From all of them together: a code of 40 bits must not be found by many who share the work. */
  readonly perMinute: number;
}

export const defaultAttemptLimits: AttemptLimits = { perAddressPerMinute: 10, perMinute: 60 };

const maxAddresses = 1024;

/** Slows guessing down. Time comes in. */
export class AttemptLimiter {
  readonly #limits: AttemptLimits;
  readonly #all: TokenBucket;
  readonly #byAddress = new Map<string, TokenBucket>();

  constructor(limits: AttemptLimits, nowMs: number) {
    this.#limits = limits;
    this.#all = new TokenBucket(limits.perMinute / 60, nowMs, limits.perMinute);
  }

  take(address: string, nowMs: number): boolean {
    // Its own bucket first: one address alone cannot use up what belongs to all.
    return this.#bucketOf(address, nowMs).take(nowMs) && this.#all.take(nowMs);
  }

  #bucketOf(address: string, nowMs: number): TokenBucket {
    const known = this.#byAddress.get(address);
    if (known !== undefined) return known;
    if (this.#byAddress.size >= maxAddresses) {
      const [oldest] = this.#byAddress.keys();
      if (oldest !== undefined) this.#byAddress.delete(oldest);
    }
    const { perAddressPerMinute } = this.#limits;
    const bucket = new TokenBucket(perAddressPerMinute / 60, nowMs, perAddressPerMinute);
    this.#byAddress.set(address, bucket);
    return bucket;
  }
}

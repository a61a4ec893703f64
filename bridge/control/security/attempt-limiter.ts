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
    return this.#bucketOf(networkOf(address), nowMs).take(nowMs) && this.#all.take(nowMs);
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

/**
 * Whoever has one IPv6 address has the 2^64 of its network (RFC 4291 section 2.5.1: interface ids of
 * 64 bits): they count as one. IPv4 addresses, also those mapped into IPv6, count each for itself.
 */
function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "");
  if (!plain.includes(":")) return plain;
  const [head = "", tail = ""] = plain.toLowerCase().replace(/%.*$/, "").split("::");
  const [left, right] = [head, tail].map((part) => (part === "" ? [] : part.split(":")));
  const zeros = Math.max(0, 8 - (left?.length ?? 0) - (right?.length ?? 0));
  const groups = [...(left ?? []), ...new Array<string>(zeros).fill("0"), ...(right ?? [])];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}

/** What can be wrong with a datagram: the first thing in it that could not be read. */
export const malformedKinds = [
  /** Not RTPS 2.x at all. */
  "not-rtps",
  /** Breaks off inside a submessage, or claims to be longer than it is. */
  "truncated",
  "data",
  "data-frag",
  "heartbeat",
  "acknack",
  "gap",
  "nack-frag",
  "info",
  /** An SPDP, SEDP or liveliness payload. */
  "discovery",
  /** Our own fault: something threw that should not have. */
  "internal",
] as const;
export type MalformedKind = (typeof malformedKinds)[number];

/** How often each has been seen. */
export class MalformedCounts {
  readonly #counts: Record<MalformedKind, number>;

  constructor() {
    const zeros = malformedKinds.map((kind) => [kind, 0] as const);
    this.#counts = Object.fromEntries(zeros) as Record<MalformedKind, number>;
  }

  add(kind: MalformedKind): void {
    this.#counts[kind] += 1;
  }

  get total(): number {
    return malformedKinds.reduce((sum, kind) => sum + this.#counts[kind], 0);
  }

  /** A copy. */
  byKind(): Readonly<Record<MalformedKind, number>> {
    return { ...this.#counts };
  }
}

/** Whether the clocks have been compared, and lately. */
export type ClockState = "unknown" | "ok" | "stale";

/** How the server's monotonic clock relates to this one. */
export interface ClockEstimate {
  /** Server ms minus client ms. */
  readonly offsetMs: number;
  /** Half the best round trip: the offset is at most this wrong. */
  readonly uncertaintyMs: number;
  /** How fast the server's clock gains on this one, in millionths; undefined before a minute is seen. */
  readonly driftPpm: number | undefined;
  /** `stale`: not compared for ten seconds. */
  readonly state: Exclude<ClockState, "unknown">;
  /** The newest round trip. */
  readonly roundTripMs: number;
}

/** One exchange: client clock at sending and receiving (t0, t3), server clock between them (t1, t2). */
export interface ClockExchange {
  readonly t0Ms: number;
  readonly t1Ms: number;
  readonly t2Ms: number;
  readonly t3Ms: number;
}

interface Sample {
  readonly atMs: number;
  readonly roundTripMs: number;
  readonly offsetMs: number;
}

const windowSize = 12;
const staleAfterMs = 10_000;
/** One believed offset per this long is kept for the drift, for ten minutes. */
const driftStepMs = 10_000;
const driftStepCount = 60;
const driftAfterMs = 60_000;

/**
 * Offset of two monotonic clocks from round trips, as NTP does it (RFC 5905 section 8): of the last
 * few samples the one with the shortest round trip is believed, since queueing only ever adds.
 */
export class ClockSync {
  readonly #samples: Sample[] = [];
  readonly #history: Sample[] = [];

  add({ t0Ms, t1Ms, t2Ms, t3Ms }: ClockExchange): void {
    const roundTripMs = t3Ms - t0Ms - (t2Ms - t1Ms);
    const sample = { atMs: t3Ms, roundTripMs, offsetMs: (t1Ms - t0Ms + (t2Ms - t3Ms)) / 2 };
    this.#samples.push(sample);
    if (this.#samples.length > windowSize) this.#samples.shift();
    const believed = this.#best ?? sample;
    const last = this.#history.at(-1);
    if (last !== undefined && believed.atMs - last.atMs < driftStepMs) return;
    this.#history.push(believed);
    if (this.#history.length > driftStepCount) this.#history.shift();
  }

  /** Undefined before the first sample. @param nowMs client clock. */
  estimate(nowMs: number): ClockEstimate | undefined {
    const best = this.#best;
    const newest = this.#samples.at(-1);
    if (best === undefined || newest === undefined) return undefined;
    return {
      offsetMs: best.offsetMs,
      uncertaintyMs: Math.max(0, best.roundTripMs) / 2,
      driftPpm: this.#driftPpm(best),
      state: nowMs - newest.atMs > staleAfterMs ? "stale" : "ok",
      roundTripMs: newest.roundTripMs,
    };
  }

  get #best(): Sample | undefined {
    let best: Sample | undefined;
    for (const sample of this.#samples) {
      if (best === undefined || sample.roundTripMs < best.roundTripMs) best = sample;
    }
    return best;
  }

  /** Slope between the oldest believed offset and now's. */
  #driftPpm(now: Sample): number | undefined {
    const first = this.#history[0];
    if (first === undefined || now.atMs - first.atMs < driftAfterMs) return undefined;
    return ((now.offsetMs - first.offsetMs) / (now.atMs - first.atMs)) * 1e6;
  }
}

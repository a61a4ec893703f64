/** How the server's monotonic clock relates to this one. */
export interface ClockEstimate {
  /** Server ms minus client ms. */
  readonly offsetMs: number;
  /** Half the best round trip: the offset is at most this wrong. */
  readonly uncertaintyMs: number;
}

interface Sample {
  readonly roundTripMs: number;
  readonly offsetMs: number;
}

const windowSize = 12;

/**
 * Offset of two monotonic clocks from round trips, as NTP does it (RFC 5905 section 8): of the last
 * few samples the one with the shortest round trip is believed, since queueing only ever adds.
 */
export class ClockSync {
  readonly #samples: Sample[] = [];

  /** @param t0Ms, t3Ms client clock at sending and receiving; t1Ms, t2Ms server clock between them. */
  add(t0Ms: number, t1Ms: number, t2Ms: number, t3Ms: number): void {
    const roundTripMs = t3Ms - t0Ms - (t2Ms - t1Ms);
    const offsetMs = (t1Ms - t0Ms + (t2Ms - t3Ms)) / 2;
    this.#samples.push({ roundTripMs, offsetMs });
    if (this.#samples.length > windowSize) this.#samples.shift();
  }

  /** Undefined before the first sample. */
  get estimate(): ClockEstimate | undefined {
    let best: Sample | undefined;
    for (const sample of this.#samples) {
      if (best === undefined || sample.roundTripMs < best.roundTripMs) best = sample;
    }
    if (best === undefined) return undefined;
    return { offsetMs: best.offsetMs, uncertaintyMs: Math.max(0, best.roundTripMs) / 2 };
  }
}

interface Sample {
  readonly roundTripMs: number;
  readonly offsetMs: number;
}

const windowSize = 12;

/**
 * The clock of a peer against ours, from round trips that we began: of the last few samples the one
 * with the shortest round trip is believed, since queueing only ever adds (RFC 5905 section 8).
 */
export class PeerClock {
  readonly #samples: Sample[] = [];
  #best: Sample | undefined;

  /** @param t0Ms, t3Ms our clock at asking and at the answer; t1Ms, t2Ms the peer's between them. */
  add(t0Ms: number, t1Ms: number, t2Ms: number, t3Ms: number): void {
    const roundTripMs = t3Ms - t0Ms - (t2Ms - t1Ms);
    // A peer that claims to have held the question longer than it was away is not to be believed.
    if (!(roundTripMs >= 0) || t2Ms < t1Ms) return;
    this.#samples.push({ roundTripMs, offsetMs: (t0Ms - t1Ms + (t3Ms - t2Ms)) / 2 });
    if (this.#samples.length > windowSize) this.#samples.shift();
    this.#best = this.#samples.reduce((best, sample) =>
      sample.roundTripMs < best.roundTripMs ? sample : best,
    );
  }

  /** Ours minus the peer's; undefined before the first round trip. */
  get offsetMs(): number | undefined {
    return this.#best?.offsetMs;
  }

  /** The offset is at most this wrong. */
  get uncertaintyMs(): number {
    return (this.#best?.roundTripMs ?? Number.POSITIVE_INFINITY) / 2;
  }

  /** The last round trip, for people; NaN before the first. */
  get roundTripMs(): number {
    return this.#samples.at(-1)?.roundTripMs ?? Number.NaN;
  }
}

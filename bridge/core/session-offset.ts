/** One comparison of clocks: client ms at sending and receiving, server ms between them. */
export interface ClockExchange {
  readonly t0Ms: number;
  readonly t1Ms: number;
  readonly t2Ms: number;
  readonly t3Ms: number;
}

export interface OffsetEstimate {
  /** `unknown` before the first exchange, `stale` long after the last. */
  readonly state: "unknown" | "ok" | "stale";
  /** Server ms minus client ms; absent while unknown. */
  readonly offsetMs?: number;
  /** The offset is at most this wrong. */
  readonly uncertaintyMs?: number;
  /** How fast the offset rises, once there is a minute to tell from. */
  readonly driftPpm?: number;
}

/** What an exchange proves: nothing arrives before it was sent, so the offset lies between these. */
interface Bounds {
  readonly atMs: number;
  readonly lowerMs: number;
  readonly upperMs: number;
}

const windowSize = 16;
/** Crystals drift by up to 100 ppm each; bounds are widened by this share of their age. */
const maxDrift = 500e-6;
const staleMs = 60_000;
/** Below this the uncertainty of the offsets says more than their difference. */
const driftSpanMs = 60_000;

/**
 * How a client's monotonic clock relates to this one, from its exchanges (NTP's arithmetic, RFC 5905
 * section 8, kept as bounds instead of means). A client may be an hour off or drift by 200 ppm: the
 * bounds hold all the same, and only widen. The server keeps the estimate, since the server judges
 * expiry; a client that lies about its times only makes its own commands look newer, and never newer
 * than their arrival.
 */
export class SessionOffset {
  readonly #bounds: Bounds[] = [];

  /** A request came; its answer is not back yet, so only the upper bound is known. */
  noteRequest(t0Ms: number, arrivedMs: number): void {
    this.#add({ atMs: arrivedMs, lowerMs: Number.NEGATIVE_INFINITY, upperMs: arrivedMs - t0Ms });
  }

  /** @param nowMs server ms; an exchange that claims to be of the future is not believed. */
  noteExchange({ t0Ms, t1Ms, t2Ms, t3Ms }: ClockExchange, nowMs: number): void {
    const isOrdered = t0Ms <= t3Ms && t1Ms <= t2Ms && t2Ms <= nowMs && t2Ms - t1Ms <= t3Ms - t0Ms;
    if (!isOrdered) return;
    this.#add({ atMs: t1Ms, lowerMs: t2Ms - t3Ms, upperMs: t1Ms - t0Ms });
  }

  estimate(nowMs: number): OffsetEstimate {
    const upperMs = this.#upperMs(nowMs);
    const lowerMs = this.#lowerMs(nowMs);
    const newest = this.#bounds.at(-1);
    if (newest === undefined || lowerMs === Number.NEGATIVE_INFINITY) return { state: "unknown" };
    const driftPpm = this.#driftPpm();
    return {
      state: nowMs - newest.atMs > staleMs ? "stale" : "ok",
      offsetMs: (lowerMs + upperMs) / 2,
      uncertaintyMs: Math.max(0, upperMs - lowerMs) / 2,
      ...(driftPpm === undefined ? {} : { driftPpm }),
    };
  }

  /**
   * The latest server ms at which something can have been sent that arrived at `arrivedMs`: its
   * arrival, unless the clocks say that it was under way for longer. // hot path
   */
  latestSentMs(sentAtMs: number, arrivedMs: number): number {
    return Math.min(arrivedMs, sentAtMs + this.#upperMs(arrivedMs));
  }

  #upperMs(nowMs: number): number {
    let upperMs = Number.POSITIVE_INFINITY;
    for (const bounds of this.#bounds) {
      upperMs = Math.min(upperMs, bounds.upperMs + maxDrift * Math.abs(nowMs - bounds.atMs));
    }
    return upperMs;
  }

  #lowerMs(nowMs: number): number {
    let lowerMs = Number.NEGATIVE_INFINITY;
    for (const bounds of this.#bounds) {
      lowerMs = Math.max(lowerMs, bounds.lowerMs - maxDrift * Math.abs(nowMs - bounds.atMs));
    }
    return lowerMs;
  }

  /** Bounds that exclude each other mean that the client's clock was set: only the newest count. */
  #add(bounds: Bounds): void {
    const excludes =
      bounds.upperMs < this.#lowerMs(bounds.atMs) || bounds.lowerMs > this.#upperMs(bounds.atMs);
    if (excludes) this.#bounds.length = 0;
    this.#bounds.push(bounds);
    if (this.#bounds.length > windowSize) this.#bounds.shift();
  }

  /** Between the first and the last complete exchange of the window. */
  #driftPpm(): number | undefined {
    const complete = this.#bounds.filter(({ lowerMs }) => Number.isFinite(lowerMs));
    const first = complete[0];
    const last = complete.at(-1);
    if (first === undefined || last === undefined) return undefined;
    const spanMs = last.atMs - first.atMs;
    if (spanMs < driftSpanMs) return undefined;
    const middle = (bounds: Bounds): number => (bounds.lowerMs + bounds.upperMs) / 2;
    return ((middle(last) - middle(first)) / spanMs) * 1e6;
  }
}

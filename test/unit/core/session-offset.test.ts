import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SessionOffset } from "../../../bridge/core/session-offset.ts";

/** A client whose clock is `offMs` behind ours and runs `driftPpm` slow, over a way that takes time. */
class FarClock {
  readonly offset = new SessionOffset();
  nowMs = 0;
  readonly #offMs: number;
  readonly #driftPpm: number;

  constructor(offMs: number, driftPpm: number) {
    this.#offMs = offMs;
    this.#driftPpm = driftPpm;
  }

  /** What the client's clock shows at server time `atMs`. */
  read(atMs: number): number {
    return atMs - this.trueOffsetMs(atMs);
  }

  trueOffsetMs(atMs: number): number {
    return this.#offMs + atMs * this.#driftPpm * 1e-6;
  }

  exchange(thereMs: number, backMs: number): void {
    const sentMs = this.nowMs;
    const t0Ms = this.read(sentMs);
    const t1Ms = sentMs + thereMs;
    const t2Ms = t1Ms + 0.1;
    this.nowMs = t2Ms + backMs;
    this.offset.noteExchange({ t0Ms, t1Ms, t2Ms, t3Ms: this.read(this.nowMs) }, this.nowMs);
  }
}

describe("before the clocks are compared", () => {
  it("takes the arrival for the sending", () => {
    const offset = new SessionOffset();
    expect(offset.estimate(0)).toEqual({ state: "unknown" });
    expect(offset.latestSentMs(-3_600_000, 500)).toBe(500);
    expect(offset.latestSentMs(3_600_000, 500)).toBe(500);
  });

  it("knows from one request alone that a later one was under way for longer", () => {
    const offset = new SessionOffset();
    offset.noteRequest(1000, 51_000);
    expect(offset.estimate(51_000).state).toBe("unknown");
    // Sent 2 s after the first, arrived 5 s after it.
    expect(56_000 - offset.latestSentMs(3000, 56_000)).toBeCloseTo(3000, -1);
  });
});

describe("once they are", () => {
  it.each([
    { name: "an hour behind", offMs: 3_600_000 },
    { name: "an hour ahead", offMs: -3_600_000 },
    { name: "right", offMs: 0 },
  ])("a clock that is $name gives the same ages", ({ offMs }) => {
    const far = new FarClock(offMs, 0);
    far.exchange(2, 2);
    const sentMs = far.nowMs;
    const latest = far.offset.latestSentMs(far.read(sentMs), sentMs + 300);
    expect(latest).toBeGreaterThanOrEqual(sentMs);
    expect(latest).toBeLessThanOrEqual(sentMs + 4);
    expect(far.offset.estimate(far.nowMs)).toMatchObject({ state: "ok" });
    expect(far.offset.estimate(far.nowMs).offsetMs).toBeCloseTo(offMs, -1);
  });

  it("holds for any delays, offsets and drifts up to 200 ppm: nothing is judged older than it is", () => {
    const delay = fc.double({ min: 0.05, max: 400, noNaN: true });
    const exchanges = fc.array(fc.tuple(delay, delay, fc.integer({ min: 0, max: 20_000 })), {
      minLength: 1,
      maxLength: 40,
    });
    const offMs = fc.integer({ min: -3_600_000, max: 3_600_000 });
    const driftPpm = fc.integer({ min: -200, max: 200 });
    fc.assert(
      fc.property(exchanges, offMs, driftPpm, (list, off, drift) => {
        const far = new FarClock(off, drift);
        for (const [there, back, pauseMs] of list) {
          far.exchange(there, back);
          far.nowMs += pauseMs;
          const { offsetMs = 0, uncertaintyMs = 0 } = far.offset.estimate(far.nowMs);
          const wrongMs = Math.abs(offsetMs - far.trueOffsetMs(far.nowMs));
          expect(wrongMs).toBeLessThanOrEqual(uncertaintyMs + 1e-3);
          const latest = far.offset.latestSentMs(far.read(far.nowMs), far.nowMs + 10_000);
          expect(latest).toBeGreaterThanOrEqual(far.nowMs - 1e-3);
        }
      }),
      { numRuns: 300, seed: 5905 },
    );
  });

  it("tells the drift after a minute, within what the delays allow", () => {
    const far = new FarClock(5000, 200);
    for (let count = 0; count < 30; count += 1) {
      far.exchange(1, 1);
      far.nowMs += 5000;
    }
    expect(far.offset.estimate(far.nowMs).driftPpm).toBeCloseTo(200, -1);
  });

  it("is stale a minute after the last exchange, and says how wrong it may be by then", () => {
    const far = new FarClock(0, 0);
    far.exchange(1, 1);
    const fresh = far.offset.estimate(far.nowMs);
    const old = far.offset.estimate(far.nowMs + 61_000);
    expect(fresh.state).toBe("ok");
    expect(old.state).toBe("stale");
    expect((old.uncertaintyMs ?? 0) - (fresh.uncertaintyMs ?? 0)).toBeCloseTo(30.5, 0);
  });

  it("starts anew when the client's clock was set", () => {
    const far = new FarClock(0, 0);
    far.exchange(1, 1);
    const set = new FarClock(-100_000, 0);
    set.nowMs = far.nowMs;
    const [t0Ms, t1Ms] = [set.read(far.nowMs), far.nowMs + 1];
    far.offset.noteExchange(
      { t0Ms, t1Ms, t2Ms: t1Ms, t3Ms: set.read(far.nowMs + 2) },
      far.nowMs + 2,
    );
    expect(far.offset.estimate(far.nowMs).offsetMs).toBeCloseTo(-100_000, -1);
  });

  it.each([
    { name: "an answer before its question", exchange: { t0Ms: 5, t1Ms: 10, t2Ms: 10, t3Ms: 4 } },
    { name: "a server time to come", exchange: { t0Ms: 0, t1Ms: 900, t2Ms: 901, t3Ms: 5 } },
    { name: "more time here than away", exchange: { t0Ms: 0, t1Ms: 10, t2Ms: 60, t3Ms: 5 } },
  ])("does not believe $name", ({ exchange }) => {
    const offset = new SessionOffset();
    offset.noteExchange(exchange, 100);
    expect(offset.estimate(100)).toEqual({ state: "unknown" });
  });
});

import { describe, expect, it } from "vitest";
import { ClockSync } from "../../../bridge/client/clock-sync.ts";
import { PeerClock } from "../../../bridge/core/peer-clock.ts";

const exchange = (t0Ms: number, t1Ms: number, t2Ms: number, t3Ms: number) => ({
  t0Ms,
  t1Ms,
  t2Ms,
  t3Ms,
});

describe("clock sync", () => {
  it("knows nothing at first", () => {
    expect(new ClockSync().estimate(0)).toBeUndefined();
  });

  it("finds the offset of a symmetric round trip exactly", () => {
    const sync = new ClockSync();
    sync.add(exchange(100, 5110, 5112, 122));
    expect(sync.estimate(122)).toEqual({
      offsetMs: 5000,
      uncertaintyMs: 10,
      driftPpm: undefined,
      state: "ok",
      roundTripMs: 20,
    });
  });

  it("believes the shortest round trip of its window, and forgets it in time", () => {
    const sync = new ClockSync();
    sync.add(exchange(0, 1001, 1001, 2));
    sync.add(exchange(10, 1110, 1110, 130));
    expect(sync.estimate(130)?.offsetMs).toBe(1000);
    for (let i = 0; i < 12; i += 1) sync.add(exchange(0, 3010, 3010, 20));
    expect(sync.estimate(20)).toMatchObject({ offsetMs: 3000, uncertaintyMs: 10 });
  });

  it.each([
    [0, 40],
    [40, 0],
    [5, 35],
  ])("is never more wrong than it says: %i ms there, %i ms back", (there, back) => {
    const sync = new ClockSync();
    sync.add(exchange(0, 700 + there, 700 + there, there + back));
    const { offsetMs, uncertaintyMs } = sync.estimate(0)!;
    expect(Math.abs(offsetMs - 700)).toBeLessThanOrEqual(uncertaintyMs);
  });

  it.each([200, -200, 0])(
    "finds a drift of %i ppm after a minute, from an hour's offset",
    (ppm) => {
      const sync = new ClockSync();
      const serverAt = (clientMs: number): number => 3_600_000 + clientMs * (1 + ppm / 1e6);
      for (let ms = 0; ms <= 120_000; ms += 1000) {
        sync.add(exchange(ms, serverAt(ms + 2), serverAt(ms + 2), ms + 4));
        if (ms < 50_000) expect(sync.estimate(ms)?.driftPpm).toBeUndefined();
      }
      expect(sync.estimate(120_000)?.driftPpm).toBeCloseTo(ppm, -1);
    },
  );

  it.each([
    [10_000, "ok"],
    [10_001, "stale"],
  ])("is, %i ms after the last comparison, %s", (laterMs, state) => {
    const sync = new ClockSync();
    sync.add(exchange(0, 0, 0, 0));
    expect(sync.estimate(laterMs)?.state).toBe(state);
  });
});

describe("the clock of a peer that we ask", () => {
  it("is ours minus its", () => {
    const clock = new PeerClock();
    expect(clock.offsetMs).toBeUndefined();
    clock.add(1000, 53, 55, 1012);
    expect(clock.offsetMs).toBe(952);
    expect([clock.roundTripMs, clock.uncertaintyMs]).toEqual([10, 5]);
  });

  it.each([
    ["held the question longer than it was away", 1000, 0, 50, 1010],
    ["answered before it was asked", 1000, 50, 40, 1010],
    ["has a clock that is not a number", 1000, Number.NaN, 40, 1010],
  ])("is not believed when it %s", (_, t0Ms, t1Ms, t2Ms, t3Ms) => {
    const clock = new PeerClock();
    clock.add(t0Ms, t1Ms, t2Ms, t3Ms);
    expect(clock.offsetMs).toBeUndefined();
  });
});

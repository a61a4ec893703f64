import { describe, expect, it } from "vitest";
import { SimTimeMap } from "../../../bridge/core/sim-time-map.ts";
import { seededRandom } from "../../../bridge/core/seeded-random.ts";

/** Feeds a world that runs at `factor` of real time, each message late by up to `jitterMs`. */
function run(
  map: SimTimeMap,
  options: { fromMs: number; simFromMs: number; forMs: number; factor: number; jitterMs: number },
): { simMs: number; trueMs: number; arrivalMs: number; stampMs: number }[] {
  const random = seededRandom(5);
  const out = [];
  let arrivalMs = 0;
  for (let t = 0; t < options.forMs; t += 1) {
    const trueMs = options.fromMs + t;
    const simMs = options.simFromMs + t * options.factor;
    arrivalMs = Math.max(arrivalMs, trueMs + 0.1 + random() ** 4 * options.jitterMs);
    out.push({ simMs, trueMs, arrivalMs, stampMs: map.stamp(simMs, arrivalMs) });
  }
  return out;
}

describe("simulated time on the monotonic clock", () => {
  it.each([
    [1, 0],
    [1, 8],
    [0.9, 8],
    [0.5, 3],
    [0.25, 3],
    [1.5, 8],
    [3, 3],
  ])("follows a world at %d of real time with %d ms of jitter", (factor, jitterMs) => {
    const map = new SimTimeMap();
    const samples = run(map, { fromMs: 5000, simFromMs: 700, forMs: 8000, factor, jitterMs });
    const settled = samples.slice(4000);
    expect(map.jumpCount).toBe(0);
    expect(map.realTimeFactor).toBeCloseTo(factor, 1);
    for (const { stampMs, trueMs } of settled) {
      expect(Math.abs(stampMs - trueMs)).toBeLessThan(Math.max(2, jitterMs));
    }
  });

  it("gives rising stamps that are never in the future", () => {
    const map = new SimTimeMap();
    const samples = [
      ...run(map, { fromMs: 0, simFromMs: 0, forMs: 2000, factor: 0.7, jitterMs: 20 }),
      ...run(map, { fromMs: 2900, simFromMs: 1400, forMs: 2000, factor: 1.3, jitterMs: 20 }),
      ...run(map, { fromMs: 5100, simFromMs: 0, forMs: 2000, factor: 1, jitterMs: 20 }),
    ];
    for (let i = 1; i < samples.length; i += 1) {
      expect(samples[i]!.stampMs).toBeGreaterThan(samples[i - 1]!.stampMs);
      expect(samples[i]!.stampMs).toBeLessThan(samples[i]!.arrivalMs + 0.1);
    }
  });

  it("spaces stamps as the physics did, not as the messages arrived", () => {
    const map = new SimTimeMap();
    run(map, { fromMs: 0, simFromMs: 0, forMs: 3000, factor: 1, jitterMs: 0 });
    // 40 states in one bunch, 40 ms late.
    const stamps = Array.from({ length: 40 }, (_, i) => map.stamp(3000 + i, 3040));
    for (let i = 1; i < stamps.length; i += 1)
      expect(stamps[i]! - stamps[i - 1]!).toBeCloseTo(1, 1);
  });

  it.each([
    ["a pause", { fromMs: 4000, simFromMs: 1000 }],
    ["a reset", { fromMs: 1000, simFromMs: 0 }],
    ["a leap", { fromMs: 1000, simFromMs: 9000 }],
  ])("sets up anew after %s, and counts it", (_, then) => {
    const map = new SimTimeMap();
    run(map, { fromMs: 0, simFromMs: 0, forMs: 1000, factor: 1, jitterMs: 0 });
    const after = run(map, { ...then, forMs: 2000, factor: 1, jitterMs: 0 });
    expect(map.jumpCount).toBe(1);
    for (const { stampMs, trueMs } of after) expect(Math.abs(stampMs - trueMs)).toBeLessThan(1);
  });
});

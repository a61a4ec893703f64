import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../../bridge/core/seeded-random.ts";
import { MeasuredStampMap } from "../../../../ros/inputs/measured-stamp-map.ts";
import { SimStampMap } from "../../../../ros/inputs/sim-stamp-map.ts";
import { stampToMs } from "../../../../ros/inputs/stamp-map.ts";

const limits = { maxAgeMs: 300, maxAheadMs: 20 };
/** ROS time of monotonic 0, as of a machine whose wall clock reads 2026. */
const rosZeroMs = 1_790_000_000_000;

describe("a measured stamp map", () => {
  it("takes the quickest message for the offset, so that a delay shows", () => {
    const map = new MeasuredStampMap(limits);
    const random = seededRandom(7);
    for (let trueMs = 0; trueMs < 2000; trueMs += 10) {
      const delayMs = 0.2 + 5 * random();
      expect(map.judge(rosZeroMs + trueMs, trueMs + delayMs)).toBe("ok");
    }
    // A picture of the same machine that took 60 ms to make.
    expect(map.judge(rosZeroMs + 2000, 2060)).toBe("ok");
    expect(map.timeMs).toBeGreaterThan(2000);
    expect(map.timeMs, "off by the quickest delay, less than 0.5 ms").toBeLessThan(2000.5);
    expect(map.ageMs).toBeCloseTo(60, 0);
  });

  it("never stamps later than the arrival", () => {
    const map = new MeasuredStampMap(limits);
    const random = seededRandom(3);
    for (let trueMs = 0; trueMs < 20_000; trueMs += 7) {
      const arrivalMs = trueMs + 20 * random();
      if (map.judge(rosZeroMs + trueMs, arrivalMs) === "ok") {
        expect(map.timeMs).toBeLessThanOrEqual(arrivalMs + 1e-3);
      }
    }
  });

  it.each([
    { name: "in time", stampMs: 5000, arrivalMs: 5001, verdict: "ok" },
    { name: "as old as is allowed", stampMs: 4701, arrivalMs: 5000, verdict: "ok" },
    { name: "older", stampMs: 4699, arrivalMs: 5001, verdict: "stale" },
    { name: "ahead as much as clocks may differ", stampMs: 5019, arrivalMs: 5000, verdict: "ok" },
    { name: "from the future", stampMs: 5025, arrivalMs: 5000, verdict: "future" },
    { name: "never set", stampMs: -rosZeroMs, arrivalMs: 5000, verdict: "unstamped" },
  ])("judges a stamp $name: $verdict", ({ stampMs, arrivalMs, verdict }) => {
    const map = new MeasuredStampMap(limits);
    for (let timeMs = 0; timeMs < 5000; timeMs += 100) map.judge(rosZeroMs + timeMs, timeMs);
    expect(map.judge(rosZeroMs + stampMs, arrivalMs)).toBe(verdict);
  });

  it("follows a clock that was set, after a second in which all messages agree", () => {
    const map = new MeasuredStampMap(limits);
    const steppedMs = rosZeroMs - 3_600_000;
    for (let timeMs = 0; timeMs < 3000; timeMs += 100) map.judge(rosZeroMs + timeMs, timeMs);
    const verdicts: string[] = [];
    for (let timeMs = 3000; timeMs < 5000; timeMs += 100) {
      verdicts.push(map.judge(steppedMs + timeMs, timeMs));
    }
    expect(verdicts.slice(0, 10).every((verdict) => verdict === "stale")).toBe(true);
    expect(verdicts.at(-1)).toBe("ok");
    expect(map.stepCount).toBe(1);
    expect(map.timeMs).toBeCloseTo(4900, 3);
  });

  it("is not moved by one input that is always late while another is in time", () => {
    const map = new MeasuredStampMap(limits);
    for (let timeMs = 0; timeMs < 10_000; timeMs += 20) {
      expect(map.judge(rosZeroMs + timeMs, timeMs)).toBe("ok");
      expect(map.judge(rosZeroMs + timeMs - 800, timeMs)).toBe("stale");
    }
    expect(map.stepCount).toBe(0);
  });

  it("follows clocks that drift apart by 100 ppm", () => {
    const map = new MeasuredStampMap(limits);
    for (let trueMs = 0; trueMs < 120_000; trueMs += 20) {
      map.judge(rosZeroMs + trueMs * 0.9999, trueMs);
      if (trueMs > 20) expect(Math.abs(map.timeMs - trueMs)).toBeLessThan(1.1);
    }
  });
});

describe("a map of simulated stamps", () => {
  it("knows nothing before /clock is heard", () => {
    const map = new SimStampMap(limits);
    expect(map.judge(1000, 5)).toBe("no-clock");
    expect(map.timeMs).toBeNaN();
  });

  it.each([0.5, 1, 2])("places stamps in a world that runs at %d times real time", (factor) => {
    const map = new SimStampMap(limits);
    for (let timeMs = 0; timeMs < 5000; timeMs += 10) map.tick(timeMs * factor, timeMs);
    expect(map.realTimeFactor).toBeCloseTo(factor, 1);
    expect(map.judge(4900 * factor, 5000)).toBe("ok");
    expect(map.timeMs).toBeGreaterThan(4880);
    expect(map.timeMs).toBeLessThan(4920);
    expect(map.judge(4500 * factor, 5000), "500 ms of real time").toBe("stale");
    expect(map.judge(5100 * factor, 5000)).toBe("future");
  });

  it("starts again with a world that was reset", () => {
    const map = new SimStampMap(limits);
    for (let timeMs = 0; timeMs < 3000; timeMs += 10) map.tick(timeMs, timeMs);
    map.tick(0, 3000);
    expect(map.judge(0, 3001)).toBe("ok");
    expect(map.judge(2990, 3001), "of the world before").toBe("future");
    expect(map.stepCount).toBe(1);
  });
});

describe("a stamp in ms", () => {
  it.each([
    [{ sec: 0, nanosec: 0 }, 0],
    [{ sec: 1, nanosec: 500_000_000 }, 1500],
    [{ sec: 1_790_000_000, nanosec: 1_000_000 }, 1_790_000_000_001],
  ])("%o is %d", (stamp, ms) => {
    expect(stampToMs(stamp)).toBe(ms);
  });
});

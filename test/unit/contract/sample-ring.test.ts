import { describe, expect, it } from "vitest";
import { SampleRing } from "../../../bridge/contract/sample-ring.ts";

function filled(count: number, capacity = 8): SampleRing {
  const ring = SampleRing.create({ capacity, width: 2 });
  for (let i = 0; i < count; i += 1) ring.push(10 * i, Float64Array.of(i, -i));
  return ring;
}

describe("SampleRing", () => {
  it.each([
    { timeMs: 0, expected: [0, 0] },
    { timeMs: 25, expected: [2.5, -2.5] },
    { timeMs: 40, expected: [4, -4] },
  ])("interpolates linearly at $timeMs ms", ({ timeMs, expected }) => {
    const out = new Float64Array(2);
    expect(filled(5).sampleAt(timeMs, out)).toBe("ok");
    expected.forEach((value, index) => {
      expect(out[index]).toBeCloseTo(value, 12);
    });
  });

  it.each([
    { count: 0, timeMs: 5, outcome: "empty" },
    { count: 5, timeMs: 41, outcome: "ahead" },
    { count: 5, timeMs: -1, outcome: "behind" },
    { count: 20, timeMs: 120, outcome: "behind" },
    { count: 20, timeMs: 130, outcome: "ok" },
  ])("with $count samples, $timeMs ms is $outcome", ({ count, timeMs, outcome }) => {
    expect(filled(count).sampleAt(timeMs, new Float64Array(2))).toBe(outcome);
  });

  it("gives the newest row and its stamp, and NaN while empty", () => {
    const out = new Float64Array(2);
    expect(filled(0).latest(out)).toBeNaN();
    expect(filled(20).latest(out)).toBe(190);
    expect(Array.from(out)).toEqual([19, -19]);
  });

  it("is the same ring when another thread opens its buffer", () => {
    const ring = filled(3);
    const other = new SampleRing(ring.buffer);
    ring.push(30, Float64Array.of(7, 7));
    expect([other.width, other.capacity, other.latestStampMs()]).toEqual([2, 8, 30]);
  });
});

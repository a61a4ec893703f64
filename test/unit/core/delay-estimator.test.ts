import { describe, expect, it } from "vitest";
import { SampleRing } from "../../../bridge/contract/sample-ring.ts";
import { DelayEstimator } from "../../../bridge/core/delay-estimator.ts";

const swing = (timeMs: number): number => 0.6 * Math.sin(timeMs / 300);

function measure(delayMs: number, steps: number, moving = true): number | undefined {
  const setpoints = SampleRing.create({ capacity: 512, width: 2 });
  const estimator = new DelayEstimator(setpoints);
  for (let i = 0; i < steps * 8; i += 1) {
    const timeMs = i * 5;
    setpoints.push(timeMs, moving ? Float64Array.of(swing(timeMs), 1) : Float64Array.of(0, 0));
    if (i % 8 === 0) estimator.add(timeMs, Float64Array.of(moving ? swing(timeMs - delayMs) : 0));
  }
  return estimator.delayMs;
}

describe("DelayEstimator", () => {
  it.each([0, 60, 120, 300])("finds a delay of %d ms", (delayMs) => {
    expect(measure(delayMs, 200)).toBe(delayMs);
  });

  it("does not guess before the device has moved", () => {
    expect(measure(100, 20)).toBeUndefined();
    expect(measure(100, 400, false)).toBeUndefined();
  });
});

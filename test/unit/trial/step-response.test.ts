import { describe, expect, it } from "vitest";
import { stepResponse } from "../../../bridge/trial/step-response.ts";
import { turnText } from "../../../bridge/trial/turn-text.ts";
import { mount } from "../devices/mount.ts";

/** A joint of one time constant that sets out after a dead time, sampled at 200 Hz from 100 ms before. */
function firstOrder(deadMs: number, tauMs: number, toRad: number, peak = 0) {
  const timeMs: number[] = [];
  const posRad: number[] = [];
  for (let at = -100; at <= 1500; at += 5) {
    timeMs.push(5000 + at);
    const since = Math.max(0, at - deadMs);
    const bump = peak * Math.exp(-(((since - 300) / 60) ** 2));
    posRad.push(toRad * (1 - Math.exp(-since / tauMs)) + (since > 0 ? bump : 0));
  }
  return { timeMs, posRad };
}
const step = { commandMs: 5000, targetRad: 0.2, noiseRad: 0 };

describe("a step response", () => {
  it("finds dead time, rise, settling and the remaining error", () => {
    const found = stepResponse(firstOrder(80, 50, 0.19), step);
    expect(found.latencyMs).toBeGreaterThan(80);
    expect(found.latencyMs).toBeLessThanOrEqual(85);
    // 10 to 90 % of 0.2 where the joint ends at 0.19: ln(0.9 * 20/19 ...) of a first order.
    const rise = 50 * (Math.log(1 - 0.02 / 0.19) - Math.log(1 - 0.18 / 0.19));
    expect(Math.abs(found.riseMs - rise)).toBeLessThanOrEqual(10);
    expect(Math.abs(found.settleMs - (80 + 50 * Math.log(0.19 / 0.01)))).toBeLessThanOrEqual(10);
    expect(found.overshootRatio).toBe(0);
    expect(found.errorRad).toBeCloseTo(-0.01, 6);
  });

  it("takes noise for no motion", () => {
    const { timeMs, posRad } = firstOrder(80, 50, 0.2);
    const noisy = posRad.map((pos, index) => pos + (index % 2 === 0 ? 0.004 : -0.004));
    expect(
      stepResponse({ timeMs, posRad: noisy }, { ...step, noiseRad: 0.004 }).latencyMs,
    ).toBeGreaterThan(80);
  });

  it("sees an overshoot, downwards too", () => {
    const up = firstOrder(0, 30, 0.2, 0.04);
    expect(stepResponse(up, step).overshootRatio).toBeCloseTo(0.2, 1);
    const down = { timeMs: up.timeMs, posRad: up.posRad.map((pos) => -pos) };
    const mirrored = stepResponse(down, { ...step, targetRad: -0.2 });
    expect(mirrored.overshootRatio).toBeCloseTo(0.2, 1);
  });

  it("says NaN of a joint that never moved", () => {
    const { timeMs } = firstOrder(0, 1, 0.2);
    const found = stepResponse({ timeMs, posRad: timeMs.map(() => 0) }, step);
    expect(found.latencyMs).toBeNaN();
    expect(found.riseMs).toBeNaN();
    expect(found.errorRad).toBeCloseTo(-0.2, 9);
  });
});

describe("what a positive turn looks like", () => {
  it.each([
    ["yaw", "to its left (counter-clockwise from above)"],
    ["roll", "with its right side down"],
    ["pitch", "forward and down"],
  ])("%s turns %s", (name, text) => {
    expect(
      turnText(
        mount,
        mount.axes.findIndex((axis) => axis.name === name),
      ),
    ).toBe(text);
  });
});

import { describe, expect, it } from "vitest";
import { angleBetween } from "../../../bridge/core/axis-turns.ts";
import type { Vector3 } from "../../../bridge/core/kinematics.ts";
import { TargetTracker } from "../../../bridge/core/tracker.ts";

const rateRadPerS = 0.5;
const at = (timeMs: number): Vector3 => {
  const angle = (rateRadPerS * timeMs) / 1000;
  return [Math.cos(angle), Math.sin(angle), 0];
};
const told = (times: readonly number[], where: (timeMs: number) => Vector3 = at): TargetTracker => {
  const tracker = new TargetTracker();
  for (const timeMs of times) tracker.sighted(where(timeMs), timeMs);
  return tracker;
};
const steady = [0, 40, 80, 120, 160, 200];
const off = (tracker: TargetTracker, timeMs: number, place: Vector3): number =>
  angleBetween(tracker.at(timeMs)?.direction ?? [0, 0, 1], place);

describe("a tracked target", () => {
  it.each([200, 300, 400])("that goes round steadily is where it is to be at %i ms", (timeMs) => {
    expect(off(told(steady), timeMs, at(timeMs))).toBeLessThan(0.012);
  });

  it("is taken to stand after one sighting", () => {
    expect(told([0]).at(200)).toEqual({ direction: [1, 0, 0], rate: [0, 0, 0] });
  });

  it("coasts when nothing is told, then holds, then is lost", () => {
    const tracker = told(steady);
    const speedAt = (timeMs: number): number =>
      Math.hypot(...(tracker.at(timeMs)?.rate ?? [9, 9, 9]));
    expect(speedAt(499)).toBeCloseTo(rateRadPerS, 1);
    expect(speedAt(501)).toBe(0);
    expect(off(tracker, 1600, tracker.at(501)?.direction ?? [0, 0, 1])).toBeLessThan(1e-9);
    expect(tracker.at(1699)).toBeDefined();
    expect(tracker.at(1701)).toBeUndefined();
  });

  it("does not jump for one wrong sighting, and does for two that agree", () => {
    const tracker = told(steady);
    const wrong: Vector3 = [0, 0, 1];
    tracker.sighted(wrong, 240);
    expect(off(tracker, 240, at(240))).toBeLessThan(0.01);
    tracker.sighted(wrong, 280);
    expect(off(tracker, 280, wrong)).toBeLessThan(1e-9);
  });

  it.each([
    ["not a number", [Number.NaN, 0, 0], 240],
    ["of no time", [1, 0, 0], Number.NaN],
    ["older than the newest", [0, 0, 1], 100],
  ] as const)("is not moved by a sighting %s", (_, direction, atMs) => {
    const tracker = told(steady);
    const before = tracker.at(260);
    tracker.sighted(direction, atMs);
    expect(tracker.at(260)).toEqual(before);
  });

  it("takes the newer word for the same moment", () => {
    const tracker = told(steady);
    tracker.sighted(at(210), 200);
    expect(off(tracker, 200, at(200))).toBeGreaterThan(1e-3);
  });

  it("is not moved by what its copy is told", () => {
    const tracker = told(steady);
    const before = tracker.at(260);
    const copy = tracker.copy();
    copy.sighted(at(260), 240);
    expect(tracker.at(260)).toEqual(before);
    expect(copy.at(260)).not.toEqual(before);
  });
});

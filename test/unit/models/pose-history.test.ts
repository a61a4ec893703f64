import { expect, test } from "vitest";
import { PoseHistory } from "../../../models/pose-history.ts";

/** Joint 0 is at `t` and joint 1 at `-2t` rad at `100 t` ms, for t = 0 ... count - 1. */
function historyOf(count: number): PoseHistory {
  const history = new PoseHistory(2);
  for (let t = 0; t < count; t += 1) history.push(100 * t, Float64Array.of(t, -2 * t));
  return history;
}

test.each([
  ["at a sample", 5, 300, 3],
  ["between samples", 5, 325, 3.25],
  ["after the newest", 5, 1000, 4],
  ["before the oldest", 5, -50, 0],
  ["of a single sample", 1, 70, 0],
  ["after the ring came round", 100, 9850, 98.5],
  ["before what the ring still holds", 100, 0, 68],
])("the pose %s is right", (_, count, timeMs, expected) => {
  const out = new Float64Array(2);
  historyOf(count).at(timeMs, out);
  expect(out[0]).toBeCloseTo(expected, 12);
  expect(out[1]).toBeCloseTo(-2 * expected, 12);
});

test("nothing of the time before a reset is left", () => {
  const history = historyOf(10);
  history.clear();
  history.push(5000, Float64Array.of(7, 7));
  const out = new Float64Array(2);
  history.at(450, out);
  expect([...out]).toEqual([7, 7]);
});

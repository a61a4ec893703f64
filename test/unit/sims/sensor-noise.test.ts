import { describe, expect, it } from "vitest";
import { normalAt } from "../../../sims/embedded/sensor-noise.ts";

const count = 20_000;
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
const product = (a: readonly number[], b: readonly number[]): number =>
  mean(a.map((value, i) => value * b[i]!));

describe("normalAt", () => {
  const series = (at: (i: number) => number): number[] =>
    Array.from({ length: count }, (_, i) => at(i));
  const bySteps = series((i) => normalAt(1, i, 0));

  it.each([
    ["steps", bySteps],
    ["channels", series((i) => normalAt(1, 5, i))],
    ["seeds", series((i) => normalAt(i, 5, 0))],
  ])("has mean 0 and deviation 1 over %s", (_, values) => {
    expect(Math.abs(mean(values))).toBeLessThan(0.03);
    expect(product(values, values)).toBeGreaterThan(0.95);
    expect(product(values, values)).toBeLessThan(1.05);
  });

  it.each([
    ["the next step", series((i) => normalAt(1, i + 1, 0))],
    ["the next channel", series((i) => normalAt(1, i, 1))],
    ["the next seed", series((i) => normalAt(2, i, 0))],
  ])("tells nothing about %s", (_, others) => {
    expect(Math.abs(product(bySteps, others))).toBeLessThan(0.03);
  });

  it("depends on nothing but its place", () => {
    expect(normalAt(7, 8, 9)).toBe(normalAt(7, 8, 9));
  });
});

import { describe, expect, test } from "vitest";
import {
  areaUnderRoc,
  coverageOf,
  farthest,
  psnrOf,
  ranksOf,
  rmseOf,
  spearmanOf,
} from "../../../bridge/evaluation/metrics.ts";

const floats = (...values: number[]): Float64Array => Float64Array.from(values);

describe("measures of a model", () => {
  test("RMSE is the root of the mean square", () => {
    expect(rmseOf(floats(3, -4, 0, 0))).toBe(2.5);
  });

  test("coverage counts errors inside 1.645 deviations", () => {
    expect(coverageOf(floats(1.6, -1.6, 1.7, 0), floats(1, 1, 1, 0))).toBe(0.75);
    expect(coverageOf(floats(Number.NaN), floats(1))).toBe(0);
  });

  test("ties share a rank", () => {
    expect([...ranksOf(floats(5, 1, 5, 0))]).toEqual([2.5, 1, 2.5, 0]);
  });

  test.each([
    ["the same order", [1, 2, 3, 4], [1, 10, 100, 1000], 1],
    ["the opposite order", [1, 2, 3, 4], [9, 7, 5, 3], -1],
    // Of 1, 2, 3, 4, 5 and 2, 1, 4, 3, 5: 1 - 6 * 4 / (5 * 24).
    ["two neighbours swapped twice", [1, 2, 3, 4, 5], [2, 1, 4, 3, 5], 0.8],
  ])("Spearman of %s", (_, a, b, expected) => {
    expect(spearmanOf(floats(...a), floats(...b))).toBeCloseTo(expected, 12);
  });

  test("Spearman of a constant is no number", () => {
    expect(spearmanOf(floats(1, 1, 1), floats(1, 2, 3))).toBeNaN();
  });

  test("the area under the curve is the chance of being above", () => {
    expect(areaUnderRoc(floats(3, 4), floats(1, 2))).toBe(1);
    expect(areaUnderRoc(floats(1, 4), floats(2, 3))).toBe(0.5);
    expect(areaUnderRoc(floats(2), floats(2, 1))).toBe(0.75);
  });

  test("PSNR of one level off is 48.13 dB", () => {
    expect(psnrOf(1)).toBeCloseTo(48.1308, 4);
  });

  test("what is no number, or missing, is infinitely far", () => {
    expect(farthest([1, 2], [1, 2.5])).toBe(0.5);
    expect(farthest([1, Number.NaN], [1, 2])).toBe(Infinity);
    expect(farthest([1], [1, 2])).toBe(Infinity);
  });
});

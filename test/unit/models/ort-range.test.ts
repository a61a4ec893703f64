import { expect, test } from "vitest";
import { isInOrtRange, ortRange } from "../../../models/package/ort-range.ts";

test.each([
  [">=1.25.1", "1.25.1", true],
  [">=1.25.1", "1.30.0", true],
  [">=1.25.1", "2.0.0", true],
  [">=1.25", "1.25.0", true],
  [">=1.25.1", "1.25.0", false],
  [">=1.25.1", "1.25", false],
  [">=1.25.1", "1.9.9", false],
  [">=1.25.1", "0.99.9", false],
])("%s of ONNX Runtime %s: %s", (range, version, expected) => {
  expect(isInOrtRange(range, version)).toBe(expected);
});

test.each(["1.25", ">1.25", ">=1", ">=1.25.1.0", "<=1.25", ""])("%s is no range", (text) => {
  expect(ortRange.safeParse(text).success).toBe(false);
});

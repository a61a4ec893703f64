import { describe, expect, it } from "vitest";
import {
  arcPath,
  dialDeg,
  faceOf,
  limitSide,
  pointAt,
  rangesOf,
  wedgePath,
} from "../../../bridge/web/dial-geometry.ts";
import { phoneMount } from "../../fakes/synthetic-actuation.ts";

const [deploy, yaw] = phoneMount().axes;
const quarter = Math.PI / 2;

describe("a dial", () => {
  it.each([
    ["yaw to the left turns to the left, seen from above", "yaw", quarter, -90],
    ["roll to the right turns clockwise, seen from behind", "roll", quarter, 90],
    ["pitch down points down, seen from the side", "pitch", quarter, 180],
    ["an arm that unfolds rises", "deploy", quarter, 360],
    ["an axis nobody knows turns counter-clockwise", "elbow", quarter, -90],
  ])("%s", (_name, axis, rad, deg) => {
    expect(dialDeg(faceOf(axis), rad)).toBeCloseTo(deg, 9);
  });

  it("has angle 0 at the top and goes clockwise, y down as on a screen", () => {
    for (const [deg, x, y] of [
      [0, 0, -10],
      [90, 10, 0],
      [180, 0, 10],
      [270, -10, 0],
    ] as const) {
      expect(pointAt(10, deg).x).toBeCloseTo(x, 9);
      expect(pointAt(10, deg).y).toBeCloseTo(y, 9);
    }
  });

  it.each([
    ["a quarter clockwise", 0, 90, "M0 -10A10 10 0 0 1 10 0"],
    ["a quarter back", 90, 0, "M10 0A10 10 0 0 0 0 -10"],
    ["more than half", -180, 90, "M0 10A10 10 0 1 1 10 0"],
  ])("draws %s", (_name, from, to, path) => {
    expect(arcPath(10, from, to)).toBe(path);
  });

  it("draws a full turn as nearly one: an arc that ends where it began is none", () => {
    const [, x] = /1 1 (\S+) \S+$/.exec(arcPath(10, 0, 720))!;
    expect(Number(x)).toBeCloseTo(0, 1);
    expect(arcPath(10, 0, 720)).toContain("A10 10 0 1 1");
  });

  it("draws a wedge as a closed ring part", () => {
    expect(wedgePath([5, 10], 0, 90)).toBe("M0 -10A10 10 0 0 1 10 0L5 0A5 5 0 0 0 0 -5Z");
  });
});

describe("limits on a dial", () => {
  it("keeps the soft margin free at both ends, of an axis that has ends", () => {
    expect(rangesOf({ ...deploy!, softMarginRad: 0.1 })).toEqual({
      hard: [0, 2.1],
      soft: [0.1, 2],
    });
    const { soft, hard } = rangesOf({ ...yaw!, softMarginRad: 0.1, continuous: true });
    expect(soft).toEqual(hard);
  });

  it.each([
    [0, "lower"],
    [0.104, "lower"],
    [0.11, "none"],
    [1, "none"],
    [1.99, "none"],
    [1.996, "upper"],
    [2.5, "upper"],
  ])("at %d rad says %s", (rad, side) => {
    expect(limitSide({ ...deploy!, softMarginRad: 0.1 }, rad)).toBe(side);
  });

  it("has no sides on an axis that turns for ever", () => {
    expect(limitSide({ ...yaw!, continuous: true }, 3.14)).toBe("none");
  });
});

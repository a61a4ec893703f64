import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { xyzwFromAxisAngle, type Vector3 } from "../../../bridge/core/kinematics.ts";
import {
  ellipse90Sigmas,
  ellipseOffsets,
  pinholeOf,
  pixelOf,
  rayOf,
  seenFrom,
  type Xyzw,
} from "../../../bridge/web/projection.ts";

const camera = pinholeOf({ widthPx: 160, heightPx: 120 }, 0.9);
const still: Xyzw = [0, 0, 0, 1];
/** Axes of the optical frame: turning about `down` looks to the right. */
const down: Vector3 = [0, 1, 0];
const right: Vector3 = [1, 0, 0];

describe("a pinhole camera", () => {
  it("shows the middle in the middle and the edge of its field of view at the edge", () => {
    expect(pixelOf(camera, [0, 0, 1])).toEqual({ x: 80, y: 60 });
    expect(pixelOf(camera, [0, Math.tan(0.45), 1])?.y).toBeCloseTo(120, 9);
  });

  it("does not show what is behind it or beside it", () => {
    for (const forward of [0, -1, 1e-9]) expect(pixelOf(camera, [0.1, 0, forward])).toBeUndefined();
  });

  it("finds the direction of every point again", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 160, noNaN: true }),
        fc.double({ min: 0, max: 120, noNaN: true }),
        (x, y) => {
          const back = pixelOf(camera, rayOf(camera, { x, y }))!;
          expect(back.x).toBeCloseTo(x, 9);
          expect(back.y).toBeCloseTo(y, 9);
        },
      ),
    );
  });
});

describe("what another camera sees, in this one", () => {
  it.each<[string, Vector3, number, "x" | "y", number]>([
    ["a turn to the right moves its middle to the right", down, 0.2, "x", 1],
    ["a turn to the left moves its middle to the left", down, -0.2, "x", -1],
    ["a turn up moves its middle up", right, 0.2, "y", -1],
  ])("%s", (_name, axis, angle, coordinate, sign) => {
    const turned = xyzwFromAxisAngle(axis, angle);
    const seen = pixelOf(camera, seenFrom(still, turned, [0, 0, 1]))!;
    const offset = seen[coordinate] - (coordinate === "x" ? 80 : 60);
    expect(offset).toBeCloseTo(sign * camera.focalPx * Math.tan(0.2), 6);
  });

  it("is the same for the same camera, wherever both look", () => {
    const turned = xyzwFromAxisAngle([1, 2, -1], 1.1);
    const seen = seenFrom(turned, turned, [0.3, -0.2, 1]);
    for (const [i, value] of [0.3, -0.2, 1].entries()) expect(seen[i]).toBeCloseTo(value, 9);
  });
});

describe("an ellipse of deviations", () => {
  it("is as wide and high as the deviations say", () => {
    const points = ellipseOffsets({ xx: 0.04, xy: 0, yy: 0.01 }, 1, 64);
    expect(Math.max(...points.map(({ x }) => x))).toBeCloseTo(0.2, 6);
    expect(Math.max(...points.map(({ y }) => y))).toBeCloseTo(0.1, 6);
  });

  it("has every point the same number of deviations away (Mahalanobis distance)", () => {
    const number = fc.double({ min: -1, max: 1, noNaN: true });
    fc.assert(
      fc.property(number, number, number, number, (a, b, c, d) => {
        // A A^T is a covariance whatever A is; a little is added so that it can be inverted.
        const [xx, xy, yy] = [a * a + b * b + 0.01, a * c + b * d, c * c + d * d + 0.01];
        const determinant = xx * yy - xy * xy;
        for (const { x, y } of ellipseOffsets({ xx, xy, yy }, ellipse90Sigmas, 12)) {
          const distance = (yy * x * x - 2 * xy * x * y + xx * y * y) / determinant;
          expect(Math.sqrt(distance)).toBeCloseTo(ellipse90Sigmas, 5);
        }
      }),
    );
  });

  it("holds 90 % of a normal distribution of two variables", () => {
    expect(1 - Math.exp(-(ellipse90Sigmas ** 2) / 2)).toBeCloseTo(0.9, 12);
  });

  it("is a point without deviation, and a line with one", () => {
    expect(ellipseOffsets({ xx: 0, xy: 0, yy: 0 }, 2, 3)).toEqual([
      { x: 0, y: 0 },
      { x: 0, y: 0 },
      { x: 0, y: 0 },
    ]);
    for (const { y } of ellipseOffsets({ xx: 0.09, xy: 0, yy: 0 }, 2, 8))
      expect(y).toBeCloseTo(0, 9);
  });
});

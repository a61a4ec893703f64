import { describe, expect, it } from "vitest";
import { cameraIntrinsics } from "../../../bridge/core/camera.ts";
import {
  identityXyzw,
  multiplyXyzw,
  xyzwFromAxisAngle,
  type Vector3,
  type Xyzw,
} from "../../../bridge/core/kinematics.ts";
import { RotationWarp } from "../../../bridge/core/reproject.ts";

const [widthPx, heightPx] = [160, 120];
const intrinsics = cameraIntrinsics(widthPx, heightPx, 0.9);
const { fxPx, cxPx, cyPx } = intrinsics;
/** Axes of the optical frame. */
const axis = { right: [1, 0, 0], down: [0, 1, 0], forward: [0, 0, 1] } as const;
const hatch = [96, 120];

/** A smooth picture of which every pixel is known by formula, clear of the hatching's two greys. */
const level = (x: number, y: number, channel: number): number =>
  180 + 50 * Math.sin(x / 9 + channel) * Math.cos(y / 7 - channel);
const picture = Uint8Array.from({ length: widthPx * heightPx * 3 }, (_, i) => {
  const pixel = Math.floor(i / 3);
  return Math.round(level((pixel % widthPx) + 0.5, Math.floor(pixel / widthPx) + 0.5, i % 3));
});

function warp(
  to: Xyzw,
  from: Xyzw = identityXyzw,
  rgb: Uint8Array = picture,
): { readonly out: Uint8Array; readonly knownRatio: number } {
  const out = new Uint8Array(picture.length);
  const knownRatio = new RotationWarp(intrinsics).warp(rgb, from, to, out);
  return { out, knownRatio };
}

const at = (rgb: Uint8Array, x: number, y: number): number[] =>
  Array.from(rgb.subarray((y * widthPx + x) * 3, (y * widthPx + x) * 3 + 3));
const isHatched = (rgb: Uint8Array, x: number, y: number): boolean => {
  const [r, g, b] = at(rgb, x, y);
  return r === g && g === b && hatch.includes(r!);
};

describe("a picture warped by a rotation", () => {
  it("is the same when the camera did not turn, wherever it looked", () => {
    expect(warp(identityXyzw)).toEqual({ out: picture, knownRatio: 1 });
    const turned = xyzwFromAxisAngle([1, 2, -1], 1.3);
    const same = warp(turned, turned);
    expect(same.knownRatio).toBe(1);
    const worst = same.out.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - picture[i]!)),
      0,
    );
    expect(worst).toBeLessThanOrEqual(1);
  });

  it.each<[string, Vector3, number, number]>([
    ["to the right moves the picture left", axis.down, 1, 0],
    ["to the left moves the picture right", axis.down, -1, 0],
    ["up moves the picture down", axis.right, 0, -1],
    ["down moves the picture up", axis.right, 0, 1],
  ])("by a pixel's angle %s by a pixel in the middle", (_, about, dx, dy) => {
    // About the x axis a positive angle turns the view up, about y to the right.
    const angleRad = Math.atan(1 / fxPx) * (dx - dy);
    const { out } = warp(xyzwFromAxisAngle(about, angleRad));
    for (let y = 55; y < 65; y += 1) {
      for (let x = 75; x < 85; x += 1) {
        at(out, x, y).forEach((value, channel) => {
          expect(Math.abs(value - at(picture, x + dx, y + dy)[channel]!)).toBeLessThanOrEqual(1);
        });
      }
    }
    // The picture is not the same when it is not moved, or moved the other way.
    expect(Math.abs(at(out, 80, 60)[0]! - at(picture, 80 - dx, 60 - dy)[0]!)).toBeGreaterThan(1);
  });

  it("by a quarter turn about the view's axis is the picture turned", () => {
    const { out } = warp(xyzwFromAxisAngle(axis.forward, Math.PI / 2));
    for (const [x, y] of [
      [80, 60],
      [100, 70],
      [40, 110],
    ] as const) {
      // A camera turned clockwise sees at its right what was below.
      const fromX = Math.round(cxPx - (y + 0.5 - cyPx) - 0.5);
      const fromY = Math.round(cyPx + (x + 0.5 - cxPx) - 0.5);
      expect(at(out, x, y)).toEqual(at(picture, fromX, fromY));
    }
  });

  it.each([0.1, 0.4, -0.6])(
    "by %d rad of yaw hatches what was not seen, and tells how much",
    (yawRad) => {
      const { out, knownRatio } = warp(xyzwFromAxisAngle(axis.down, yawRad));
      let hatchedCount = 0;
      let expectedKnownCount = 0;
      for (let y = 0; y < heightPx; y += 1) {
        for (let x = 0; x < widthPx; x += 1) {
          if (isHatched(out, x, y)) hatchedCount += 1;
          // The pixel's direction, by angles: yaw adds, and the tangent of pitch scales with its cosine.
          const azimuthRad = Math.atan((x + 0.5 - cxPx) / fxPx) + yawRad;
          const length = Math.hypot(x + 0.5 - cxPx, fxPx);
          const fromX = cxPx + fxPx * Math.tan(azimuthRad);
          const fromY = cyPx + ((y + 0.5 - cyPx) * fxPx) / (Math.cos(azimuthRad) * length);
          const isInside = fromX > 0 && fromX < widthPx && fromY > 0 && fromY < heightPx;
          if (isInside && Math.abs(azimuthRad) < Math.PI / 2) expectedKnownCount += 1;
        }
      }
      const pixelCount = widthPx * heightPx;
      expect(knownRatio).toBeCloseTo(expectedKnownCount / pixelCount, 3);
      expect(hatchedCount / pixelCount).toBeCloseTo(1 - knownRatio, 6);
    },
  );

  it("to behind the camera is all hatching, of both greys", () => {
    const { out, knownRatio } = warp(xyzwFromAxisAngle(axis.down, Math.PI));
    expect(knownRatio).toBe(0);
    expect(Array.from(new Set(out)).sort((a, b) => a - b)).toEqual(hatch);
  });

  it("twice by half is, but for the second interpolation, once by the whole", () => {
    const half = xyzwFromAxisAngle([0.2, 1, 0.3], 0.05);
    const whole = multiplyXyzw(half, half);
    const first = warp(half).out.slice();
    const twice = warp(whole, half, first).out;
    const once = warp(whole).out;
    for (let y = 20; y < 100; y += 1) {
      for (let x = 20; x < 140; x += 1) {
        at(once, x, y).forEach((value, channel) => {
          expect(Math.abs(value - at(twice, x, y)[channel]!)).toBeLessThanOrEqual(4);
        });
      }
    }
  });

  it("does not depend on the frame that orientations are told in", () => {
    const base = xyzwFromAxisAngle([1, -1, 0.4], 2);
    const turn = xyzwFromAxisAngle([0.1, 1, 0], 0.2);
    const inBase = warp(multiplyXyzw(base, turn), base);
    const inCamera = warp(turn);
    expect(inBase.knownRatio).toBeCloseTo(inCamera.knownRatio, 3);
    const off = inBase.out.filter((value, i) => Math.abs(value - inCamera.out[i]!) > 1).length;
    // Rounding may move a pixel of the hatching's border to the other side.
    expect(off / picture.length).toBeLessThan(1e-3);
  });
});

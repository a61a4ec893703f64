import { describe, expect, it } from "vitest";
import {
  checkerRatio,
  plasterTexture,
  tilesRatio,
  woodTexture,
} from "../../../sims/embedded/raster/textures.ts";
import { linearFromSrgb, ToneCurve } from "../../../sims/embedded/raster/tone-curve.ts";

/** Mean of point samples over the footprint, the slow way. */
function meanOf(
  pattern: (u: number, v: number) => number,
  at: readonly [number, number],
  footprint: readonly [number, number],
): number {
  const side = 200;
  let sum = 0;
  for (let i = 0; i < side; i += 1) {
    for (let j = 0; j < side; j += 1) {
      const u = at[0] + ((i + 0.5) / side - 0.5) * footprint[0];
      const v = at[1] + ((j + 0.5) / side - 0.5) * footprint[1];
      sum += pattern(u, v);
    }
  }
  return sum / side ** 2;
}

const fraction = (value: number): number => value - Math.floor(value);
const checker = (u: number, v: number): number => Number(fraction(u) < 0.5 !== fraction(v) < 0.5);
const tiles = (u: number, v: number): number => Number(fraction(u) < 0.04 || fraction(v) < 0.04);

describe("a texture averaged over a pixel", () => {
  it.each<[readonly [number, number], readonly [number, number]]>([
    [
      [0.2, 0.2],
      [0.05, 0.05],
    ],
    [
      [0.5, 0.3],
      [0.2, 0.4],
    ],
    [
      [-1.02, 3.99],
      [0.7, 0.1],
    ],
    [
      [0.1, 0.1],
      [2.3, 1.7],
    ],
  ])("is the integral of the pattern over it: at %j, %j wide", (at, footprint) => {
    const found = checkerRatio(...at, ...footprint);
    expect(Math.abs(found - meanOf(checker, at, footprint))).toBeLessThan(0.02);
    const lines = tilesRatio(...at, ...footprint);
    // Two families of lines: their crossing is exact, as the box filter separates.
    expect(Math.abs(lines - meanOf(tiles, at, footprint))).toBeLessThan(0.02);
  });

  it("fades to grey where a pixel covers many squares", () => {
    expect(checkerRatio(0.2, 0.2, 40, 40)).toBeCloseTo(0.5, 3);
  });
});

describe.each([
  ["wood", woodTexture()],
  ["plaster", plasterTexture()],
])("the %s texture", (_, texture) => {
  const points = Array.from({ length: 400 }, (_, i) => [i * 0.137, i * 0.071] as const);

  it("tiles: one period on it is the same", () => {
    for (const [u, v] of points) {
      expect(texture.sample(u + 1, v - 2, 0.002)).toBeCloseTo(texture.sample(u, v, 0.002), 6);
    }
  });

  it("varies near by, keeps its mean and varies little far away", () => {
    const near = points.map(([u, v]) => texture.sample(u, v, 0.001));
    const far = points.map(([u, v]) => texture.sample(u, v, 0.9));
    const mean = (values: readonly number[]): number =>
      values.reduce((sum, value) => sum + value, 0) / values.length;
    const spread = (values: readonly number[]): number => Math.max(...values) - Math.min(...values);
    expect(Math.min(...near)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...near)).toBeLessThanOrEqual(1);
    expect(Math.abs(mean(near) - mean(far))).toBeLessThan(0.05);
    expect(spread(near)).toBeGreaterThan(4 * spread(far));
  });
});

describe("the tone curve", () => {
  const curve = new ToneCurve(1);

  it("is the sRGB transfer up to its shoulder, to half a level or so", () => {
    for (let byte = 0; linearFromSrgb(byte / 255) < 0.6; byte += 1) {
      expect(Math.abs(curve.byteOf(linearFromSrgb(byte / 255)) - byte)).toBeLessThanOrEqual(1);
    }
  });

  it("never falls, starts at black, and ends at white however bright the light", () => {
    let last = 0;
    for (let light = 0; light < 10; light += 0.001) {
      const byte = curve.byteOf(light);
      expect(byte).toBeGreaterThanOrEqual(last);
      last = byte;
    }
    expect(curve.byteOf(0)).toBe(0);
    expect(curve.byteOf(1e9)).toBe(255);
  });

  it("still tells twice the brightest diffuse light from white", () => {
    expect(curve.byteOf(1)).toBeLessThan(250);
    expect(curve.byteOf(0.9)).toBeLessThan(curve.byteOf(1));
  });
});

import { describe, expect, it } from "vitest";
import type { CameraImage, ImageEncoding } from "../../../bridge/contract/camera-image.ts";
import { pictureFitter } from "../../../bridge/parts/fit-picture.ts";

function picture(
  widthPx: number,
  heightPx: number,
  colour: (x: number, y: number) => readonly [number, number, number],
): CameraImage {
  const data = new Uint8Array(3 * widthPx * heightPx);
  for (let y = 0; y < heightPx; y += 1) {
    for (let x = 0; x < widthPx; x += 1) data.set(colour(x, y), 3 * (y * widthPx + x));
  }
  return { stampMs: 0, widthPx, heightPx, encoding: "rgb8", strideBytes: 3 * widthPx, data };
}

function fitted(image: CameraImage, widthPx: number, heightPx: number): number[] {
  const out = new Uint8Array(3 * widthPx * heightPx);
  pictureFitter({ widthPx, heightPx })(image, out);
  return [...out];
}

describe("a picture brought to the camera's size", () => {
  it("of that size already is unchanged", () => {
    const image = picture(4, 3, (x, y) => [x * 10, y * 10, x + y]);
    expect(fitted(image, 4, 3)).toEqual([...image.data]);
  });

  it("is the mean of the pixels under each one", () => {
    const image = picture(4, 4, (x, y) => [
      x < 2 ? 0 : 100,
      y < 2 ? 0 : 200,
      (x + y) % 2 === 0 ? 10 : 30,
    ]);
    expect(fitted(image, 2, 2)).toEqual([0, 0, 20, 100, 0, 20, 0, 200, 20, 100, 200, 20]);
  });

  it("that is wider loses its sides, so that squares stay squares", () => {
    const image = picture(8, 4, (x) => [x >= 2 && x < 6 ? 50 : 250, 0, 0]);
    const reds = fitted(image, 2, 2).filter((_, i) => i % 3 === 0);
    expect(reds).toEqual([50, 50, 50, 50]);
  });

  it("that is higher loses top and bottom", () => {
    const image = picture(4, 8, (_, y) => [y >= 2 && y < 6 ? 50 : 250, 0, 0]);
    const reds = fitted(image, 2, 2).filter((_, i) => i % 3 === 0);
    expect(reds).toEqual([50, 50, 50, 50]);
  });

  it("may be enlarged", () => {
    const image = picture(2, 1, (x) => [x * 200, 0, 0]);
    expect(fitted(image, 4, 2).filter((_, i) => i % 3 === 0)).toEqual([
      0, 0, 200, 200, 0, 0, 200, 200,
    ]);
  });

  it.each<[ImageEncoding, number, readonly number[]]>([
    ["bgr8", 3, [1, 2, 3]],
    ["rgba8", 4, [3, 2, 1, 255]],
    ["bgra8", 4, [1, 2, 3, 0]],
  ])("of %s has red where red is", (encoding, bytes, pixel) => {
    const data = Uint8Array.from({ length: 4 * bytes }, (_, i) => pixel[i % bytes]!);
    const image = { stampMs: 0, widthPx: 2, heightPx: 2, encoding, strideBytes: 2 * bytes, data };
    expect(fitted(image, 1, 1)).toEqual([3, 2, 1]);
  });

  it("with padded rows is read row by row", () => {
    const data = Uint8Array.of(1, 2, 3, 99, 99, 1, 2, 3);
    const image: CameraImage = {
      stampMs: 0,
      widthPx: 1,
      heightPx: 2,
      encoding: "rgb8",
      strideBytes: 5,
      data,
    };
    expect(fitted(image, 1, 1)).toEqual([1, 2, 3]);
  });

  it("changes its size with the camera's", () => {
    const fit = pictureFitter({ widthPx: 1, heightPx: 1 });
    const out = new Uint8Array(3);
    fit(
      picture(2, 2, () => [10, 10, 10]),
      out,
    );
    fit(
      picture(7, 5, () => [20, 20, 20]),
      out,
    );
    expect([...out]).toEqual([20, 20, 20]);
  });
});

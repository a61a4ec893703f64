import { describe, expect, it } from "vitest";
import type { CameraImage, ImageEncoding } from "../../../../bridge/contract/camera-image.ts";
import { pixelReader } from "../../../../models/inference/image/pixels.ts";

function read(image: CameraImage): number[][] {
  const columns = Int32Array.from({ length: image.widthPx }, (_, x) => x);
  const out = new Uint8Array(3 * image.widthPx);
  return Array.from({ length: image.heightPx }, (_, row) => {
    pixelReader(image.encoding)(image, row, columns, columns.length, out);
    return [...out];
  });
}

function picture(encoding: ImageEncoding, data: readonly number[], widthPx = 2): CameraImage {
  const heightPx = 2;
  const rows = encoding === "nv12" || encoding === "nv21" ? 3 : 2;
  const strideBytes = data.length / rows;
  return { stampMs: 0, widthPx, heightPx, encoding, strideBytes, data: Uint8Array.from(data) };
}

describe("a picture of one colour is read as that colour", () => {
  // y, u, v of ITU-R BT.601 with limited range: 75 % colour bars have published values.
  it.each([
    ["white", [235, 128, 128], [255, 255, 255]],
    ["black", [16, 128, 128], [0, 0, 0]],
    ["75 % yellow", [162, 44, 142], [191, 191, 0]],
    ["75 % blue", [35, 212, 114], [0, 0, 191]],
    ["75 % red", [65, 100, 212], [191, 0, 0]],
    ["75 % green", [112, 72, 58], [0, 191, 0]],
  ] as const)("%s", (_, [y, u, v], rgb) => {
    const expected = [...rgb, ...rgb];
    const pictures = [
      picture("nv12", [y, y, y, y, u, v]),
      picture("nv21", [y, y, y, y, v, u]),
      picture("yuyv", [y, u, y, v, y, u, y, v]),
      picture("uyvy", [u, y, v, y, u, y, v, y]),
      picture("rgb8", [...expected, ...expected]),
    ];
    for (const image of pictures) {
      for (const row of read(image)) {
        for (const [index, value] of row.entries()) {
          expect(Math.abs(value - expected[index]!), image.encoding).toBeLessThanOrEqual(1);
        }
      }
    }
  });
});

describe("full range", () => {
  it.each([
    [
      [255, 128, 128],
      [255, 255, 255],
    ],
    [
      [0, 128, 128],
      [0, 0, 0],
    ],
    // JFIF 1.02: R = 76 + 1.402 * 127, G = 76 - 0.34414 * -43 - 0.71414 * 127, B = 76 + 1.772 * -43.
    [
      [76, 85, 255],
      [254, 0, 0],
    ],
  ] as const)("%j", ([y, u, v], rgb) => {
    const image: CameraImage = { ...picture("nv12", [y, y, y, y, u, v]), yuvRange: "full" };
    expect(read(image)).toEqual([
      [...rgb, ...rgb],
      [...rgb, ...rgb],
    ]);
  });
});

describe("bayer patterns", () => {
  /** What a sensor with this pattern gives of one colour. */
  const mosaic = (pattern: string, [r, g, b]: readonly [number, number, number]): number[] =>
    Array.from({ length: 36 }, (_, i) => {
      const letter = pattern[2 * (Math.floor(i / 6) % 2) + ((i % 6) % 2)];
      return letter === "r" ? r : letter === "b" ? b : g;
    });

  it.each(["rggb", "bggr", "gbrg", "grbg"] as const)("%s", (pattern) => {
    const colour = [200, 90, 17] as const;
    const image: CameraImage = {
      stampMs: 0,
      widthPx: 6,
      heightPx: 6,
      encoding: `bayer_${pattern}8`,
      strideBytes: 6,
      data: Uint8Array.from(mosaic(pattern, colour)),
    };
    // At the edges and corners too.
    for (const row of read(image)) {
      expect(row).toEqual(Array.from({ length: 6 }, () => colour).flat());
    }
  });
});

import { describe, expect, it } from "vitest";
import {
  checkImage,
  imageEncodings,
  type CameraImage,
} from "../../../../bridge/contract/camera-image.ts";
import { pixelReader } from "../../../../models/inference/image/pixels.ts";
import { createPreprocessor } from "../../../../models/inference/image/preprocessor.ts";
import { Stream } from "../../../../models/package/streams.ts";
import { noiseImage } from "../../../fakes/noise-image.ts";

const bytes = { size: [16, 12], dtype: "uint8", resize: "letterbox" } as const;

function asRgb8(image: CameraImage): CameraImage {
  const { widthPx, heightPx } = image;
  const columns = Int32Array.from({ length: widthPx }, (_, x) => x);
  const data = new Uint8Array(3 * widthPx * heightPx);
  for (let row = 0; row < heightPx; row += 1) {
    const out = data.subarray(3 * widthPx * row);
    pixelReader(image.encoding)(image, row, columns, widthPx, out);
  }
  return { stampMs: 0, widthPx, heightPx, encoding: "rgb8", strideBytes: 3 * widthPx, data };
}

describe("a tensor", () => {
  it.each(imageEncodings)("of %s is that of the same picture as rgb8", (encoding) => {
    for (const resampler of ["bilinear", "area"]) {
      const preprocessor = createPreprocessor(Stream.parse({ ...bytes, resampler }));
      const image = noiseImage(encoding, 45, 31);
      const direct = preprocessor.makeData();
      const converted = preprocessor.makeData();
      preprocessor.write(image, direct);
      preprocessor.write(asRgb8(image), converted);
      expect(direct).toEqual(converted);
    }
  });

  it("holds nothing of pictures of another size that were there before", () => {
    const used = createPreprocessor(Stream.parse(bytes));
    const out = used.makeData();
    for (const [width, height] of [
      [64, 20],
      [20, 64],
      [30, 30],
    ] as const) {
      const image = noiseImage("rgb8", width, height);
      const fresh = createPreprocessor(Stream.parse(bytes));
      const expected = fresh.makeData();
      used.write(image, out);
      fresh.write(image, expected);
      expect(out).toEqual(expected);
    }
  });

  it("is the picture itself at the picture's own size", () => {
    for (const resampler of ["bilinear", "area"]) {
      const image = noiseImage("rgb8", 16, 12);
      const stream = Stream.parse({ ...bytes, layout: "HWC", resampler });
      const preprocessor = createPreprocessor(stream);
      const out = preprocessor.makeData();
      preprocessor.write(image, out);
      expect(out).toEqual(image.data);
    }
  });

  it("of a bilinear resize lies within one of the exact interpolation", () => {
    const image = noiseImage("rgb8", 45, 31);
    const stream = Stream.parse({ ...bytes, resize: "stretch", layout: "HWC" });
    const preprocessor = createPreprocessor(stream);
    const out = preprocessor.makeData();
    preprocessor.write(image, out);
    for (let y = 0; y < 12; y += 1) {
      for (let x = 0; x < 16; x += 1) {
        for (let c = 0; c < 3; c += 1) {
          const exact = interpolate(
            image,
            ((x + 0.5) * 45) / 16 - 0.5,
            ((y + 0.5) * 31) / 12 - 0.5,
            c,
          );
          expect(Math.abs(out[3 * (16 * y + x) + c]! - exact)).toBeLessThan(1);
        }
      }
    }
  });

  it("of an area resize by a whole factor holds the rounded means of the blocks", () => {
    const image = noiseImage("mono8", 48, 36);
    const stream = Stream.parse({ ...bytes, color: "gray", resampler: "area" });
    const preprocessor = createPreprocessor(stream);
    const out = preprocessor.makeData();
    preprocessor.write(image, out);
    for (let i = 0; i < out.length; i += 1) {
      const start = 3 * 48 * Math.floor(i / 16) + 3 * (i % 16);
      let sum = 0;
      for (let j = 0; j < 9; j += 1) sum += image.data[start + 48 * Math.floor(j / 3) + (j % 3)]!;
      expect(out[i]).toBe(Math.floor(sum / 9 + 0.5));
    }
  });
});

function interpolate({ data, widthPx, heightPx }: CameraImage, x: number, y: number, c: number) {
  const at = (column: number, row: number): number => {
    const inX = Math.min(Math.max(column, 0), widthPx - 1);
    const inY = Math.min(Math.max(row, 0), heightPx - 1);
    return data[3 * (widthPx * inY + inX) + c]!;
  };
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [wx, wy] = [x - left, y - top];
  const above = at(left, top) * (1 - wx) + at(left + 1, top) * wx;
  const below = at(left, top + 1) * (1 - wx) + at(left + 1, top + 1) * wx;
  return above * (1 - wy) + below * wy;
}

describe("what does not fit is refused", () => {
  const good = noiseImage("rgb8", 8, 6);
  it.each([
    ["no pixels", { widthPx: 0 }, /the picture is 0 x 6 px/],
    ["half a pixel", { heightPx: 5.5 }, /the picture is 8 x 5.5 px/],
    [
      "rows that overlap",
      { strideBytes: 23 },
      /rows of rgb8 are 23 bytes apart, expected at least 24/,
    ],
    ["too few bytes", { data: good.data.subarray(1) }, /need 144 bytes, found 143/],
    ["a colour plane that is missing", { encoding: "nv12", strideBytes: 18 }, /need 152 bytes/],
  ] as const)("%s", (_, change, message) => {
    expect(() => {
      checkImage({ ...good, ...change });
    }).toThrow(message);
    checkImage(good);
  });

  it("a tensor of another length", () => {
    const preprocessor = createPreprocessor(Stream.parse(bytes));
    expect(() => {
      preprocessor.write(good, new Uint8Array(7));
    }).toThrow(/^\[model\/shape\] the image tensor has 7 elements, expected 576/);
  });

  it.each([
    [{ size: [4, 4], resize: "intrinsics" }, "intrinsics"],
    [{ size: [4, 4], resize: "crop", dtype: "uint8", range: [0, 1] }, "range"],
    [{ size: [4, 4], resize: "crop", std: [0.1, 0, 0.1] }, "std"],
    [{ size: [4, 4], resize: "crop", mean: [1, 2] }, "mean"],
    [{ size: [4, 4], resize: "crop", color: "gray", mean: [1, 2, 3] }, "mean"],
    [{ size: [0, 4], resize: "crop" }, "size"],
    [{ size: [4, 4], resize: "crop", antialias: true }, "antialias"],
  ])("%j", (stream, at) => {
    const issues = Stream.safeParse(stream).error?.issues ?? [];
    const paths = issues.map((issue) => ("keys" in issue ? issue.keys : issue.path.slice(0, 1)));
    expect(paths).toEqual([[at]]);
  });
});

/* eslint-disable @typescript-eslint/no-non-null-assertion -- columns and rows lie on the picture, whose length checkImage has compared */
import type { CameraImage, ImageEncoding } from "../../../bridge/contract/camera-image.ts";

/**
 * Reads pixels of one row as rgb8: column `columns[i]` goes to `out[3 i ..]`, for i < `count`. What a
 * picture of any encoding looks like is defined here, pixel by pixel; everything after works on rgb8,
 * so a tensor made from `nv12` is the tensor made from the same picture converted to `rgb8` first.
 */
export type ReadPixels = (
  image: CameraImage,
  row: number,
  columns: Int32Array,
  count: number,
  out: Uint8Array,
) => void;

/** The reader of an encoding. */
export function pixelReader(encoding: ImageEncoding): ReadPixels {
  return readers[encoding];
}

const readers: Readonly<Record<ImageEncoding, ReadPixels>> = {
  rgb8: interleaved({ step: 3, red: 0, green: 1, blue: 2 }),
  bgr8: interleaved({ step: 3, red: 2, green: 1, blue: 0 }),
  rgba8: interleaved({ step: 4, red: 0, green: 1, blue: 2 }),
  bgra8: interleaved({ step: 4, red: 2, green: 1, blue: 0 }),
  mono8: interleaved({ step: 1, red: 0, green: 0, blue: 0 }),
  nv12: colourPlane({ u: 0, v: 1 }),
  nv21: colourPlane({ u: 1, v: 0 }),
  yuyv: colourPairs({ y: 0, u: 1, v: 3 }),
  uyvy: colourPairs({ y: 1, u: 0, v: 2 }),
  bayer_rggb8: mosaic({ redRow: 0, redColumn: 0 }),
  bayer_bggr8: mosaic({ redRow: 1, redColumn: 1 }),
  bayer_gbrg8: mosaic({ redRow: 1, redColumn: 0 }),
  bayer_grbg8: mosaic({ redRow: 0, redColumn: 1 }),
};

interface Interleaved {
  /** Bytes per pixel, and which of them is which. Alpha is not read. */
  readonly step: number;
  readonly red: number;
  readonly green: number;
  readonly blue: number;
}

function interleaved({ step, red, green, blue }: Interleaved): ReadPixels {
  // hot path
  return ({ data, strideBytes }, row, columns, count, out) => {
    const start = row * strideBytes;
    for (let i = 0, to = 0; i < count; i += 1, to += 3) {
      const from = start + columns[i]! * step;
      out[to] = data[from + red]!;
      out[to + 1] = data[from + green]!;
      out[to + 2] = data[from + blue]!;
    }
  };
}

/** A plane of Y, then one of colour pairs, each for 2 x 2 pixels. */
function colourPlane({ u, v }: { readonly u: number; readonly v: number }): ReadPixels {
  // hot path
  return (image, row, columns, count, out) => {
    const { data, strideBytes, heightPx } = image;
    const isFull = image.yuvRange === "full";
    const luma = row * strideBytes;
    const chroma = (heightPx + (row >> 1)) * strideBytes;
    for (let i = 0, to = 0; i < count; i += 1, to += 3) {
      const column = columns[i]!;
      const pair = chroma + (column & ~1);
      writeYuv(data[luma + column]!, data[pair + u]!, data[pair + v]!, isFull, out, to);
    }
  };
}

/** Four bytes for two pixels of a row: two Y that share U and V. */
function colourPairs(at: {
  readonly y: number;
  readonly u: number;
  readonly v: number;
}): ReadPixels {
  const { y, u, v } = at;
  // hot path
  return (image, row, columns, count, out) => {
    const { data } = image;
    const isFull = image.yuvRange === "full";
    const start = row * image.strideBytes;
    for (let i = 0, to = 0; i < count; i += 1, to += 3) {
      const column = columns[i]!;
      const pair = start + (column >> 1) * 4;
      const luma = data[pair + y + (column & 1) * 2]!;
      writeYuv(luma, data[pair + u]!, data[pair + v]!, isFull, out, to);
    }
  };
}

/**
 * BT.601 in whole numbers: for limited range the coefficients of 1/256 that Microsoft's YUV formats
 * page gives, for full range those of 1/65536 after JFIF 1.02. Rounded once, then clamped. // hot path
 */
function writeYuv(
  luma: number,
  cb: number,
  cr: number,
  isFull: boolean,
  out: Uint8Array,
  to: number,
): void {
  const u = cb - 128;
  const v = cr - 128;
  if (isFull) {
    out[to] = clampByte(luma + ((91881 * v + 32768) >> 16));
    out[to + 1] = clampByte(luma + ((-22554 * u - 46802 * v + 32768) >> 16));
    out[to + 2] = clampByte(luma + ((116130 * u + 32768) >> 16));
    return;
  }
  const scaled = 298 * (luma - 16) + 128;
  out[to] = clampByte((scaled + 409 * v) >> 8);
  out[to + 1] = clampByte((scaled - 100 * u - 208 * v) >> 8);
  out[to + 2] = clampByte((scaled + 516 * u) >> 8);
}

/** A table rather than comparisons, which noisy pictures make the processor guess wrong: 2.6 times faster. */
const clampOffset = 512;
const clamped = Uint8ClampedArray.from({ length: 1536 }, (_, index) => index - clampOffset);

const clampByte = (value: number): number => clamped[value + clampOffset]!;

/** Bilinear demosaic: a missing colour is the rounded mean of its two or four nearest samples. */
function mosaic(red: { readonly redRow: 0 | 1; readonly redColumn: 0 | 1 }): ReadPixels {
  const { redRow, redColumn } = red;
  // hot path
  return (image, row, columns, count, out) => {
    const { data, strideBytes, widthPx, heightPx } = image;
    const here = row * strideBytes;
    // Mirrored about the edge's own samples, which keeps the pattern.
    const above = (row === 0 ? Math.min(1, heightPx - 1) : row - 1) * strideBytes;
    const below = (row === heightPx - 1 ? Math.max(0, heightPx - 2) : row + 1) * strideBytes;
    const isRedRow = (row & 1) === redRow;
    for (let i = 0, to = 0; i < count; i += 1, to += 3) {
      const x = columns[i]!;
      const left = x === 0 ? Math.min(1, widthPx - 1) : x - 1;
      const right = x === widthPx - 1 ? Math.max(0, widthPx - 2) : x + 1;
      const own = data[here + x]!;
      const beside = data[here + left]! + data[here + right]!;
      const stacked = data[above + x]! + data[below + x]!;
      if (((x & 1) === redColumn) === isRedRow) {
        const corners =
          data[above + left]! + data[above + right]! + data[below + left]! + data[below + right]!;
        const opposite = (corners + 2) >> 2;
        out[to] = isRedRow ? own : opposite;
        out[to + 1] = (beside + stacked + 2) >> 2;
        out[to + 2] = isRedRow ? opposite : own;
      } else {
        const inRow = (beside + 1) >> 1;
        const inColumn = (stacked + 1) >> 1;
        out[to] = isRedRow ? inRow : inColumn;
        out[to + 1] = own;
        out[to + 2] = isRedRow ? inColumn : inRow;
      }
    }
  };
}

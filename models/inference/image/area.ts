/* eslint-disable @typescript-eslint/no-non-null-assertion -- tables of one length, filled together */
import type { CameraImage } from "../../../bridge/contract/camera-image.ts";
import type { ReadPixels } from "./pixels.ts";
import { coveredRange, type Placement, type Placements } from "./placement.ts";
import type { Resampler } from "./resampler.ts";

interface Boxes {
  readonly first: number;
  readonly end: number;
  /** Where each covered element's box begins and ends on the picture, 1/256 px. */
  readonly from256: Int32Array;
  readonly to256: Int32Array;
}

/**
 * The mean of the part of the picture under each element, edge pixels weighted by the 1/256 of them
 * that lie under it; rounded once, halves up. Every pixel of the window is read, so the cost grows
 * with the camera's resolution.
 */
export class AreaResampler implements Resampler {
  readonly columns: readonly [number, number];
  readonly rows: readonly [number, number];
  readonly #x: Boxes;
  readonly #y: Boxes;
  readonly #firstPixel: number;
  /** Every source column under the window, in order. */
  readonly #read: Int32Array;
  readonly #pixels: Uint8Array;
  readonly #sums: Float64Array;

  constructor(places: Placements) {
    this.#x = boxesOf(places.x);
    this.#y = boxesOf(places.y);
    this.columns = [this.#x.first, this.#x.end];
    this.rows = [this.#y.first, this.#y.end];
    const last = this.#x.to256.at(-1) ?? 0;
    this.#firstPixel = (this.#x.from256[0] ?? 0) >> 8;
    const pixelCount = Math.max(0, ((last + 255) >> 8) - this.#firstPixel);
    this.#read = Int32Array.from({ length: pixelCount }, (_, i) => this.#firstPixel + i);
    this.#pixels = new Uint8Array(3 * pixelCount);
    this.#sums = new Float64Array(3 * this.#x.from256.length);
  }

  // hot path
  readRow(image: CameraImage, read: ReadPixels, row: number, out: Uint8Array): void {
    const index = row - this.#y.first;
    const top = this.#y.from256[index]!;
    const bottom = this.#y.to256[index]!;
    this.#sums.fill(0);
    for (let y = top >> 8; y << 8 < bottom; y += 1) {
      const weight = Math.min(bottom, (y + 1) << 8) - Math.max(top, y << 8);
      read(image, y, this.#read, this.#read.length, this.#pixels);
      this.#addRow(weight);
    }
    this.#divide(bottom - top, out);
  }

  /** Adds one row of pixels, weighted by how much of it lies under the box. // hot path */
  #addRow(weight: number): void {
    const pixels = this.#pixels;
    const sums = this.#sums;
    const { from256, to256 } = this.#x;
    for (let i = 0, to = 0; i < from256.length; i += 1, to += 3) {
      const left = from256[i]!;
      const right = to256[i]!;
      const last = 3 * (((right - 1) >> 8) - this.#firstPixel);
      let from = 3 * ((left >> 8) - this.#firstPixel);
      // The edge pixels count with the part of them under the box, those between with all of it.
      const lastPart = right - ((right - 1) & ~255);
      const firstPart = from === last ? right - left : 256 - (left & 255);
      let red = firstPart * pixels[from]!;
      let green = firstPart * pixels[from + 1]!;
      let blue = firstPart * pixels[from + 2]!;
      if (from !== last) {
        red += lastPart * pixels[last]!;
        green += lastPart * pixels[last + 1]!;
        blue += lastPart * pixels[last + 2]!;
      }
      for (from += 3; from < last; from += 3) {
        red += pixels[from]! << 8;
        green += pixels[from + 1]! << 8;
        blue += pixels[from + 2]! << 8;
      }
      sums[to]! += weight * red;
      sums[to + 1]! += weight * green;
      sums[to + 2]! += weight * blue;
    }
  }

  // hot path
  #divide(height256: number, out: Uint8Array): void {
    const sums = this.#sums;
    const { from256, to256 } = this.#x;
    for (let i = 0, from = 0, to = 3 * this.#x.first; i < from256.length; i += 1) {
      const area = height256 * (to256[i]! - from256[i]!);
      for (let c = 0; c < 3; c += 1, from += 1, to += 1) {
        out[to] = Math.floor((2 * sums[from]! + area) / (2 * area));
      }
    }
  }
}

function boxesOf(place: Placement): Boxes {
  const { sourcePx, start256, length256, count, offset } = place;
  const [first, end] = coveredRange(place);
  const edge = (i: number): number => {
    const ideal = Math.floor((2 * count * start256 + 2 * i * length256 + count) / (2 * count));
    return Math.min(Math.max(ideal, 0), 256 * sourcePx);
  };
  const from256 = new Int32Array(end - first);
  const to256 = new Int32Array(end - first);
  for (let i = first; i < end; i += 1) {
    // An element always lies on something, however far the picture is enlarged.
    from256[i - first] = Math.min(edge(i), 256 * sourcePx - 1);
    to256[i - first] = Math.max(edge(i + 1), Math.min(edge(i), 256 * sourcePx - 1) + 1);
  }
  return { first: offset + first, end: offset + end, from256, to256 };
}

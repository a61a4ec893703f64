/* eslint-disable @typescript-eslint/no-non-null-assertion -- tables of one length, filled together */
import type { CameraImage } from "../../../bridge/contract/camera-image.ts";
import type { ReadPixels } from "./pixels.ts";
import { coveredRange, type Placement, type Placements } from "./placement.ts";
import type { Resampler } from "./resampler.ts";

/** Weights are in 1/2048, so that four of them times a byte stay below 2^31. */
const one = 2048;
const half = 1 << 21;

interface Taps {
  readonly first: number;
  readonly end: number;
  /** Two source positions and the weight of the second, per covered element. */
  readonly near: Int32Array;
  readonly far: Int32Array;
  readonly farWeight: Int32Array;
}

/**
 * Four taps around each element's middle, pixel middles at 0.5, without antialiasing; rounded once,
 * halves up. The formulas are whole-numbered and repeated in `training/preprocess.py`.
 */
export class BilinearResampler implements Resampler {
  readonly columns: readonly [number, number];
  readonly rows: readonly [number, number];
  readonly #x: Taps;
  readonly #y: Taps;
  /** Source columns in the order they are read: near and far of each element. */
  readonly #read: Int32Array;
  readonly #upper: Uint8Array;
  readonly #lower: Uint8Array;

  constructor(places: Placements) {
    this.#x = tapsOf(places.x);
    this.#y = tapsOf(places.y);
    this.columns = [this.#x.first, this.#x.end];
    this.rows = [this.#y.first, this.#y.end];
    const count = this.#x.near.length;
    this.#read = new Int32Array(2 * count);
    for (let i = 0; i < count; i += 1) {
      this.#read[2 * i] = this.#x.near[i]!;
      this.#read[2 * i + 1] = this.#x.far[i]!;
    }
    this.#upper = new Uint8Array(6 * count);
    this.#lower = new Uint8Array(6 * count);
  }

  // hot path
  readRow(image: CameraImage, read: ReadPixels, row: number, out: Uint8Array): void {
    const upper = this.#upper;
    const lower = this.#lower;
    const { near, far, farWeight } = this.#y;
    const index = row - this.#y.first;
    read(image, near[index]!, this.#read, this.#read.length, upper);
    read(image, far[index]!, this.#read, this.#read.length, lower);
    const down = farWeight[index]!;
    const up = one - down;
    const weights = this.#x.farWeight;
    const count = weights.length;
    for (let i = 0, from = 0, to = 3 * this.#x.first; i < count; i += 1, from += 6, to += 3) {
      const right = weights[i]!;
      const left = one - right;
      // Math.imul spares the checks for overflow and for -0 that `*` makes.
      const red = Math.imul(upper[from]!, left) + Math.imul(upper[from + 3]!, right);
      const green = Math.imul(upper[from + 1]!, left) + Math.imul(upper[from + 4]!, right);
      const blue = Math.imul(upper[from + 2]!, left) + Math.imul(upper[from + 5]!, right);
      const redBelow = Math.imul(lower[from]!, left) + Math.imul(lower[from + 3]!, right);
      const greenBelow = Math.imul(lower[from + 1]!, left) + Math.imul(lower[from + 4]!, right);
      const blueBelow = Math.imul(lower[from + 2]!, left) + Math.imul(lower[from + 5]!, right);
      out[to] = (Math.imul(red, up) + Math.imul(redBelow, down) + half) >> 22;
      out[to + 1] = (Math.imul(green, up) + Math.imul(greenBelow, down) + half) >> 22;
      out[to + 2] = (Math.imul(blue, up) + Math.imul(blueBelow, down) + half) >> 22;
    }
  }
}

function tapsOf(place: Placement): Taps {
  const { sourcePx, start256, length256, count, offset } = place;
  const [first, end] = coveredRange(place);
  const taps = end - first;
  const near = new Int32Array(taps);
  const far = new Int32Array(taps);
  const farWeight = new Int32Array(taps);
  const scale = 512 * count;
  for (let i = 0; i < taps; i += 1) {
    // Half a pixel less than the middle of the element: the distance from a pixel's middle.
    const position = 2 * count * start256 + (2 * (first + i) + 1) * length256 - 256 * count;
    const pixel = Math.floor(position / scale);
    const rest = position - pixel * scale;
    near[i] = Math.min(Math.max(pixel, 0), sourcePx - 1);
    far[i] = Math.min(Math.max(pixel + 1, 0), sourcePx - 1);
    farWeight[i] = Math.floor((2 * one * rest + scale) / (2 * scale));
  }
  return { first: offset + first, end: offset + end, near, far, farWeight };
}

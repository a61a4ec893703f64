/* eslint-disable @typescript-eslint/no-non-null-assertion -- rows of the tensor's width, tables of 256 per channel */
import { float16Bits } from "../../engine/half.ts";
import type { StreamSpec } from "../../package/streams.ts";

/** `float16` is carried as bits: Node gets a Float16Array only with 24. */
export type ImageTensorData = Float32Array | Uint16Array | Uint8Array;

/** Writes rgb8 rows into a stream's tensor: colour, number and layout. */
export class TensorRows {
  /** [1, C, H, W] or [1, H, W, C]. */
  readonly shape: readonly number[];
  readonly length: number;
  readonly #stream: StreamSpec;
  readonly #channels: number;
  /** What each byte becomes, per channel of the tensor. */
  readonly #tables: ImageTensorData;

  constructor(stream: StreamSpec) {
    const [width, height] = stream.size;
    this.#stream = stream;
    this.#channels = stream.color === "gray" ? 1 : 3;
    this.shape =
      stream.layout === "CHW"
        ? [1, this.#channels, height, width]
        : [1, height, width, this.#channels];
    this.length = this.#channels * height * width;
    this.#tables = makeTables(stream, this.#channels);
  }

  makeData(): ImageTensorData {
    return makeArray(this.#stream.dtype, this.length);
  }

  /** One row of the tensor, `rgb` of its full width. // hot path */
  write(rgb: Uint8Array, row: number, out: ImageTensorData): void {
    const { color } = this.#stream;
    if (color === "gray") this.#writeGray(rgb, row, out);
    else {
      this.#writeChannel(rgb, 0, color === "rgb" ? 0 : 2, row, out);
      this.#writeChannel(rgb, 1, 1, row, out);
      this.#writeChannel(rgb, 2, color === "rgb" ? 2 : 0, row, out);
    }
  }

  // hot path
  #writeChannel(
    rgb: Uint8Array,
    channel: number,
    from: number,
    row: number,
    out: ImageTensorData,
  ): void {
    const [width, height] = this.#stream.size;
    const isPlanar = this.#stream.layout === "CHW";
    const step = isPlanar ? 1 : 3;
    const tables = this.#tables;
    const table = 256 * channel;
    let to = isPlanar ? (channel * height + row) * width : row * width * 3 + channel;
    for (let x = 0, at = from; x < width; x += 1, at += 3, to += step) {
      out[to] = tables[table + rgb[at]!]!;
    }
  }

  /** Luma of BT.601 in 1/256, rounded; a gray pixel stays what it is. // hot path */
  #writeGray(rgb: Uint8Array, row: number, out: ImageTensorData): void {
    const width = this.#stream.size[0];
    const tables = this.#tables;
    let to = row * width;
    for (let x = 0, at = 0; x < width; x += 1, at += 3, to += 1) {
      const luma = (77 * rgb[at]! + 150 * rgb[at + 1]! + 29 * rgb[at + 2]! + 128) >> 8;
      out[to] = tables[luma]!;
    }
  }
}

function makeArray(dtype: StreamSpec["dtype"], length: number): ImageTensorData {
  switch (dtype) {
    case "float32":
      return new Float32Array(length);
    case "float16":
      return new Uint16Array(length);
    case "uint8":
      return new Uint8Array(length);
    default:
      return dtype satisfies never;
  }
}

/** Computed in double precision and rounded once to float32, from there to float16. */
function makeTables(stream: StreamSpec, channels: number): ImageTensorData {
  const tables = makeArray(stream.dtype, 256 * channels);
  const [low, high] = stream.range ?? [0, 1];
  for (let channel = 0; channel < channels; channel += 1) {
    const mean = perChannel(stream.mean, channel, 0);
    const std = perChannel(stream.std, channel, 1);
    for (let byte = 0; byte < 256; byte += 1) {
      const value = (low + (byte * (high - low)) / 255 - mean) / std;
      const index = 256 * channel + byte;
      if (stream.dtype === "uint8") tables[index] = byte;
      else tables[index] = stream.dtype === "float16" ? float16Bits(value) : value;
    }
  }
  return tables;
}

function perChannel(values: readonly number[] | undefined, channel: number, none: number): number {
  if (values === undefined) return none;
  return values[values.length === 1 ? 0 : channel] ?? none;
}

import { checkImage, type CameraImage } from "../../../bridge/contract/camera-image.ts";
import { BridgeError, ErrorCode } from "../../../bridge/contract/errors.ts";
import type { CameraIntrinsics } from "../../../bridge/core/camera.ts";
import type { StreamSpec } from "../../package/streams.ts";
import { AreaResampler } from "./area.ts";
import { BilinearResampler } from "./bilinear.ts";
import { pixelReader } from "./pixels.ts";
import { placePicture } from "./placement.ts";
import type { Resampler } from "./resampler.ts";
import { TensorRows, type ImageTensorData } from "./tensor-rows.ts";

export interface PreprocessorOptions {
  /** The camera's intrinsics at a picture size, for `resize: intrinsics`. Corner of the picture at 0, 0. */
  readonly intrinsicsOf?: (widthPx: number, heightPx: number) => CameraIntrinsics;
}

/** Turns camera pictures into a stream's tensor. One thread, one picture at a time. */
export interface ImagePreprocessor {
  readonly stream: StreamSpec;
  /** [1, C, H, W] or [1, H, W, C]. */
  readonly shape: readonly number[];
  /** A buffer of the tensor's type and length. `float16` is carried as bits in a Uint16Array. */
  makeData(): ImageTensorData;
  /**
   * Fills `out`, `shape` elements, row-major. Allocates only when the picture's size differs from the
   * last one's.
   *
   * @throws BridgeError `model/shape` for a picture or an `out` of the wrong length, `model/unsupported`
   *   when the camera does not see enough of what the model was trained on. // hot path
   */
  write(image: CameraImage, out: ImageTensorData): void;
}

export function createPreprocessor(
  stream: StreamSpec,
  options: PreprocessorOptions = {},
): ImagePreprocessor {
  return new Preprocessor(stream, options);
}

class Preprocessor implements ImagePreprocessor {
  readonly stream: StreamSpec;
  readonly #options: PreprocessorOptions;
  readonly #tensor: TensorRows;
  /** A row of the tensor as rgb8; the columns no picture covers hold the padding from the start. */
  readonly #row: Uint8Array;
  readonly #padRow: Uint8Array;
  #resampler: Resampler | undefined;
  #widthPx = 0;
  #heightPx = 0;

  constructor(stream: StreamSpec, options: PreprocessorOptions) {
    this.stream = stream;
    this.#options = options;
    this.#tensor = new TensorRows(stream);
    const length = 3 * stream.size[0];
    this.#padRow = Uint8Array.from({ length }, (_, i) => stream.pad[i % 3] ?? 0);
    this.#row = this.#padRow.slice();
  }

  get shape(): readonly number[] {
    return this.#tensor.shape;
  }

  makeData(): ImageTensorData {
    return this.#tensor.makeData();
  }

  // hot path
  write(image: CameraImage, out: ImageTensorData): void {
    checkImage(image);
    if (out.length !== this.#tensor.length) {
      const text = `the image tensor has ${out.length} elements, expected ${this.#tensor.length}`;
      throw new BridgeError(ErrorCode.ModelShape, text);
    }
    const resampler = this.#resamplerFor(image);
    const read = pixelReader(image.encoding);
    const [first, end] = resampler.rows;
    for (let row = 0; row < this.stream.size[1]; row += 1) {
      if (row < first || row >= end) {
        this.#tensor.write(this.#padRow, row, out);
        continue;
      }
      resampler.readRow(image, read, row, this.#row);
      this.#tensor.write(this.#row, row, out);
    }
  }

  #resamplerFor({ widthPx, heightPx }: CameraImage): Resampler {
    if (this.#resampler !== undefined && widthPx === this.#widthPx && heightPx === this.#heightPx) {
      return this.#resampler;
    }
    const camera = this.#options.intrinsicsOf?.(widthPx, heightPx);
    const places = placePicture(this.stream, widthPx, heightPx, camera);
    const Made = this.stream.resampler === "area" ? AreaResampler : BilinearResampler;
    this.#row.set(this.#padRow);
    this.#resampler = new Made(places);
    this.#widthPx = widthPx;
    this.#heightPx = heightPx;
    return this.#resampler;
  }
}

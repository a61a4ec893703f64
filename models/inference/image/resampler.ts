import type { CameraImage } from "../../../bridge/contract/camera-image.ts";
import type { ReadPixels } from "./pixels.ts";

/** A picture's rows at the tensor's resolution, rgb8. Made for one geometry; allocates only then. */
export interface Resampler {
  /** Elements of the tensor that the picture covers: [first, end), from the tensor's own 0. */
  readonly columns: readonly [number, number];
  readonly rows: readonly [number, number];
  /** Writes row `row` of the tensor into `out`, at the columns covered. // hot path */
  readRow(image: CameraImage, read: ReadPixels, row: number, out: Uint8Array): void;
}

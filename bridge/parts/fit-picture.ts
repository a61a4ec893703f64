import { pixelReader } from "../../models/inference/image/pixels.ts";
import type { CameraImage } from "../contract/camera-image.ts";

/** Pixels read per picture at most: 1 to 2 ms, whatever the size of the camera's own picture. */
const maxReads = 200_000;
const maxTaps = 4;

/** A window of the source under the target: which columns, or rows, each target pixel is the mean of. */
interface Taps {
  readonly count: number;
  /** [target][tap] */
  readonly at: Int32Array;
}

interface Plan {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly columns: Taps;
  readonly rows: Taps;
}

/**
 * Brings pictures of any size and encoding to one size, as rgb8. The middle of the picture that has
 * the target's proportions is used, so that squares stay squares; each pixel is the mean of a few
 * evenly spread under it, as many as the bound allows.
 *
 * @returns a function that fills `out`, shape [heightPx, widthPx, 3]; the picture must pass checkImage.
 */
export function pictureFitter(size: {
  readonly widthPx: number;
  readonly heightPx: number;
}): (image: CameraImage, out: Uint8Array) => void {
  let plan: Plan | undefined;
  const rowPixels = new Uint8Array(3 * maxTaps * size.widthPx);
  const sums = new Uint32Array(3 * size.widthPx);
  // hot path
  return (image, out) => {
    const { widthPx, heightPx } = image;
    if (plan?.widthPx !== widthPx || plan.heightPx !== heightPx) plan = planFor(image, size);
    const { columns, rows } = plan;
    const read = pixelReader(image.encoding);
    for (let y = 0; y < size.heightPx; y += 1) {
      sums.fill(0);
      for (let tap = 0; tap < rows.count; tap += 1) {
        const row = rows.at[y * rows.count + tap] ?? 0;
        read(image, row, columns.at, columns.at.length, rowPixels);
        addRow(rowPixels, columns.count, sums);
      }
      divideRow(sums, columns.count * rows.count, out, y * size.widthPx * 3);
    }
  };
}

function planFor(
  { widthPx, heightPx }: CameraImage,
  size: { readonly widthPx: number; readonly heightPx: number },
): Plan {
  const scale = Math.min(widthPx / size.widthPx, heightPx / size.heightPx);
  const wanted = Math.floor(Math.sqrt(maxReads / (size.widthPx * size.heightPx)));
  const count = Math.max(1, Math.min(wanted, maxTaps, Math.ceil(scale)));
  return {
    widthPx,
    heightPx,
    columns: taps(widthPx, size.widthPx, scale, count),
    rows: taps(heightPx, size.heightPx, scale, count),
  };
}

/** `count` positions under each of `targetPx` pixels that are `scale` source pixels long, centred. */
function taps(sourcePx: number, targetPx: number, scale: number, count: number): Taps {
  const start = (sourcePx - targetPx * scale) / 2;
  const at = Int32Array.from({ length: targetPx * count }, (_, i) => {
    const middle = start + ((i + 0.5) * scale) / count;
    return Math.min(Math.max(Math.floor(middle), 0), sourcePx - 1);
  });
  return { count, at };
}

/** // hot path */
function addRow(pixels: Uint8Array, count: number, sums: Uint32Array): void {
  for (let to = 0, from = 0; to < sums.length; to += 3) {
    for (let tap = 0; tap < count; tap += 1, from += 3) {
      sums[to] = (sums[to] ?? 0) + (pixels[from] ?? 0);
      sums[to + 1] = (sums[to + 1] ?? 0) + (pixels[from + 1] ?? 0);
      sums[to + 2] = (sums[to + 2] ?? 0) + (pixels[from + 2] ?? 0);
    }
  }
}

/** // hot path */
function divideRow(sums: Uint32Array, count: number, out: Uint8Array, start: number): void {
  for (let i = 0; i < sums.length; i += 1) {
    out[start + i] = Math.floor(((sums[i] ?? 0) + count / 2) / count);
  }
}

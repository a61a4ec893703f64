import type { MessageOf } from "./messages/codec.ts";
import { PixelFormat, type Image } from "./messages/sensors.ts";

/** Where red, green and blue lie in a pixel of a format, and how long it is. */
interface Layout {
  readonly pixelBytes: number;
  readonly offsets: readonly [number, number, number];
}

const layouts = new Map<number, Layout>([
  [PixelFormat.Rgb8, { pixelBytes: 3, offsets: [0, 1, 2] }],
  [PixelFormat.Bgr8, { pixelBytes: 3, offsets: [2, 1, 0] }],
  [PixelFormat.Rgba8, { pixelBytes: 4, offsets: [0, 1, 2] }],
  [PixelFormat.Bgra8, { pixelBytes: 4, offsets: [2, 1, 0] }],
  [PixelFormat.L8, { pixelBytes: 1, offsets: [0, 0, 0] }],
]);

export interface PictureSize {
  readonly widthPx: number;
  readonly heightPx: number;
}

/**
 * A Gazebo picture as rgb8 of the wanted size. Another size is brought to it by taking the nearest
 * pixel: set the camera's size in the world to spare that.
 *
 * @param out shape [heightPx, widthPx, 3].
 * @returns what is wrong with the picture, or undefined.
 */
export function convertPicture(
  image: MessageOf<typeof Image>,
  size: PictureSize,
  out: Uint8Array,
): string | undefined {
  const { width, height, data, pixelFormatType } = image;
  const layout = layouts.get(pixelFormatType);
  if (layout === undefined) return `pixel format ${pixelFormatType}, expected 8-bit colour`;
  const { pixelBytes } = layout;
  const stepBytes = image.step === 0 ? width * pixelBytes : image.step;
  if (width === 0 || height === 0) return `a picture of ${width} x ${height}`;
  if (
    stepBytes < width * pixelBytes ||
    data.length < stepBytes * (height - 1) + width * pixelBytes
  ) {
    return `${data.length} bytes for ${width} x ${height} pixels of ${pixelBytes} bytes`;
  }
  const isSameSize = width === size.widthPx && height === size.heightPx;
  const isRgb = pixelFormatType === PixelFormat.Rgb8 && stepBytes === 3 * width;
  if (isSameSize && isRgb) out.set(data.subarray(0, out.length));
  else resample({ data, width, height, stepBytes, layout }, size, out);
  return undefined;
}

interface Pixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly stepBytes: number;
  readonly layout: Layout;
}

function resample(from: Pixels, size: PictureSize, out: Uint8Array): void {
  const { data, stepBytes, layout } = from;
  const [red, green, blue] = layout.offsets;
  let target = 0;
  for (let y = 0; y < size.heightPx; y += 1) {
    const row = Math.floor(((y + 0.5) * from.height) / size.heightPx) * stepBytes;
    for (let x = 0; x < size.widthPx; x += 1) {
      const column = Math.floor(((x + 0.5) * from.width) / size.widthPx);
      const source = row + column * layout.pixelBytes;
      out[target] = data[source + red] ?? 0;
      out[target + 1] = data[source + green] ?? 0;
      out[target + 2] = data[source + blue] ?? 0;
      target += 3;
    }
  }
}

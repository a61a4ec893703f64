import { BridgeError, ErrorCode } from "./errors.ts";
import type { Frame } from "./frame.ts";

/**
 * Pixel formats a camera may deliver, 8 bits per sample. Beside ROS's own names (sensor_msgs
 * image_encodings.hpp): `yuyv` is its `yuv422_yuy2`, `uyvy` its `yuv422`. The `bayer_` names give
 * the colours of the first two pixels of the first two rows.
 */
export const imageEncodings = [
  "rgb8",
  "bgr8",
  "rgba8",
  "bgra8",
  "mono8",
  "nv12",
  "nv21",
  "yuyv",
  "uyvy",
  "bayer_rggb8",
  "bayer_bggr8",
  "bayer_gbrg8",
  "bayer_grbg8",
] as const;
export type ImageEncoding = (typeof imageEncodings)[number];

/**
 * One camera picture in memory, row-major from the top left, in the format it came in. Fields may be
 * rewritten by the owner, so that a picture that comes every step is one object.
 */
export interface CameraImage {
  /** Monotonic ms at which the picture was taken. */
  stampMs: number;
  widthPx: number;
  heightPx: number;
  encoding: ImageEncoding;
  /** Bytes from one row to the next; for `nv12` and `nv21` also those of a row of colour pairs. */
  strideBytes: number;
  data: Uint8Array;
  /** YUV formats only, BT.601: `limited` (Y 16..235, what cameras send) or `full` (JFIF). Default limited. */
  yuvRange?: "limited" | "full";
}

const bytesPerPixel = { rgb8: 3, bgr8: 3, rgba8: 4, bgra8: 4, mono8: 1 } as const;

/** Bytes of a row without padding. */
export function rowBytes(encoding: ImageEncoding, widthPx: number): number {
  switch (encoding) {
    case "rgb8":
    case "bgr8":
    case "rgba8":
    case "bgra8":
    case "mono8":
      return widthPx * bytesPerPixel[encoding];
    case "nv12":
    case "nv21":
      return 2 * Math.ceil(widthPx / 2);
    case "yuyv":
    case "uyvy":
      return 4 * Math.ceil(widthPx / 2);
    case "bayer_rggb8":
    case "bayer_bggr8":
    case "bayer_gbrg8":
    case "bayer_grbg8":
      return widthPx;
    default:
      return encoding satisfies never;
  }
}

/** Rows of `strideBytes`: the picture's, and for `nv12` and `nv21` those of its colour pairs. */
export function rowCount(encoding: ImageEncoding, heightPx: number): number {
  const hasColourPlane = encoding === "nv12" || encoding === "nv21";
  return hasColourPlane ? heightPx + Math.ceil(heightPx / 2) : heightPx;
}

/** Bytes of picture data that are read; the last row may lack its padding. */
export function imageBytes(
  image: Pick<CameraImage, "encoding" | "widthPx" | "heightPx" | "strideBytes">,
): number {
  const { encoding, widthPx, heightPx, strideBytes } = image;
  return strideBytes * (rowCount(encoding, heightPx) - 1) + rowBytes(encoding, widthPx);
}

/** @throws BridgeError `model/shape` when size, stride and data do not agree. // hot path */
export function checkImage(image: CameraImage): void {
  const { encoding, widthPx, heightPx, strideBytes, data } = image;
  const isSized = Number.isInteger(widthPx) && Number.isInteger(heightPx);
  if (!isSized || widthPx < 1 || heightPx < 1) {
    refuse(`the picture is ${widthPx} x ${heightPx} px, expected at least 1 x 1`);
  }
  const minStride = rowBytes(encoding, widthPx);
  if (!Number.isInteger(strideBytes) || strideBytes < minStride) {
    refuse(`rows of ${encoding} are ${strideBytes} bytes apart, expected at least ${minStride}`);
  }
  const needed = imageBytes(image);
  if (data.length < needed) {
    refuse(`${widthPx} x ${heightPx} px of ${encoding} need ${needed} bytes, found ${data.length}`);
  }
}

/** The same pixels as a `CameraImage`; they are not copied. */
export function imageOfFrame(frame: Frame): CameraImage {
  const { stampMs, widthPx, heightPx, rgb } = frame;
  return { stampMs, widthPx, heightPx, encoding: "rgb8", strideBytes: 3 * widthPx, data: rgb };
}

function refuse(text: string): never {
  throw new BridgeError(ErrorCode.ModelShape, text);
}

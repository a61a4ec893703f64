import type { ImageEncoding } from "../../bridge/contract/camera-image.ts";

/**
 * Encodings of sensor_msgs/Image that are taken: sensor_msgs/image_encodings.hpp's names, and the
 * OpenCV ones cv_bridge gives to 8-bit pictures whose meaning it was not told (BGR by its convention).
 */
const encodings: Readonly<Record<string, ImageEncoding>> = {
  rgb8: "rgb8",
  bgr8: "bgr8",
  "8UC3": "bgr8",
  rgba8: "rgba8",
  bgra8: "bgra8",
  "8UC4": "bgra8",
  mono8: "mono8",
  "8UC1": "mono8",
  // Since Iron `uyvy` and `yuyv`; before it `yuv422` and `yuv422_yuy2`.
  uyvy: "uyvy",
  yuv422: "uyvy",
  yuyv: "yuyv",
  yuv422_yuy2: "yuyv",
  nv21: "nv21",
  nv12: "nv12",
  bayer_rggb8: "bayer_rggb8",
  bayer_bggr8: "bayer_bggr8",
  bayer_gbrg8: "bayer_gbrg8",
  bayer_grbg8: "bayer_grbg8",
};

export const rosEncodings: readonly string[] = Object.keys(encodings);

/** Undefined for one that is not taken: 16 bits, floats, depth. */
export function imageEncoding(rosName: string): ImageEncoding | undefined {
  return Object.hasOwn(encodings, rosName) ? encodings[rosName] : undefined;
}

export type PictureFormat = "jpeg" | "png";

/**
 * What a CompressedImage holds, by its first bytes: publishers write `jpeg`, `jpg`, `rgb8; jpeg
 * compressed bgr8` or nothing into `format`. A compressed depth picture is a PNG behind a header of its
 * own and is not taken.
 */
export function pictureFormat(data: Uint8Array): PictureFormat | undefined {
  if (data[0] === 0xff && data[1] === 0xd8 && data[2] === 0xff) return "jpeg";
  const isPng = data[0] === 0x89 && data[1] === 0x50 && data[2] === 0x4e && data[3] === 0x47;
  return isPng ? "png" : undefined;
}

import {
  rowBytes,
  rowCount,
  type CameraImage,
  type ImageEncoding,
} from "../../bridge/contract/camera-image.ts";

/** Top bytes of a linear congruential generator (Numerical Recipes' constants). */
export function noiseBytes(seed: number, length: number): Uint8Array {
  const out = new Uint8Array(length);
  let state = seed >>> 0;
  for (let i = 0; i < length; i += 1) {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    out[i] = state >>> 24;
  }
  return out;
}

/** A picture of noise without padding. */
export function noiseImage(
  encoding: ImageEncoding,
  widthPx: number,
  heightPx: number,
  seed = 1,
): CameraImage {
  const strideBytes = rowBytes(encoding, widthPx);
  const data = noiseBytes(seed, strideBytes * rowCount(encoding, heightPx));
  return { stampMs: 0, widthPx, heightPx, encoding, strideBytes, data };
}

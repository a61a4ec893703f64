import type { CameraIntrinsics } from "./camera.ts";
import { conjugateXyzw, multiplyXyzw, writeRotationMatrix, type Xyzw } from "./kinematics.ts";

/** Diagonal stripes for what the source frame did not show: nobody takes them for a picture. */
const stripePx = 6;
const stripeLevels = [96, 120] as const;

/**
 * Warps pictures by a pure rotation of the camera: the picture a camera turned from one orientation to
 * another would take of a scene far away (parallax is left out). Bilinear. Pixels the source did not
 * show are hatched.
 *
 * Source: Hartley and Zisserman, Multiple View Geometry, 8.4.2, x' = K R K^-1 x.
 */
export class RotationWarp {
  readonly #camera: CameraIntrinsics;
  readonly #rotation = new Float64Array(9);

  constructor(camera: CameraIntrinsics) {
    this.#camera = camera;
  }

  /**
   * @param rgb taken at `fromXyzw`, rgb8 of the camera's size. Must not alias `out`.
   * @param fromXyzw base from optical frame when the picture was taken.
   * @param toXyzw base from optical frame of the picture to make.
   * @param out rgb8, overwritten.
   * @returns share of pixels that the source showed, 0..1. // hot path
   */
  warp(rgb: Uint8Array, fromXyzw: Xyzw, toXyzw: Xyzw, out: Uint8Array): number {
    const { widthPx, heightPx, fxPx, fyPx, cxPx, cyPx } = this.#camera;
    const rotation = this.#rotation;
    writeRotationMatrix(multiplyXyzw(conjugateXyzw(fromXyzw), toXyzw), rotation, 0);
    const [r0 = 0, r1 = 0, r2 = 0, r3 = 0, r4 = 0, r5 = 0, r6 = 0, r7 = 0, r8 = 0] = rotation;
    let knownCount = 0;
    for (let y = 0; y < heightPx; y += 1) {
      const rayY = (y + 0.5 - cyPx) / fyPx;
      for (let x = 0; x < widthPx; x += 1) {
        const rayX = (x + 0.5 - cxPx) / fxPx;
        const depth = r6 * rayX + r7 * rayY + r8;
        const fromX = cxPx + (fxPx * (r0 * rayX + r1 * rayY + r2)) / depth - 0.5;
        const fromY = cyPx + (fyPx * (r3 * rayX + r4 * rayY + r5)) / depth - 0.5;
        const at = (y * widthPx + x) * 3;
        // Half a pixel of slack: the outermost ring belongs to the picture too.
        const isKnown =
          depth > 0 &&
          fromX > -0.5 &&
          fromY > -0.5 &&
          fromX < widthPx - 0.5 &&
          fromY < heightPx - 0.5;
        if (isKnown) {
          knownCount += 1;
          this.#sample(rgb, fromX, fromY, out, at);
        } else {
          const level = stripeLevels[Math.floor((x + y) / stripePx) & 1] ?? 0;
          out.fill(level, at, at + 3);
        }
      }
    }
    return knownCount / (widthPx * heightPx);
  }

  #sample(rgb: Uint8Array, x: number, y: number, out: Uint8Array, at: number): void {
    const { widthPx, heightPx } = this.#camera;
    const nearX = Math.min(Math.max(x, 0), widthPx - 1);
    const nearY = Math.min(Math.max(y, 0), heightPx - 1);
    const left = Math.floor(nearX);
    const top = Math.floor(nearY);
    const ratioX = nearX - left;
    const ratioY = nearY - top;
    const right = Math.min(left + 1, widthPx - 1);
    const bottom = Math.min(top + 1, heightPx - 1);
    const topRow = top * widthPx;
    const bottomRow = bottom * widthPx;
    for (let channel = 0; channel < 3; channel += 1) {
      const upper =
        (rgb[(topRow + left) * 3 + channel] ?? 0) * (1 - ratioX) +
        (rgb[(topRow + right) * 3 + channel] ?? 0) * ratioX;
      const lower =
        (rgb[(bottomRow + left) * 3 + channel] ?? 0) * (1 - ratioX) +
        (rgb[(bottomRow + right) * 3 + channel] ?? 0) * ratioX;
      out[at + channel] = Math.round(upper * (1 - ratioY) + lower * ratioY);
    }
  }
}

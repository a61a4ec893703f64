import type { CameraIntrinsics } from "../../bridge/core/camera.ts";

/** The fields of a ROS CameraInfo (REP 104) for a pinhole without distortion. */
export interface CameraInfo {
  readonly frameId: string;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly distortionModel: "plumb_bob";
  /** Shape [5]. */
  readonly d: readonly number[];
  /** Row-major 3 x 3; pixel centres at whole numbers, as ROS has them. */
  readonly k: readonly number[];
  readonly r: readonly number[];
  /** Row-major 3 x 4. */
  readonly p: readonly number[];
}

export function cameraInfo(intrinsics: CameraIntrinsics, frameId: string): CameraInfo {
  const { widthPx, heightPx, fxPx, fyPx } = intrinsics;
  // Ours count from the corner of the picture, ROS from the middle of the first pixel.
  const cxPx = intrinsics.cxPx - 0.5;
  const cyPx = intrinsics.cyPx - 0.5;
  return {
    frameId,
    widthPx,
    heightPx,
    distortionModel: "plumb_bob",
    d: [0, 0, 0, 0, 0],
    k: [fxPx, 0, cxPx, 0, fyPx, cyPx, 0, 0, 1],
    r: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    p: [fxPx, 0, cxPx, 0, 0, fyPx, cyPx, 0, 0, 0, 1, 0],
  };
}

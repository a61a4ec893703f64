/**
 * The pinhole camera every picture of ours is made with: no distortion, square pixels, the optical
 * axis through the middle of the picture. Pixel coordinates have the corner of the picture at 0, 0
 * and the middle of the first pixel at 0.5, 0.5; a point x, y, z of the optical frame (x right,
 * y down, z forward) is seen at `cxPx + fxPx * x / z`, `cyPx + fyPx * y / z`.
 *
 * ROS puts the middle of the first pixel at 0, 0: take 0.5 from `cxPx` and `cyPx` for a CameraInfo.
 */
export interface CameraIntrinsics {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly fxPx: number;
  readonly fyPx: number;
  readonly cxPx: number;
  readonly cyPx: number;
}

/** Intrinsics of a pinhole camera from its size in pixels and its vertical field of view. */
export function cameraIntrinsics(
  widthPx: number,
  heightPx: number,
  verticalFovRad: number,
): CameraIntrinsics {
  const focalPx = heightPx / (2 * Math.tan(verticalFovRad / 2));
  return {
    widthPx,
    heightPx,
    fxPx: focalPx,
    fyPx: focalPx,
    cxPx: widthPx / 2,
    cyPx: heightPx / 2,
  };
}

import type { CameraIntrinsics } from "../../bridge/core/camera.ts";
import { cameraPoseOffset, geomPoseOffset, type SceneGeom } from "./scene.ts";

/**
 * What the camera should see of one target, numbers per target:
 *
 * ```
 * [0] azimuth    rad, atan2(x, z) in the optical frame: right of the view is positive; ±pi behind
 * [1] elevation  rad, atan2(-y, hypot(x, z)): above the view is positive
 * [2] distance   m, from the lens to the target's middle
 * [3] inView     1 if the middle is inside the picture and in front, else 0; what hides it does not count
 * ```
 *
 * The optical frame is REP 103's: x right, y down, z forward (`camera_optical_frame`).
 */
export const TruthField = { azimuthRad: 0, elevationRad: 1, distanceM: 2, inView: 3 } as const;
export const truthWidth = 4;

/** The geom that stands for each moving thing, targets before pushables, and all its geoms. */
export interface TrackedBody {
  readonly name: string;
  /** Its middle; index in the scene's geoms. */
  readonly mainGeom: number;
  readonly geoms: readonly number[];
}

export function trackedBodies(geoms: readonly SceneGeom[]): readonly TrackedBody[] {
  const names = new Set(
    geoms.filter((geom) => geom.isTarget || geom.isPushable === true).map((geom) => geom.frameId),
  );
  return Array.from(names, (name) => {
    const own = geoms.flatMap((geom, index) => (geom.frameId === name ? [index] : []));
    return { name, mainGeom: own[0] ?? 0, geoms: own };
  });
}

/**
 * Bearings of the bodies in a pose snapshot, exact and free of pixels.
 *
 * @param out shape [bodies.length][truthWidth] // hot path
 */
export function writeTruth(
  row: Float64Array,
  bodies: readonly TrackedBody[],
  intrinsics: CameraIntrinsics,
  out: Float64Array,
): void {
  for (let index = 0; index < bodies.length; index += 1) {
    const geom = geomPoseOffset(bodies[index]?.mainGeom ?? 0);
    const x = alongCamera(row, geom, 0);
    const y = alongCamera(row, geom, 1);
    const z = alongCamera(row, geom, 2);
    const at = index * truthWidth;
    out[at + TruthField.azimuthRad] = Math.atan2(x, z);
    out[at + TruthField.elevationRad] = Math.atan2(-y, Math.hypot(x, z));
    out[at + TruthField.distanceM] = Math.hypot(x, y, z);
    const column = intrinsics.cxPx + (intrinsics.fxPx * x) / z;
    const line = intrinsics.cyPx + (intrinsics.fyPx * y) / z;
    const isInside =
      z > 0 &&
      column >= 0 &&
      column < intrinsics.widthPx &&
      line >= 0 &&
      line < intrinsics.heightPx;
    out[at + TruthField.inView] = isInside ? 1 : 0;
  }
}

/** Coordinate of a geom along one axis of the optical frame. */
function alongCamera(row: Float64Array, geom: number, axis: number): number {
  let sum = 0;
  for (let k = 0; k < 3; k += 1) {
    const offsetM = (row[geom + k] ?? 0) - (row[cameraPoseOffset + k] ?? 0);
    sum += offsetM * (row[cameraPoseOffset + 3 + 3 * k + axis] ?? 0);
  }
  return sum;
}

/** What a segmentation shows of one body, hidden parts left out. */
export interface SeenBody {
  pixelCount: number;
  /** Of the middle of its pixels; NaN while none is seen. As in `TruthField`. */
  azimuthRad: number;
  elevationRad: number;
}

/**
 * Counts the pixels of one body in a segmentation (`Rasterizer.readSegmentation`).
 *
 * @param segmentation shape [heightPx][widthPx]: index of the geom + 1
 */
export function readSeenBody(
  segmentation: Uint16Array,
  body: TrackedBody,
  intrinsics: CameraIntrinsics,
): SeenBody {
  const { widthPx, fxPx, fyPx, cxPx, cyPx } = intrinsics;
  let pixelCount = 0;
  let columns = 0;
  let lines = 0;
  segmentation.forEach((geom, pixel) => {
    if (geom === 0 || !body.geoms.includes(geom - 1)) return;
    pixelCount += 1;
    columns += (pixel % widthPx) + 0.5;
    lines += Math.floor(pixel / widthPx) + 0.5;
  });
  const x = (columns / pixelCount - cxPx) / fxPx;
  const y = (lines / pixelCount - cyPx) / fyPx;
  return {
    pixelCount,
    azimuthRad: Math.atan(x),
    elevationRad: Math.atan2(-y, Math.hypot(x, 1)),
  };
}

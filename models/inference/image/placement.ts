import type { CameraIntrinsics } from "../../../bridge/core/camera.ts";
import { BridgeError, ErrorCode } from "../../../bridge/contract/errors.ts";
import type { StreamSpec } from "../../package/streams.ts";

/**
 * How one axis of the picture lies under one axis of the tensor. All in whole numbers, so that every
 * language computes the same: positions in the picture are in 1/256 px from its edge.
 */
export interface Placement {
  /** Picture pixels along this axis. */
  readonly sourcePx: number;
  /** Where the window begins, 1/256 px; it may lie outside of the picture. */
  readonly start256: number;
  /** How long it is, 1/256 px. */
  readonly length256: number;
  /** The window's part of the tensor: `count` elements from `offset` on. */
  readonly offset: number;
  readonly count: number;
}

export interface Placements {
  readonly x: Placement;
  readonly y: Placement;
}

/**
 * Lays a picture of `widthPx` x `heightPx` over a stream's tensor.
 *
 * @param camera needed by `resize: intrinsics`: the camera's own, of this picture size, corner at 0, 0.
 * @throws BridgeError `model/unsupported` when the camera sees less than `min_coverage` of the tensor.
 */
export function placePicture(
  stream: StreamSpec,
  widthPx: number,
  heightPx: number,
  camera?: CameraIntrinsics,
): Placements {
  const [outWidth, outHeight] = stream.size;
  const whole = {
    x: wholeAxis(widthPx, outWidth),
    y: wholeAxis(heightPx, outHeight),
  };
  const wider = widthPx * outHeight - heightPx * outWidth;
  switch (stream.resize) {
    case "stretch":
      return whole;
    case "letterbox":
      if (wider >= 0) {
        return { x: whole.x, y: barred(whole.y, roundedRatio(heightPx * outWidth, widthPx)) };
      }
      return { x: barred(whole.x, roundedRatio(widthPx * outHeight, heightPx)), y: whole.y };
    case "crop":
      if (wider >= 0) {
        return {
          x: cropped(whole.x, roundedRatio(256 * heightPx * outWidth, outHeight)),
          y: whole.y,
        };
      }
      return { x: whole.x, y: cropped(whole.y, roundedRatio(256 * widthPx * outHeight, outWidth)) };
    case "intrinsics":
      return seenAlike(stream, whole, camera);
    default:
      return stream.resize satisfies never;
  }
}

/** First and one past the last element whose middle lies on the picture, counted from `offset`. */
export function coveredRange(place: Placement): readonly [number, number] {
  const { sourcePx, start256, length256, count } = place;
  let first = 0;
  while (first < count && 2 * count * start256 + (2 * first + 1) * length256 < 0) first += 1;
  let end = count;
  const limit = 512 * count * sourcePx;
  while (end > first && 2 * count * start256 + (2 * end - 1) * length256 >= limit) end -= 1;
  return [first, end];
}

function wholeAxis(sourcePx: number, count: number): Placement {
  return { sourcePx, start256: 0, length256: 256 * sourcePx, offset: 0, count };
}

function barred(axis: Placement, ideal: number): Placement {
  const count = Math.min(Math.max(ideal, 1), axis.count);
  return { ...axis, offset: Math.floor((axis.count - count) / 2), count };
}

function cropped(axis: Placement, length256: number): Placement {
  const start256 = Math.floor((axis.length256 - length256) / 2);
  return { ...axis, start256, length256 };
}

/** a / b to the nearest whole number, halves up. */
const roundedRatio = (a: number, b: number): number => Math.floor((2 * a + b) / (2 * b));

/** The window in which an element of the tensor looks along the same ray as it did in training. */
function seenAlike(
  stream: StreamSpec,
  whole: Placements,
  camera: CameraIntrinsics | undefined,
): Placements {
  const trained = stream.intrinsics;
  if (trained === undefined || camera === undefined) {
    const missing = camera === undefined ? "the camera's intrinsics" : "the training camera's";
    const text = `resize intrinsics needs ${missing}, which are not known`;
    throw new BridgeError(ErrorCode.ModelUnsupported, text);
  }
  const x = rays(whole.x, camera.fxPx / trained.fx, camera.cxPx, trained.cx);
  const y = rays(whole.y, camera.fyPx / trained.fy, camera.cyPx, trained.cy);
  const covered = coveredRatio(x) * coveredRatio(y);
  if (covered < stream.min_coverage) {
    const text =
      `the camera sees ${(100 * covered).toFixed(1)} % of what the model was trained on, ` +
      `expected at least ${(100 * stream.min_coverage).toFixed(1)} %`;
    throw new BridgeError(ErrorCode.ModelUnsupported, text, { details: { covered } });
  }
  return { x, y };
}

function rays(axis: Placement, scale: number, cameraC: number, trainedC: number): Placement {
  const start256 = Math.floor(256 * (cameraC - trainedC * scale) + 0.5);
  const length256 = Math.max(1, Math.floor(256 * (axis.count * scale) + 0.5));
  return { ...axis, start256, length256 };
}

function coveredRatio(axis: Placement): number {
  const [first, end] = coveredRange(axis);
  return (end - first) / axis.count;
}

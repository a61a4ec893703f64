import type { PredictionPayload } from "../client/index.ts";
import {
  ellipse90Sigmas,
  ellipseOffsets,
  pixelOf,
  rayOf,
  seenFrom,
  type Covariance,
  type Pinhole,
  type Point,
  type Ray,
  type Xyzw,
} from "./projection.ts";

const ahead: Ray = [0, 0, 1];
const outlineCount = 48;
/** A target that is less probably in the picture than this is not shown and not followed. */
const visibleEnough = 0.5;

/** What a prediction says about pictures: step 0 is its t0, step k lies k steps ahead. */
export class Expectation {
  readonly stampMs: number;
  readonly stepMs: number;
  readonly horizonSteps: number;
  readonly verticalFovRad: number;
  readonly #orientations: ArrayLike<number>;
  readonly #covariances: ArrayLike<number>;
  readonly #target: PredictionPayload["target"];

  private constructor(
    prediction: PredictionPayload,
    camera: NonNullable<PredictionPayload["camera"]>,
  ) {
    this.stampMs = prediction.stampMs;
    this.stepMs = prediction.stepMs;
    this.horizonSteps = prediction.horizonSteps;
    this.verticalFovRad = camera.verticalFovRad;
    this.#orientations = camera.baseFromOpticalXyzw.data;
    this.#covariances = camera.covarianceRad2.data;
    this.#target = prediction.target;
  }

  /** Undefined of a server that does not say where the camera looks. */
  static of(prediction: PredictionPayload): Expectation | undefined {
    return prediction.camera === undefined
      ? undefined
      : new Expectation(prediction, prediction.camera);
  }

  /** The step nearest to a horizon, within what is predicted. */
  stepAt(aheadMs: number): number {
    return Math.min(Math.max(1, Math.round(aheadMs / this.stepMs)), this.horizonSteps);
  }

  orientation(step: number): Xyzw {
    return [0, 1, 2, 3].map((i) => this.#orientations[step * 4 + i] ?? 0) as unknown as Xyzw;
  }

  /** The way the middle of the picture takes from now to `step`, drawn into a picture taken at `present`. */
  path(camera: Pinhole, present: Xyzw, step: number): readonly Point[] {
    return known(
      Array.from({ length: step + 1 }, (_, k) =>
        pixelOf(camera, seenFrom(present, this.orientation(k), ahead)),
      ),
    );
  }

  /** The corners of the picture of `step`, clockwise from top left. */
  frame(camera: Pinhole, present: Xyzw, step: number): readonly Point[] {
    const { widthPx, heightPx } = camera;
    const corners = [
      { x: 0, y: 0 },
      { x: widthPx, y: 0 },
      { x: widthPx, y: heightPx },
      { x: 0, y: heightPx },
    ];
    const orientation = this.orientation(step);
    return known(
      corners.map((corner) =>
        pixelOf(camera, seenFrom(present, orientation, rayOf(camera, corner))),
      ),
    );
  }

  /** Where the middle of the picture of `step` is with 90 % probability. */
  pathEllipse(camera: Pinhole, present: Xyzw, step: number): readonly Point[] {
    const at = (i: number): number => this.#covariances[step * 3 + i] ?? 0;
    const covariance: Covariance = { xx: at(0), xy: at(1), yy: at(2) };
    const orientation = this.orientation(step);
    return known(
      ellipseOffsets(covariance, ellipse90Sigmas, outlineCount).map(({ x, y }) =>
        pixelOf(camera, seenFrom(present, orientation, [x, y, 1])),
      ),
    );
  }

  get hasTarget(): boolean {
    return this.#target !== undefined;
  }

  /** The target is probably in the picture of `step`; so it is taken where the model does not say. */
  seesTarget(step: number): boolean {
    if (this.#target === undefined) return false;
    return (this.#target.visibility?.data[step - 1] ?? 1) >= visibleEnough;
  }

  /** Where a picture taken at `present` shows the target, if that does not move by itself meanwhile. */
  targetNow(camera: Pinhole, present: Xyzw): Point | undefined {
    const bearing = this.#targetBearing(1);
    if (bearing === undefined) return undefined;
    return pixelOf(camera, seenFrom(present, this.orientation(1), rayAt(bearing)));
  }

  /** Where the picture of `step` shows the target. */
  targetPoint(camera: Pinhole, step: number): Point | undefined {
    const bearing = this.#targetBearing(step);
    return bearing === undefined ? undefined : pixelOf(camera, rayAt(bearing));
  }

  /** Where in the picture of `step` the target is with 90 % probability. */
  targetEllipse(camera: Pinhole, step: number): readonly Point[] {
    const bearing = this.#targetBearing(step);
    const std = this.#target?.stdRad?.data;
    if (bearing === undefined || std === undefined) return [];
    const [right = 0, down = 0] = [std[(step - 1) * 2], std[(step - 1) * 2 + 1]];
    const covariance: Covariance = { xx: right * right, xy: 0, yy: down * down };
    return known(
      ellipseOffsets(covariance, ellipse90Sigmas, outlineCount).map(({ x, y }) =>
        pixelOf(camera, rayAt({ x: bearing.x + x, y: bearing.y + y })),
      ),
    );
  }

  #targetBearing(step: number): Point | undefined {
    const data = this.#target?.meanRad.data;
    const [x, y] = [data?.[(step - 1) * 2], data?.[(step - 1) * 2 + 1]];
    return x === undefined || y === undefined ? undefined : { x, y };
  }
}

/** A bearing is atan2(x, z) and atan2(y, z); beyond a right angle it is behind the camera. */
function rayAt({ x, y }: Point): Ray {
  const isAhead = Math.abs(x) < Math.PI / 2 && Math.abs(y) < Math.PI / 2;
  return isAhead ? [Math.tan(x), Math.tan(y), 1] : [0, 0, -1];
}

function known(points: readonly (Point | undefined)[]): readonly Point[] {
  return points.filter((point) => point !== undefined);
}

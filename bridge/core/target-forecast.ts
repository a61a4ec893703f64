import type { Prediction } from "../contract/world-model.ts";
import { bodyFromOpticalXyzw } from "./aim-chain.ts";
import { unit } from "./axis-turns.ts";
import type { InverseKinematics } from "./inverse-kinematics.ts";
import { rotate, type Vector3 } from "./kinematics.ts";

export interface ForecastGates {
  /** Least probability that the target is in the picture. Default 0.5. */
  readonly minVisibility?: number;
  /** Largest deviation of its bearing, rad. Default 0.15. */
  readonly maxStdRad?: number;
}

/** A bearing beyond this has left every picture; its tangent says nothing. */
const maxBearingRad = 1.3;

/**
 * Where the model's target will be at `atMs`, in the base frame: its predicted bearing turned by the
 * joints predicted for that very moment. What the device will do until then is taken out, so the
 * direction holds for whatever it is told next.
 *
 * Undefined when the model has no bearing for that time, sees no target or is not sure: the tracker then coasts.
 */
export function targetForecast(
  prediction: Prediction,
  inverse: InverseKinematics,
  atMs: number,
  { minVisibility = 0.5, maxStdRad = 0.15 }: ForecastGates = {},
): Vector3 | undefined {
  const { stampMs, stepMs, horizonSteps, axisCount, bearing, visibility, meanPosRad } = prediction;
  if (bearing === undefined) return undefined;
  const steps = (atMs - stampMs) / stepMs;
  if (!(steps <= horizonSteps + 1e-9)) return undefined;
  const before = Math.min(Math.max(Math.floor(steps), 1), horizonSteps) - 1;
  const after = Math.min(before + 1, horizonSteps - 1);
  const ratio = Math.min(1, Math.max(0, steps - 1 - before));
  const mixed = (values: ArrayLike<number>, width: number, index: number): number => {
    const from = values[before * width + index] ?? Number.NaN;
    return from + ratio * ((values[after * width + index] ?? Number.NaN) - from);
  };
  if (visibility !== undefined && !(mixed(visibility.mean, 1, 0) >= minVisibility))
    return undefined;
  const azimuth = mixed(bearing.meanRad, 2, 0);
  const elevation = mixed(bearing.meanRad, 2, 1);
  const std = bearing.stdRad;
  const isSure = std === undefined || Math.max(mixed(std, 2, 0), mixed(std, 2, 1)) <= maxStdRad;
  if (!isSure || !(Math.max(Math.abs(azimuth), Math.abs(elevation)) < maxBearingRad)) {
    return undefined;
  }
  const joints = Array.from({ length: axisCount }, (_, axis) => mixed(meanPosRad, axisCount, axis));
  const optical = unit([Math.tan(azimuth), Math.tan(elevation), 1]);
  return rotate(inverse.orientation(joints), rotate(bodyFromOpticalXyzw, optical));
}

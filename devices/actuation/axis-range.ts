import type { MotionShare } from "../../bridge/contract/actuation.ts";
import type { AxisDescription } from "../../bridge/contract/device.ts";
import type { MotionLimits } from "./velocity-transition.ts";

/** Where commands may take an axis: its range less the soft margin at either end. */
export interface AxisRange {
  readonly lowerRad: number;
  readonly upperRad: number;
}

export function axisRange(axis: AxisDescription): AxisRange {
  if (axis.continuous === true) return { lowerRad: -Infinity, upperRad: Infinity };
  const { lowerRad, upperRad, softMarginRad = 0 } = axis;
  return { lowerRad: lowerRad + softMarginRad, upperRad: upperRad - softMarginRad };
}

/**
 * The limits of an axis as the shaper keeps them: hard ends without the soft margin, so that a device found
 * beyond the margin is not pulled back. Jerk is shared like acceleration: both are what is felt.
 */
export function sharedLimits(axis: AxisDescription, share?: MotionShare): MotionLimits {
  const isContinuous = axis.continuous === true;
  const { velocityRatio = 1, accelerationRatio = 1 } = share ?? {};
  return {
    lowerRad: isContinuous ? -Infinity : axis.lowerRad,
    upperRad: isContinuous ? Infinity : axis.upperRad,
    maxVelocityRadPerS: axis.maxVelocityRadPerS * velocityRatio,
    maxAccelerationRadPerS2: axis.maxAccelerationRadPerS2 * accelerationRatio,
    maxJerkRadPerS3: axis.maxJerkRadPerS3 * accelerationRatio,
  };
}

const turnRad = 2 * Math.PI;
/** Beyond this whole turns are taken off first: their product with a rounded 2 pi would be off by more than it. */
const farRad = 1e9;

/** The angle equal to `rad` but for whole turns that lies nearest to `toRad`. */
export function nearestTurn(rad: number, toRad: number): number {
  const angleRad = Math.abs(rad) > farRad ? rad % turnRad : rad;
  return angleRad + turnRad * Math.round((toRad - angleRad) / turnRad);
}

/** How far apart two places of an axis are: of one that turns for ever, the shorter way round. */
export function apartRad(axis: AxisDescription | undefined, rad: number, otherRad: number): number {
  return Math.abs((axis?.continuous === true ? nearestTurn(rad, otherRad) : rad) - otherRad);
}

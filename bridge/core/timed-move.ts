import type { MotionShare } from "../contract/actuation.ts";
import type { AxisDescription } from "../contract/device.ts";
import { fullShare } from "./roles.ts";

/** What of the axis' acceleration and jerk a planned move uses: the rest is the shaper's, to follow with. */
const headroomRatio = 0.9;

/**
 * The least time for a move from rest to rest along the quintic with neither velocity nor acceleration
 * at its ends: its peaks are 15/8 d/T, 10/sqrt(3) d/T^2 and 60 d/T^3 (from 10s^3 - 15s^4 + 6s^5).
 */
export function leastMoveMs(
  axis: AxisDescription,
  distanceRad: number,
  share: MotionShare = fullShare,
): number {
  const distance = Math.abs(distanceRad);
  if (distance === 0) return 0;
  const velocity = axis.maxVelocityRadPerS * share.velocityRatio;
  const acceleration = axis.maxAccelerationRadPerS2 * share.accelerationRatio * headroomRatio;
  const jerk = axis.maxJerkRadPerS3 * share.accelerationRatio * headroomRatio;
  const needsS = Math.max(
    (1.875 * distance) / velocity,
    Math.sqrt((10 / Math.sqrt(3)) * (distance / acceleration)),
    Math.cbrt((60 * distance) / jerk),
  );
  return needsS * 1000;
}

/** The least time for the slowest axis; `null` leaves an axis where it is. */
export function leastMoveOfAllMs(
  axes: readonly AxisDescription[],
  move: {
    readonly fromRad: readonly number[];
    readonly toRad: readonly (number | null)[];
    readonly share?: MotionShare;
  },
): number {
  const { fromRad, toRad, share = fullShare } = move;
  return axes.reduce((longestMs, axis, index) => {
    const to = toRad[index] ?? null;
    if (to === null) return longestMs;
    return Math.max(longestMs, leastMoveMs(axis, to - (fromRad[index] ?? to), share));
  }, 0);
}

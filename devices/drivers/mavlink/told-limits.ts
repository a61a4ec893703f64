import type { AxisDescription } from "../../../bridge/contract/device.ts";
import type { Message } from "./codec/messages.ts";
import { frdPitch, frdRoll, frdYaw } from "./gimbal-frames.ts";
import type { GimbalJoints } from "./gimbal-joints.ts";

export interface ToldLimits {
  readonly axes: readonly AxisDescription[];
  /** Empty if the ranges meet. */
  readonly problem: string;
  readonly narrowedCount: number;
}

/** The axes with the narrower of their own ranges and those a gimbal says it has. NaN tells nothing. */
export function toldLimits(
  axes: readonly AxisDescription[],
  joints: GimbalJoints,
  told: Readonly<Message<"gimbalDeviceInformation">>,
): ToldLimits {
  const ranges = new Map<number, readonly [number, number]>([
    [joints.yaw, range(frdYaw(told.yaw_min), frdYaw(told.yaw_max))],
    [joints.roll, range(frdRoll(told.roll_min), frdRoll(told.roll_max))],
    [joints.pitch, range(frdPitch(told.pitch_min), frdPitch(told.pitch_max))],
  ]);
  let problem = "";
  let narrowedCount = 0;
  const narrowed = axes.map((axis, index) => {
    const [lower, upper] = ranges.get(index) ?? [Number.NaN, Number.NaN];
    // An axis that is told to reach from 0 to 0 was not told of at all.
    if (!(lower < upper)) return axis;
    const lowerRad = Math.max(axis.lowerRad, lower);
    const upperRad = Math.min(axis.upperRad, upper);
    if (lowerRad >= upperRad) {
      problem = `its ${axis.name} reaches from ${two(lower)} to ${two(upper)} rad, the profile's from ${two(axis.lowerRad)} to ${two(axis.upperRad)} rad`;
      return axis;
    }
    if (lowerRad > axis.lowerRad || upperRad < axis.upperRad) narrowedCount += 1;
    return { ...axis, lowerRad, upperRad };
  });
  return { axes: narrowed, problem, narrowedCount };
}

const range = (a: number, b: number): readonly [number, number] => [Math.min(a, b), Math.max(a, b)];
const two = (value: number): string => value.toFixed(2);

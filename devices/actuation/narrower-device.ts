import type { AxisLimits, DeviceDescription } from "../../bridge/contract/device.ts";
import { axisRange } from "./axis-range.ts";

/**
 * A device with the narrower of its own limits and those the device says it has, axis by axis. Undefined if
 * those fit no device: another number of axes, values that are no limits, ranges that do not meet.
 */
export function narrowerDevice(
  device: DeviceDescription,
  told: readonly AxisLimits[],
): DeviceDescription | undefined {
  if (!areObjects(told) || told.length !== device.axes.length) return undefined;
  const axes = device.axes.map((axis, index) => {
    const other = told[index];
    if (other === undefined) return axis;
    return {
      ...axis,
      lowerRad: Math.max(axis.lowerRad, other.lowerRad),
      upperRad: Math.min(axis.upperRad, other.upperRad),
      maxVelocityRadPerS: Math.min(axis.maxVelocityRadPerS, other.maxVelocityRadPerS),
      maxAccelerationRadPerS2: Math.min(
        axis.maxAccelerationRadPerS2,
        other.maxAccelerationRadPerS2,
      ),
      maxJerkRadPerS3: Math.min(axis.maxJerkRadPerS3, other.maxJerkRadPerS3),
      continuous: axis.continuous === true && other.continuous === true,
    };
  });
  const isSound = axes.every(
    (axis) =>
      axis.lowerRad < axis.upperRad &&
      axisRange(axis).lowerRad < axisRange(axis).upperRad &&
      axis.maxVelocityRadPerS > 0 &&
      axis.maxAccelerationRadPerS2 > 0 &&
      axis.maxJerkRadPerS3 > 0,
  );
  return isSound ? { ...device, axes } : undefined;
}

/** What another thread or device told may be anything. */
function areObjects(told: unknown): boolean {
  return Array.isArray(told) && told.every((axis) => typeof axis === "object" && axis !== null);
}

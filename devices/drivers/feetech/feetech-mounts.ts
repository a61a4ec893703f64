import type { DeviceDescription } from "../../../bridge/contract/device.ts";
import type { ServoMount } from "../servo-bus/servo.ts";
import { feetechFacts } from "./feetech-models.ts";
import type { FeetechSettings } from "./feetech-schema.ts";

/** One per axis, in the device's order. Settings were checked against the device. */
export function feetechMounts(
  settings: Pick<FeetechSettings, "axes" | "model">,
  device: DeviceDescription,
): readonly ServoMount[] {
  const { stepCount, spanRad } = feetechFacts(settings.model);
  return device.axes.flatMap((axis) => {
    const servo = settings.axes[axis.name];
    if (servo === undefined) return [];
    return [
      {
        ...servo,
        axisName: axis.name,
        ticksPerTurn: (stepCount * 2 * Math.PI) / spanRad,
        middleTick: stepCount / 2,
        minTick: 0,
        maxTick: stepCount - 1,
        maxVelocityRadPerS: axis.maxVelocityRadPerS,
        maxEffortNm: axis.maxEffortNm,
      },
    ];
  });
}

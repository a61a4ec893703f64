import type { DeviceDescription } from "../../../bridge/contract/device.ts";
import type { ServoMount } from "../servo-bus/servo.ts";
import type { DynamixelSettings } from "./dynamixel-schema.ts";

const ticksPerTurn = 4096;
/** Extended position mode: 256 turns either way. */
const multiTurnTicks = 1_048_575;

/** One per axis, in the device's order. Settings were checked against the device. */
export function dynamixelMounts(
  settings: Pick<DynamixelSettings, "axes">,
  device: DeviceDescription,
): readonly ServoMount[] {
  return device.axes.flatMap((axis) => {
    const servo = settings.axes[axis.name];
    if (servo === undefined) return [];
    return [
      {
        id: servo.id,
        axisName: axis.name,
        sign: servo.sign,
        zeroRad: servo.zeroRad,
        ticksPerTurn,
        middleTick: ticksPerTurn / 2,
        minTick: servo.multiTurn ? -multiTurnTicks : 0,
        maxTick: servo.multiTurn ? multiTurnTicks : ticksPerTurn - 1,
        maxVelocityRadPerS: axis.maxVelocityRadPerS,
        maxEffortNm: axis.maxEffortNm,
      },
    ];
  });
}

import type { DeviceDescription } from "../../../bridge/contract/device.ts";
import type { DriverKind } from "../driver-kind.ts";
import { servoProblems } from "../servo-bus/bus-settings.ts";
import { roundMs } from "../servo-bus/bus-time.ts";
import { rangeProblem } from "../servo-bus/servo.ts";
import { DynamixelFamily } from "./dynamixel-family.ts";
import { dynamixelMounts } from "./dynamixel-mounts.ts";
import { DynamixelSettings } from "./dynamixel-schema.ts";

export const dynamixelKind: DriverKind<DynamixelSettings> = {
  schema: DynamixelSettings,
  problems,
  serialPorts: ({ port }) => [port],
  describe: (settings) => {
    const servoCount = Object.keys(settings.axes).length;
    const { port, baudRate, returnDelayUs } = settings;
    const ms = roundMs(new DynamixelFamily(settings), {
      servoCount,
      baudRate,
      returnDelayMs: returnDelayUs / 1000,
    });
    const rateHz = Math.floor(1000 / ms);
    return `${servoCount} servos on ${port} at ${baudRate} baud, a round takes ${ms.toFixed(1)} ms (${rateHz} Hz)`;
  },
};

function problems(settings: DynamixelSettings, device: DeviceDescription): readonly string[] {
  const found = servoProblems(settings.axes, device);
  if (found.length > 0) return found;
  return dynamixelMounts(settings, device).flatMap((mount, index) => {
    const axis = device.axes[index];
    const problem = axis && rangeProblem(mount, axis.lowerRad, axis.upperRad);
    return problem === undefined ? [] : [problem];
  });
}

import type { DeviceDescription } from "../../../bridge/contract/device.ts";
import type { DriverKind } from "../driver-kind.ts";
import { servoProblems } from "../servo-bus/bus-settings.ts";
import { roundMs } from "../servo-bus/bus-time.ts";
import { rangeProblem } from "../servo-bus/servo.ts";
import { FeetechFamily } from "./feetech-family.ts";
import { feetechMounts } from "./feetech-mounts.ts";
import { FeetechSettings } from "./feetech-schema.ts";

export const feetechKind: DriverKind<FeetechSettings> = {
  schema: FeetechSettings,
  problems,
  serialPorts: ({ port }) => [port],
  describe: (settings) => {
    const servoCount = Object.keys(settings.axes).length;
    const { port, baudRate, returnDelayUs } = settings;
    const returnDelayMs = returnDelayUs / 1000;
    const ms = roundMs(new FeetechFamily(settings.model), { servoCount, baudRate, returnDelayMs });
    const rateHz = Math.floor(1000 / ms);
    return `${servoCount} servos on ${port} at ${baudRate} baud, a round takes ${ms.toFixed(1)} ms (${rateHz} Hz)`;
  },
};

function problems(settings: FeetechSettings, device: DeviceDescription): readonly string[] {
  const found = servoProblems(settings.axes, device);
  if (found.length > 0) return found;
  return feetechMounts(settings, device).flatMap((mount, index) => {
    const axis = device.axes[index];
    const problem = axis && rangeProblem(mount, axis.lowerRad, axis.upperRad);
    return problem === undefined ? [] : [problem];
  });
}

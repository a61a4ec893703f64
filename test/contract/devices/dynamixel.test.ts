import { fileURLToPath } from "node:url";
import { loadProfile } from "../../../devices/profiles/load-profile.ts";
import { openDynamixelDriver } from "../../../devices/drivers/dynamixel/dynamixel-driver.ts";
import { DynamixelSettings } from "../../../devices/drivers/dynamixel/dynamixel-schema.ts";
import { DynamixelServos, dynamixelPacket } from "../../fakes/servos/dynamixel-servos.ts";
import { describeDriver } from "./driver-conformance.ts";
import { describeDriverFaults } from "./driver-faults.ts";
import type { DriverUnderTest } from "./driver-rig.ts";
import { openServoRig } from "./servo-rig.ts";

const device = loadProfile(
  fileURLToPath(new URL("../../../devices/profiles/pan-tilt-dynamixel.json", import.meta.url)),
);
const signs = [1, -1] as const;
const zerosRad = [0.1, -0.2];
const stepsPerRad = 4096 / (2 * Math.PI);

const subject = (name: string, extra: Record<string, unknown>): DriverUnderTest => ({
  name,
  resolutionRad: 1 / stepsPerRad,
  nativeSigns: signs,
  open: () =>
    openServoRig({
      device,
      mount: { signs, zerosRad, stepsPerRad, middleStep: 2048 },
      makeBus: (servos) => new DynamixelServos(servos),
      openDriver: (telemetry, on) =>
        openDynamixelDriver(
          DynamixelSettings.parse({
            port: "/dev/memory",
            axes: {
              pan: { id: 1, model: "xl330-m288", sign: signs[0], zeroRad: zerosRad[0] },
              tilt: { id: 2, model: "xl330-m288", sign: signs[1], zeroRad: zerosRad[1] },
            },
            ...extra,
          }),
          device,
          telemetry,
          on,
        ),
      strangerPacket: dynamixelPacket(99, [0x55, 0, 1, 2, 3, 4]),
    }),
});

for (const one of [
  subject("dynamixel", {}),
  subject("dynamixel (fast sync read)", { fastSyncRead: true }),
]) {
  describeDriver(one);
  describeDriverFaults(one);
}

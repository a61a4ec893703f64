import { fileURLToPath } from "node:url";
import { loadProfile } from "../../../devices/profiles/load-profile.ts";
import { openFeetechDriver } from "../../../devices/drivers/feetech/feetech-driver.ts";
import { FeetechSettings } from "../../../devices/drivers/feetech/feetech-schema.ts";
import { FeetechServos, feetechPacket } from "../../fakes/servos/feetech-servos.ts";
import { describeDriver } from "./driver-conformance.ts";
import { describeDriverFaults } from "./driver-faults.ts";
import type { DriverUnderTest } from "./driver-rig.ts";
import { openServoRig } from "./servo-rig.ts";

const profile = (name: string) =>
  loadProfile(fileURLToPath(new URL(`../../../devices/profiles/${name}.json`, import.meta.url)));

const series = [
  {
    name: "feetech",
    model: "sts3215",
    series: "sts",
    profile: "so101-arm",
    steps: 4096,
    turn: 360,
  },
  {
    name: "feetech (SCS)",
    model: "scs0009",
    series: "scs",
    profile: "pan-tilt-dynamixel",
    steps: 1024,
    turn: 300,
  },
] as const;

for (const make of series) {
  const device = profile(make.profile);
  const signs = device.axes.map((_, axis) => (axis % 2 === 0 ? 1 : -1));
  const zerosRad = device.axes.map((_, axis) => (axis === 0 ? 0 : 0.01 * axis));
  const stepsPerRad = make.steps / ((make.turn / 180) * Math.PI);
  const subject: DriverUnderTest = {
    name: make.name,
    resolutionRad: 1 / stepsPerRad,
    nativeSigns: signs,
    open: () =>
      openServoRig({
        device,
        mount: { signs, zerosRad, stepsPerRad, middleStep: make.steps / 2 },
        makeBus: (servos) => new FeetechServos(servos, make.series),
        openDriver: (telemetry, on) =>
          openFeetechDriver(
            FeetechSettings.parse({
              port: "/dev/memory",
              model: make.model,
              axes: Object.fromEntries(
                device.axes.map(({ name }, axis) => [
                  name,
                  { id: axis + 1, sign: signs[axis], zeroRad: zerosRad[axis] },
                ]),
              ),
            }),
            device,
            telemetry,
            on,
          ),
        strangerPacket: feetechPacket(99, [0, 1, 2, 3, 4]),
      }),
  };
  describeDriver(subject);
  describeDriverFaults(subject);
}

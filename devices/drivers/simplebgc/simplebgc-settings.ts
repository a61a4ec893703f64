import type { DeviceDescription } from "../../../bridge/contract/device.ts";
import type { DriverKind } from "../driver-kind.ts";
import { simplebgcMounts } from "./simplebgc-mounts.ts";
import { SimplebgcSettings } from "./simplebgc-schema.ts";

/** Angles are 16 bits of 360/16384 degrees. */
const farthestRad = 4 * Math.PI;

export const simplebgcKind: DriverKind<SimplebgcSettings> = {
  schema: SimplebgcSettings,
  problems,
  serialPorts: ({ port }) => [port],
  describe: ({ port, baudRate, protocolVersion, angles }) =>
    `SimpleBGC board on ${port} at ${baudRate} baud, protocol ${protocolVersion}, angles of the ${angles}`,
};

function problems(settings: SimplebgcSettings, device: DeviceDescription): readonly string[] {
  const mounts = simplebgcMounts(settings, device);
  const found = device.axes.flatMap(({ name, lowerRad, upperRad }) => {
    const mount = mounts.find(({ axisName }) => axisName === name);
    if (mount === undefined)
      return [`axis ${name} is none of the board's: name roll, pitch or yaw in axes`];
    const twin = mounts.find((other) => other !== mount && other.boardAxis === mount.boardAxis);
    if (twin !== undefined) return [`axis ${name} has the board's axis of ${twin.axisName}`];
    const farRad = Math.abs(mount.zeroRad) + Math.max(Math.abs(lowerRad), Math.abs(upperRad));
    return farRad > farthestRad
      ? [`axis ${name} reaches ${farRad} rad, the board ${farthestRad} rad`]
      : [];
  });
  const strange = Object.keys(settings.axes)
    .filter((name) => !device.axes.some((axis) => axis.name === name))
    .map((name) => `axes.${name}: the device has no such axis`);
  return [...found, ...strange];
}

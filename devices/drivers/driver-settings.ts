import { z } from "zod";
import type { DeviceDescription } from "../../bridge/contract/device.ts";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import type { DriverKind } from "./driver-kind.ts";
import { dynamixelKind } from "./dynamixel/dynamixel-settings.ts";
import { feetechKind } from "./feetech/feetech-settings.ts";
import { loopbackKind } from "./loopback/loopback-settings.ts";
import type { DriverChoice, OwnDriverChoice } from "./open-driver.ts";
import { agentKind, simulatorKind } from "./shared-memory/far-settings.ts";
import { ros2Kind } from "./ros2/ros2-settings.ts";
import { simplebgcKind } from "./simplebgc/simplebgc-settings.ts";

/** Every driver by the name profiles and configurations use. */
const kinds = {
  simulator: simulatorKind,
  agent: agentKind,
  ros2: ros2Kind,
  loopback: loopbackKind,
  dynamixel: dynamixelKind,
  feetech: feetechKind,
  simplebgc: simplebgcKind,
} satisfies Record<DriverChoice["kind"], DriverKind<unknown>>;

export type DriverName = keyof typeof kinds;
type FarDriverName = "simulator" | "agent" | "ros2";

export const driverNames = Object.keys(kinds) as readonly DriverName[];

export const isDriverName = (name: string): name is DriverName => Object.hasOwn(kinds, name);

/** Settings that were checked, and what there is to say of them. */
export type CheckedDriver = {
  readonly description: string;
  readonly serialPorts: readonly string[];
} & (
  | { readonly name: FarDriverName; readonly settings: unknown }
  /** Ready for the actuation thread. */
  | { readonly name: OwnDriverChoice["kind"]; readonly choice: OwnDriverChoice }
);

/**
 * @param found the profile's `driver` section with the configuration's settings laid over it.
 * @throws BridgeError `device/driver` with every problem: of the settings, and of how they fit the device.
 */
export function checkDriver(
  name: string,
  found: Readonly<Record<string, unknown>>,
  device: DeviceDescription,
): CheckedDriver {
  if (!isDriverName(name)) {
    throw new BridgeError(
      ErrorCode.DeviceDriver,
      `there is no driver "${name}", expected one of ${driverNames.join(", ")}`,
    );
  }
  // One row of the table, whatever its settings are: what goes in is what its own schema gave.
  const driver: DriverKind<unknown> = kinds[name];
  const given = Object.entries(found).filter(([key]) => key !== "kind");
  const result = driver.schema.safeParse(Object.fromEntries(given));
  if (!result.success) throw refusal(name, device, z.prettifyError(result.error));
  const settings = result.data;
  const problems = driver.problems?.(settings, device) ?? [];
  if (problems.length > 0) throw refusal(name, device, problems.join("\n"));
  const description = driver.describe(settings);
  const serialPorts = driver.serialPorts?.(settings) ?? [];
  if (isFar(name)) return { name, settings, description, serialPorts };
  const choice = { kind: name, settings } as OwnDriverChoice;
  return { name, choice, description, serialPorts };
}

/** JSON Schema of each driver's settings, by name. What a profile leaves out, a configuration may give. */
export function driverSchemas(): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  const entries = driverNames.map((name) => {
    const driver: DriverKind<unknown> = kinds[name];
    return [name, z.toJSONSchema(driver.schema, { io: "input", unrepresentable: "any" })] as const;
  });
  return Object.fromEntries(entries);
}

const isFar = (name: DriverName): name is FarDriverName =>
  name === "simulator" || name === "agent" || name === "ros2";

function refusal(kind: string, device: DeviceDescription, problems: string): BridgeError {
  return new BridgeError(
    ErrorCode.DeviceDriver,
    `driver ${kind} does not fit profile ${device.profile}:\n${problems}`,
    { details: { kind, profile: device.profile } },
  );
}

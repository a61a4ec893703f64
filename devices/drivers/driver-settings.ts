import { z } from "zod";
import type { DeviceDescription } from "../../bridge/contract/device.ts";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import type { DriverKind } from "./driver-kind.ts";
import { loopbackKind } from "./loopback/loopback-settings.ts";
import type { OwnDriverChoice } from "./open-driver.ts";

/** The drivers that open their own way to a device, by the name profiles and configurations use. */
const kinds = {
  loopback: loopbackKind,
} satisfies Record<OwnDriverChoice["kind"], DriverKind<unknown>>;

export type OwnDriverKind = keyof typeof kinds;

export const ownDriverKinds = Object.keys(kinds) as readonly OwnDriverKind[];

export const isOwnDriver = (kind: string): kind is OwnDriverKind => Object.hasOwn(kinds, kind);

/** What was checked, ready for the actuation thread, and what there is to say of it. */
export interface CheckedDriver {
  readonly choice: OwnDriverChoice;
  readonly description: string;
  readonly serialPorts: readonly string[];
}

/**
 * @param found the profile's `driver` section with the configuration's settings laid over it.
 * @throws BridgeError `device/driver` with every problem: of the settings, and of how they fit the device.
 */
export function checkDriver(
  kind: OwnDriverKind,
  found: Readonly<Record<string, unknown>>,
  device: DeviceDescription,
): CheckedDriver {
  // One row of the table, whatever its settings are: what goes in is what its own schema gave.
  const driver: DriverKind<unknown> = kinds[kind];
  const settings = Object.entries(found).filter(([key]) => key !== "kind");
  const result = driver.schema.safeParse(Object.fromEntries(settings));
  if (!result.success) throw refusal(kind, device, z.prettifyError(result.error));
  const problems = driver.problems?.(result.data, device) ?? [];
  if (problems.length > 0) throw refusal(kind, device, problems.join("\n"));
  return {
    choice: { kind, settings: result.data } as OwnDriverChoice,
    description: driver.describe(result.data),
    serialPorts: driver.serialPorts?.(result.data) ?? [],
  };
}

/** JSON Schema of each driver's settings, by kind. */
export function driverSchemas(): Readonly<Record<OwnDriverKind, unknown>> {
  const entries = ownDriverKinds.map((kind) => {
    const { schema } = kinds[kind] as DriverKind<unknown>;
    return [kind, z.toJSONSchema(schema, { io: "input", unrepresentable: "any" })] as const;
  });
  return Object.fromEntries(entries) as Record<OwnDriverKind, unknown>;
}

function refusal(kind: string, device: DeviceDescription, problems: string): BridgeError {
  return new BridgeError(
    ErrorCode.DeviceDriver,
    `driver ${kind} does not fit profile ${device.profile}:\n${problems}`,
    { details: { kind, profile: device.profile } },
  );
}

import type { Command } from "commander";

/** What says how a device is reached; `port` is its serial port. */
export interface DeviceFlags {
  readonly driver?: string;
  readonly port?: string;
  readonly baudRate?: number;
  readonly address?: string;
}

export function withDeviceFlags(command: Command): Command {
  return command
    .option("--driver <name>", "a driver, or simulator; default: the profile's own")
    .option("--port <path>", "serial port in place of the profile's")
    .option("--baud-rate <rate>", "in place of the profile's", Number)
    .option("--address <host:port>", "in place of the profile's");
}

/** Values of the section `device`. Given a profile, its own driver is meant unless another is named. */
export function deviceSection(
  profile: string | undefined,
  { driver, port, baudRate, address }: DeviceFlags,
): Readonly<Record<string, unknown>> {
  const chosen = driver ?? (profile === undefined ? undefined : "profile");
  return { profile, driver: chosen, port, baudRate, address };
}

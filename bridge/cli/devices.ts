import { Command } from "commander";
import type { Config } from "../config.ts";
import { deviceSchema, inspectDevice, listDevices } from "../parts/device-tools.ts";
import { deviceSection, withDeviceFlags, type DeviceFlags } from "./device-flags.ts";
import { inspectDeviceText } from "./devices-inspect.ts";
import { runDeviceTest, type DeviceTestFlags } from "./devices-test.ts";
import { devicesText } from "./devices-list.ts";

export interface DevicesHost {
  /** The configuration with this file, with these values of its section `device`. */
  readonly configOf: (flags: {
    readonly config?: string;
    readonly device?: Readonly<Record<string, unknown>>;
  }) => Config;
  readonly print: (text: string) => void;
}

interface Flags extends DeviceFlags {
  readonly config?: string;
  readonly json?: boolean;
}

/** `kairos-bridge devices …`: which devices there are profiles of, what one is, and whether it works. */
export function devicesCommand({ configOf, print }: DevicesHost): Command {
  const devices = new Command("devices").description("look at device profiles and try a device");
  const shown = (value: unknown, text: string, { json = false }: Flags): void => {
    print(json ? JSON.stringify(value, undefined, 2) : text);
  };

  devices
    .command("list")
    .description("the profiles there are, their axes, drivers, and where their limits come from")
    .option("--config <file>", "YAML configuration file")
    .option("--json", "print JSON")
    .action((flags: Flags) => {
      const listed = listDevices(configOf(flags));
      shown(listed, devicesText(listed), flags);
    });

  asked(devices.command("inspect"))
    .description("axes, limits and their sources, frames, driver settings; opens nothing")
    .option("--json", "print JSON")
    .action((profile: string | undefined, flags: Flags) => {
      const inspected = inspectDevice(configOf(withDevice(profile, flags)));
      shown(inspected, inspectDeviceText(inspected), flags);
    });

  asked(devices.command("test"))
    .description("a guided trial: small moves, signs, limits, latency, step response, stop, expiry")
    .option("-y, --yes", "agree to the motion; signs are then left unchecked")
    .option("--json", "print the outcome as JSON")
    .option("--plot <file.svg>", "draw the step responses")
    .addHelpText("after", "\nNothing moves before you agree. Exit code: 0 sound, 1 not.")
    .action(async (profile: string | undefined, flags: Flags & DeviceTestFlags) => {
      await runDeviceTest(configOf(withDevice(profile, flags)), flags, print);
    });

  devices
    .command("schema")
    .description("JSON Schema of profiles, for editors")
    .action(() => {
      print(JSON.stringify(deviceSchema(), undefined, 2));
    });
  return devices;
}

function asked(command: Command): Command {
  return withDeviceFlags(
    command
      .argument("[profile]", "its name, or a path (configured one)")
      .option("--config <file>", "YAML configuration file"),
  );
}

function withDevice(
  profile: string | undefined,
  flags: Flags,
): Parameters<DevicesHost["configOf"]>[0] {
  const { config } = flags;
  return { ...(config === undefined ? {} : { config }), device: deviceSection(profile, flags) };
}

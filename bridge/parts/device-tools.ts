import { profileJsonSchema } from "../../devices/profiles/profile-schema.ts";
import type { CheckedDriver } from "../../devices/drivers/driver-settings.ts";
import type { DeviceProfile } from "../../devices/profiles/load-profile.ts";
import type { Config } from "../config.ts";
import { BridgeError, errorText } from "../contract/errors.ts";
import { chooseDriver, loadDevice, shippedProfiles } from "./device.ts";

/** A profile, or why it is none. */
export interface ListedDevice {
  readonly name: string;
  /** The configuration names it. */
  readonly isConfigured: boolean;
  readonly device?: DeviceProfile;
  readonly problem?: string;
}

/** The shipped profiles, and the configured one where it is another. */
export function listDevices({ device: { profile } }: Config): readonly ListedDevice[] {
  const names: readonly string[] = shippedProfiles;
  return [...names, ...(names.includes(profile) ? [] : [profile])].map((name) => {
    const isConfigured = name === profile;
    try {
      return { name, isConfigured, device: loadDevice(name) };
    } catch (error) {
      if (!(error instanceof BridgeError)) throw error;
      return { name, isConfigured, problem: errorText(error) };
    }
  });
}

export interface InspectedDevice {
  readonly device: DeviceProfile;
  /** The driver the configuration asks for, or why it will not do. */
  readonly driver: CheckedDriver | { readonly problem: string };
}

/** @throws BridgeError `device/profile` */
export function inspectDevice(config: Config): InspectedDevice {
  const device = loadDevice(config.device.profile);
  try {
    return { device, driver: chooseDriver(config, device) };
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error;
    return { device, driver: { problem: errorText(error) } };
  }
}

/** JSON Schema of profiles, for editors. */
export function deviceSchema(): unknown {
  return profileJsonSchema();
}

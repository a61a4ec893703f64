import { fileURLToPath } from "node:url";
import type { DeviceDescription } from "../../../bridge/contract/device.ts";
import { loadProfile } from "../../../devices/profiles/load-profile.ts";

export const profilePath = fileURLToPath(
  new URL("../../../devices/profiles/phone-mount-4dof.json", import.meta.url),
);

/** The shipped phone mount: what most of these tests drive. */
export const mount: DeviceDescription = loadProfile(profilePath);

import { fileURLToPath } from "node:url";
import type { DeviceDescription } from "../../../bridge/contract/device.ts";
import { loadProfile } from "../../../devices/profiles/load-profile.ts";

/** A shipped device description by the name of its file. */
export function profileOf(name: string): DeviceDescription {
  const url = new URL(`../../../devices/profiles/${name}.json`, import.meta.url);
  return loadProfile(fileURLToPath(url));
}

import { robotMjcf } from "../../sims/description/robot-mjcf.ts";
import { robotSdf } from "../../sims/description/robot-sdf.ts";
import { robotUrdf } from "../../sims/description/robot-urdf.ts";
import { loadDevice } from "./device.ts";

export const descriptionFormats = ["urdf", "mjcf", "sdf"] as const;
export type DescriptionFormat = (typeof descriptionFormats)[number];

/**
 * The robot description of a device as text.
 *
 * @param profile name of a shipped profile, or a path to one.
 * @throws BridgeError `device/profile`
 */
export function robotDescription(profile: string, format: DescriptionFormat): string {
  const device = loadDevice(profile);
  return { urdf: robotUrdf, mjcf: robotMjcf, sdf: robotSdf }[format](device);
}

import { robotMjcf } from "../../sims/description/robot-mjcf.ts";
import { robotSdf } from "../../sims/description/robot-sdf.ts";
import { robotUrdf } from "../../sims/description/robot-urdf.ts";
import type { FrameEdge } from "../../ros/messages/graph-mapping.ts";
import { defaultDynamics } from "../../sims/embedded/mount-dynamics.ts";
import { robotOf } from "../../sims/description/robot.ts";
import type { DeviceDescription } from "../contract/device.ts";
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

/** The frames of the URDF that no joint turns: payload, camera and IMU, each in its parent. */
export function fixedFrames(device: DeviceDescription): readonly FrameEdge[] {
  const { links, camera, imu } = robotOf(device, defaultDynamics(device));
  const fixedLinks = links.filter(({ joint }) => joint === undefined);
  return [
    ...fixedLinks.map(({ name, parent, parentFromLink: pose }) => ({ parent, child: name, pose })),
    ...[camera, imu].map(({ name, parent, parentFromFrame: pose }) => ({
      parent,
      child: name,
      pose,
    })),
  ];
}

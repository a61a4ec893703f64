import type { DeviceDescription } from "../../../bridge/contract/device.ts";

const axis = (name: string) =>
  ({
    name,
    lowerRad: -3,
    upperRad: 3,
    maxVelocityRadPerS: 2,
    maxAccelerationRadPerS2: 9,
    maxJerkRadPerS3: 90,
    maxEffortNm: 1,
    provenance: "assumed",
  }) as const;

/**
 * Yaw about z 0.1 m above the base, pitch about y 0.2 m above that; the camera 0.5 m in front of the
 * pitch axis, looking along x.
 */
export function twoAxisDevice(
  axisNames: readonly [string, string] = ["yaw", "pitch"],
): DeviceDescription {
  const [yaw, pitch] = axisNames;
  const straight = [0, 0, 0, 1] as const;
  return {
    id: "mount0",
    profile: "two-axis",
    axes: [axis(yaw), axis(pitch)],
    homeRad: [0, 0],
    baseFrameId: "mount_base",
    chain: [
      {
        axisName: yaw,
        frameId: "mount_yaw",
        translationM: [0, 0, 0.1],
        fixedXyzw: straight,
        axis: [0, 0, 1],
      },
      {
        axisName: pitch,
        frameId: "mount_pitch",
        translationM: [0, 0, 0.2],
        fixedXyzw: straight,
        axis: [0, 1, 0],
      },
    ],
    camera: {
      frameId: "camera_optical_frame",
      translationM: [0.5, 0, 0],
      fixedXyzw: [-0.5, 0.5, -0.5, 0.5],
      verticalFovRad: 0.9,
    },
  };
}

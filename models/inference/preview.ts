import type { DeviceDescription } from "../../bridge/contract/device.ts";
import { cameraIntrinsics } from "../../bridge/core/camera.ts";
import { cameraFromJoints } from "../../bridge/core/kinematics.ts";
import { RotationWarp } from "../../bridge/core/reproject.ts";
import type { Reproject } from "../world-model.ts";

/**
 * Predicted pictures for packages without a decoder: the last frame, turned as the camera is
 * predicted to turn. Nothing but the device's kinematics and what the camera saw goes in.
 */
export function previewMaker(device: DeviceDescription): Reproject {
  let warp: { readonly key: string; readonly turn: RotationWarp } | undefined;
  return (frame, fromPosRad, toPosRad) => {
    const { widthPx, heightPx } = frame;
    const key = `${widthPx}x${heightPx}`;
    if (warp?.key !== key) {
      const { verticalFovRad } = device.camera;
      warp = { key, turn: new RotationWarp(cameraIntrinsics(widthPx, heightPx, verticalFovRad)) };
    }
    const rgb = new Uint8Array(widthPx * heightPx * 3);
    const from = cameraFromJoints(device, fromPosRad).rotationXyzw;
    const to = cameraFromJoints(device, toPosRad).rotationXyzw;
    warp.turn.warp(frame.rgb, from, to, rgb);
    return { ...frame, rgb };
  };
}

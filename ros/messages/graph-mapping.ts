import type { CameraIntrinsics } from "../../bridge/core/camera.ts";
import type { Pose } from "../../bridge/core/kinematics.ts";
import type { CameraInfo, PoseWithCovarianceStamped, TFMessage } from "./graph-messages.ts";
import { headerMessage, type Stamped } from "./message-mapping.ts";
import type { StampNs } from "../../bridge/contract/units.ts";

/** One edge of the TF tree: `parentFromChild`. */
export interface FrameEdge {
  readonly parent: string;
  readonly child: string;
  readonly pose: Pose;
}

export function transformsMessage(stamp: StampNs, edges: readonly FrameEdge[]): TFMessage {
  return {
    transforms: edges.map(({ parent, child, pose }) => ({
      header: headerMessage({ stamp, frameId: parent }),
      child_frame_id: child,
      transform: { translation: vectorOf(pose), rotation: quaternionOf(pose) },
    })),
  };
}

/** @param covariance 6 × 6, row-major: x, y, z, then rotation about the fixed axes. */
export function poseMessage(
  at: Stamped,
  pose: Pose,
  covariance: Float64Array,
): PoseWithCovarianceStamped {
  return {
    header: headerMessage(at),
    pose: { pose: { position: vectorOf(pose), orientation: quaternionOf(pose) }, covariance },
  };
}

const noDistortion = new Float64Array(5);
const noRotation = Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1);

/**
 * A pinhole without distortion. ROS has the middle of the first pixel at 0, 0 where ours has 0.5, 0.5,
 * hence the halves (sensor_msgs/CameraInfo; REP 104).
 */
export function cameraInfoMessage(at: Stamped, camera: CameraIntrinsics): CameraInfo {
  const { fxPx, fyPx } = camera;
  const cx = camera.cxPx - 0.5;
  const cy = camera.cyPx - 0.5;
  return {
    header: headerMessage(at),
    height: camera.heightPx,
    width: camera.widthPx,
    distortion_model: "plumb_bob",
    d: noDistortion,
    k: Float64Array.of(fxPx, 0, cx, 0, fyPx, cy, 0, 0, 1),
    r: noRotation,
    p: Float64Array.of(fxPx, 0, cx, 0, 0, fyPx, cy, 0, 0, 0, 1, 0),
    binning_x: 0,
    binning_y: 0,
    roi: { x_offset: 0, y_offset: 0, height: 0, width: 0, do_rectify: false },
  };
}

function vectorOf({ positionM: [x, y, z] }: Pose) {
  return { x, y, z };
}

function quaternionOf({ rotationXyzw: [x, y, z, w] }: Pose) {
  return { x, y, z, w };
}

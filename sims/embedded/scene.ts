import type { DeviceDescription } from "../../bridge/contract/device.ts";
import {
  cameraFromJoints,
  chainFromJoints,
  composePoses,
  identityPose,
  identityXyzw,
  writeRotationMatrix,
  type Pose,
} from "../../bridge/core/kinematics.ts";
import { deviceGeoms } from "./scene-device.ts";
import type { SceneGeom } from "./scene-geom.ts";
import { pushableStarts } from "./scene-bodies.ts";
import { sceneLayout, type SceneLayout, type SceneName } from "./scene-layout.ts";
import { worldFrame } from "./scene-room.ts";
import { targetMotions, targetPoseAt, type TargetMotion } from "./target-motion.ts";

export type { SceneGeom } from "./scene-geom.ts";

/**
 * Everything visible: what stands still, the device, the targets, what can be pushed. The device's
 * base frame is the world frame.
 */
export function sceneGeoms(
  device: DeviceDescription,
  layout: SceneLayout = sceneLayout("targets"),
): readonly SceneGeom[] {
  const bodies = [...layout.scripted, ...layout.pushables];
  return [...layout.fixed, ...deviceGeoms(device), ...bodies.flatMap((body) => body.geoms)];
}

/**
 * A pose snapshot is one float64 row (a `SharedRow` from the physics to the renderer):
 *
 * ```
 * [0]         stamp, monotonic ms (simulated ms where nothing paces the simulator)
 * [1 .. 3]    camera position in the world, m
 * [4 .. 12]   world-from-camera rotation, row-major 3x3; its columns are the axes of the optical
 *             frame in the world: right (x), down (y), forward (z)
 * [13 + 12g]  geom g: position 3, world-from-geom rotation 9 row-major; g indexes `sceneGeoms`
 * ```
 */
export const poseWidth = 12;
export const cameraPoseOffset = 1;
export const geomPosesOffset = cameraPoseOffset + poseWidth;

export function poseSnapshotWidth(geomCount: number): number {
  return geomPosesOffset + geomCount * poseWidth;
}

export function geomPoseOffset(geomIndex: number): number {
  return geomPosesOffset + geomIndex * poseWidth;
}

/**
 * Where every geom of a scene is, as a pure function of joints and time. No physics is needed; what
 * can be pushed has not been.
 */
export interface SceneAt {
  readonly device: DeviceDescription;
  readonly layout: SceneLayout;
  readonly geoms: readonly SceneGeom[];
  /** Of `targetMotions(seed)`. */
  readonly motions: readonly TargetMotion[];
  readonly starts: readonly Pose[];
}

export function makeSceneAt(
  device: DeviceDescription,
  seed: number,
  name: SceneName = "targets",
): SceneAt {
  const layout = sceneLayout(name);
  const paths = layout.scripted.map((body) => body.path);
  return {
    device,
    layout,
    geoms: sceneGeoms(device, layout),
    motions: targetMotions(seed, paths),
    starts: pushableStarts(layout.pushables, seed),
  };
}

/**
 * Writes the pose snapshot of the scene with the joints at `jointPosRad` and targets at `timeS`.
 *
 * @param jointPosRad shape [axisCount], order of `device.axes`.
 * @param out shape [poseSnapshotWidth(scene.geoms.length)], stamp = `timeS` in ms.
 */
export function writeScenePoses(
  scene: SceneAt,
  jointPosRad: ArrayLike<number>,
  timeS: number,
  out: Float64Array,
): void {
  const worldFromFrames = framePoses(scene, jointPosRad, timeS);
  out[0] = timeS * 1e3;
  writePose(cameraFromJoints(scene.device, jointPosRad), out, cameraPoseOffset);
  scene.geoms.forEach((geom, index) => {
    const worldFromFrame = worldFromFrames.get(geom.frameId) ?? identityPose;
    writePose(composePoses(worldFromFrame, geom), out, geomPoseOffset(index));
  });
}

function writePose(pose: Pose, out: Float64Array, offset: number): void {
  out.set(pose.positionM, offset);
  writeRotationMatrix(pose.rotationXyzw, out, offset + 3);
}

function framePoses(
  scene: SceneAt,
  jointPosRad: ArrayLike<number>,
  timeS: number,
): ReadonlyMap<string, Pose> {
  const poses = new Map<string, Pose>([
    [worldFrame, { positionM: [0, 0, 0], rotationXyzw: identityXyzw }],
    [scene.device.baseFrameId, identityPose],
  ]);
  chainFromJoints(scene.device, jointPosRad).forEach((baseFromFrame, index) => {
    poses.set(scene.device.chain[index]?.frameId ?? "", baseFromFrame);
  });
  scene.layout.scripted.forEach(({ name }, index) => {
    const motion = scene.motions[index];
    if (motion !== undefined) poses.set(name, targetPoseAt(motion, timeS));
  });
  scene.layout.pushables.forEach(({ name }, index) => {
    poses.set(name, scene.starts[index] ?? identityPose);
  });
  return poses;
}

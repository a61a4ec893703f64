import type { DeviceDescription } from "../../bridge/contract/device.ts";
import type { Pose, Vector3, Xyzw } from "../../bridge/core/kinematics.ts";
import { defaultDynamics, type MountDynamics } from "../embedded/mount-dynamics.ts";
import type { SceneGeom } from "../embedded/scene-geom.ts";
import { xmlText } from "../xml-text.ts";
import {
  baseInertial,
  robotOf,
  type Inertial,
  type Robot,
  type RobotJoint,
  type RobotLink,
} from "./robot.ts";
import { rollPitchYaw } from "./roll-pitch-yaw.ts";

export interface RobotSdfOptions {
  /** Default `defaultDynamics(device)`. */
  readonly dynamics?: MountDynamics;
  /** Name of the model in the world; default the device's id. Topics are made of it. */
  readonly name?: string;
  /** Default 160 x 120 at 25 Hz. */
  readonly camera?: {
    readonly widthPx: number;
    readonly heightPx: number;
    readonly rateHz: number;
  };
}

/** Where a model of `robotSdf` listens and speaks; `axis` is the name of a joint. */
export const gazeboTopics = {
  command: (model: string, axis: string): string => `/model/${model}/joint/${axis}/0/cmd_pos`,
  jointState: (model: string): string => `/model/${model}/joint_state`,
  camera: (model: string): string => `/model/${model}/camera`,
  cameraInfo: (model: string): string => `/model/${model}/camera_info`,
  imu: (model: string): string => `/model/${model}/imu`,
} as const;

const cameraDefault = { widthPx: 160, heightPx: 120, rateHz: 25 };

/**
 * The device as an SDF 1.9 model for Gazebo, standing on the world's origin: links and joints of the
 * URDF, a camera, an IMU, a position controller for each joint and the publisher of their states.
 *
 * - Armature: Gazebo's joints have none, so it is added to the link's inertia as that of a flat disc,
 *   half of it across the axis: no real body has less, and Gazebo refuses an unreal one. The joints
 *   before it feel more inertia than in MuJoCo (deploy of the phone mount: 0.006 kg m^2).
 * - The controllers' P and D are the servo's gain and damping, their limit its torque. They damp the
 *   error's rate, a servo damps the joint's: the same while the target stands still.
 * - Backlash and command latency are not in it.
 *
 * The world must have the physics, sensors and IMU systems.
 */
export function robotSdf(device: DeviceDescription, options: RobotSdfOptions = {}): string {
  const robot = robotOf(device, options.dynamics ?? defaultDynamics(device));
  const model = options.name ?? robot.name;
  const camera = options.camera ?? cameraDefault;
  return `<?xml version="1.0"?>
<sdf version="1.9">
<model name="${xmlText(model)}">
<link name="${xmlText(robot.baseFrameId)}">
${inertial(baseInertial)}
${robot.baseGeoms.map(visual).join("\n")}
</link>
<joint name="world_joint" type="fixed"><parent>world</parent><child>${xmlText(robot.baseFrameId)}</child></joint>
${robot.links.map((each) => link(each, robot, model, camera)).join("\n")}
<frame name="${xmlText(robot.camera.name)}" attached_to="${xmlText(robot.camera.parent)}">${pose(robot.camera.parentFromFrame)}</frame>
<frame name="${xmlText(robot.imu.name)}" attached_to="${xmlText(robot.imu.parent)}">${pose(robot.imu.parentFromFrame)}</frame>
${robot.links.flatMap(({ joint }) => (joint === undefined ? [] : [controller(joint, model)])).join("\n")}
<plugin filename="gz-sim-joint-state-publisher-system" name="gz::sim::systems::JointStatePublisher">
<topic>${gazeboTopics.jointState(xmlText(model))}</topic>
${robot.links.flatMap(({ joint }) => (joint === undefined ? [] : [`<joint_name>${xmlText(joint.axis.name)}</joint_name>`])).join("\n")}
</plugin>
</model>
</sdf>
`;
}

/** `model.config` beside a `model.sdf`: what Gazebo's resource path looks for. */
export function modelConfig(device: DeviceDescription): string {
  return `<?xml version="1.0"?>
<model>
<name>${xmlText(device.id)}</name>
<version>1.0</version>
<sdf version="1.9">model.sdf</sdf>
<description>${xmlText(device.profile)}, made from its device description</description>
</model>
`;
}

function link(
  each: RobotLink,
  robot: Robot,
  model: string,
  camera: NonNullable<RobotSdfOptions["camera"]>,
): string {
  const isPayload = each === robot.links.at(-1);
  return `<link name="${xmlText(each.name)}">
${pose(each.parentFromLink, each.parent)}
${inertial(each.inertial, each.joint)}
${each.geoms.map(visual).join("\n")}
${isPayload ? sensors(robot, model, camera) : ""}
</link>
${joint(each)}`;
}

function joint({ name, parent, joint: moved }: RobotLink): string {
  const ends = `<parent>${xmlText(parent)}</parent><child>${xmlText(name)}</child>`;
  if (moved === undefined)
    return `<joint name="${xmlText(name)}_joint" type="fixed">${ends}</joint>`;
  const { axis, dynamics, direction } = moved;
  return `<joint name="${xmlText(axis.name)}" type="revolute">
${ends}
<axis>
<xyz>${direction.join(" ")}</xyz>
<limit><lower>${axis.lowerRad}</lower><upper>${axis.upperRad}</upper><effort>${axis.maxEffortNm}</effort><velocity>${axis.maxVelocityRadPerS}</velocity></limit>
<dynamics><damping>${dynamics.jointDampingNmSPerRad}</damping><friction>${dynamics.frictionNm}</friction></dynamics>
</axis>
</joint>`;
}

/** With the armature of the joint that moves the link: I + armature (1 + axis axis^T) / 2. */
function inertial({ massKg, centerM, momentsKgM2 }: Inertial, moved?: RobotJoint): string {
  const across = (moved?.dynamics.armatureKgM2 ?? 0) / 2;
  const [x, y, z] = moved?.direction ?? [0, 0, 0];
  const [ixx, iyy, izz] = momentsKgM2;
  return `<inertial>
<pose>${centerM.join(" ")} 0 0 0</pose><mass>${massKg}</mass>
<inertia><ixx>${ixx + across * (1 + x * x)}</ixx><iyy>${iyy + across * (1 + y * y)}</iyy><izz>${izz + across * (1 + z * z)}</izz><ixy>${across * x * y}</ixy><ixz>${across * x * z}</ixz><iyz>${across * y * z}</iyz></inertia>
</inertial>`;
}

/** Gazebo's camera looks along x with z up; in the optical frame those are z and -y. */
const opticalFromGazeboCamera: Xyzw = [0.5, -0.5, 0.5, 0.5];

function sensors(
  robot: Robot,
  model: string,
  { widthPx, heightPx, rateHz }: NonNullable<RobotSdfOptions["camera"]>,
): string {
  const { verticalFovRad, name } = robot.camera;
  const horizontalFovRad = 2 * Math.atan(Math.tan(verticalFovRad / 2) * (widthPx / heightPx));
  return `<sensor name="camera" type="camera">
${pose({ positionM: [0, 0, 0], rotationXyzw: opticalFromGazeboCamera }, name)}
<topic>${gazeboTopics.camera(xmlText(model))}</topic>
<update_rate>${rateHz}</update_rate>
<always_on>true</always_on>
<camera name="camera">
<camera_info_topic>${gazeboTopics.cameraInfo(xmlText(model))}</camera_info_topic>
<horizontal_fov>${horizontalFovRad}</horizontal_fov>
<image><width>${widthPx}</width><height>${heightPx}</height><format>R8G8B8</format></image>
<clip><near>0.02</near><far>20</far></clip>
</camera>
<gz_frame_id>${xmlText(name)}</gz_frame_id>
</sensor>
<sensor name="imu" type="imu">
${pose({ positionM: [0, 0, 0], rotationXyzw: [0, 0, 0, 1] }, robot.imu.name)}
<topic>${gazeboTopics.imu(xmlText(model))}</topic>
<update_rate>200</update_rate>
<always_on>true</always_on>
<gz_frame_id>${xmlText(robot.imu.name)}</gz_frame_id>
</sensor>`;
}

function controller({ axis, dynamics }: RobotJoint, model: string): string {
  return `<plugin filename="gz-sim-joint-position-controller-system" name="gz::sim::systems::JointPositionController">
<joint_name>${xmlText(axis.name)}</joint_name>
<topic>${gazeboTopics.command(xmlText(model), xmlText(axis.name))}</topic>
<p_gain>${dynamics.gainNmPerRad}</p_gain><i_gain>0</i_gain><d_gain>${dynamics.servoDampingNmSPerRad}</d_gain>
<cmd_max>${axis.maxEffortNm}</cmd_max><cmd_min>${-axis.maxEffortNm}</cmd_min>
</plugin>`;
}

function visual(geom: SceneGeom): string {
  const rgba = `${geom.colorRgb.join(" ")} 1`;
  return `<visual name="${xmlText(geom.name)}">
${pose(geom)}
<geometry>${shape(geom)}</geometry>
<material><ambient>${rgba}</ambient><diffuse>${rgba}</diffuse><specular>0.1 0.1 0.1 1</specular></material>
</visual>`;
}

function shape({ shape, sizeM: [a, b, c] }: SceneGeom): string {
  const element = (name: string, fields: Readonly<Record<string, number | string>>): string =>
    `<${name}>${Object.entries(fields)
      .map(([field, value]) => `<${field}>${value}</${field}>`)
      .join("")}</${name}>`;
  switch (shape) {
    case "box":
      return element("box", { size: `${2 * a} ${2 * b} ${2 * c}` });
    case "sphere":
      return element("sphere", { radius: a });
    case "cylinder":
      return element("cylinder", { radius: a, length: 2 * b });
    case "capsule":
      return element("capsule", { radius: a, length: 2 * b });
    case "plane":
      return element("plane", { normal: "0 0 1", size: `${2 * a} ${2 * b}` });
    default:
      return shape satisfies never;
  }
}

function pose({ positionM, rotationXyzw }: Pose, relativeTo?: string): string {
  const numbers: readonly number[] = [
    ...positionM,
    ...(rollPitchYaw(rotationXyzw) satisfies Vector3),
  ];
  const attribute = relativeTo === undefined ? "" : ` relative_to="${xmlText(relativeTo)}"`;
  return `<pose${attribute}>${numbers.join(" ")}</pose>`;
}

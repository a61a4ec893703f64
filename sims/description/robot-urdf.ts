import type { DeviceDescription } from "../../bridge/contract/device.ts";
import type { Pose } from "../../bridge/core/kinematics.ts";
import { defaultDynamics, type MountDynamics } from "../embedded/mount-dynamics.ts";
import type { SceneGeom } from "../embedded/scene-geom.ts";
import { xmlText } from "../xml-text.ts";
import { baseInertial, robotOf, type Inertial, type RobotFrame, type RobotLink } from "./robot.ts";
import { rollPitchYaw } from "./roll-pitch-yaw.ts";

/**
 * The device as URDF: chain, limits, masses, looks, and the frames of camera and IMU. It is what goes
 * on `/robot_description`, and what Gazebo, RViz and MuJoCo load as it stands. Servos are not part of
 * it, since URDF cannot say what they are.
 */
export function robotUrdf(
  device: DeviceDescription,
  dynamics: MountDynamics = defaultDynamics(device),
): string {
  const robot = robotOf(device, dynamics);
  return `<?xml version="1.0"?>
<robot name="${xmlText(robot.name)}">
<link name="${xmlText(robot.baseFrameId)}">
${inertial(baseInertial)}${robot.baseGeoms.map(visual).join("")}</link>
${robot.links.map(link).join("\n")}
${[robot.camera, robot.imu].map(frame).join("\n")}
</robot>
`;
}

function link(each: RobotLink): string {
  return `<link name="${xmlText(each.name)}">
${inertial(each.inertial)}${each.geoms.map(visual).join("")}
</link>
${joint(each)}`;
}

function joint({ name, parent, parentFromLink, joint: moved }: RobotLink): string {
  if (moved === undefined) return fixedJoint(parent, name, parentFromLink);
  const { axis, dynamics, direction } = moved;
  return `<joint name="${xmlText(axis.name)}" type="revolute">
<parent link="${xmlText(parent)}"/><child link="${xmlText(name)}"/>
${origin(parentFromLink)}
<axis xyz="${direction.join(" ")}"/>
<limit lower="${axis.lowerRad}" upper="${axis.upperRad}" effort="${axis.maxEffortNm}" velocity="${axis.maxVelocityRadPerS}"/>
<dynamics damping="${dynamics.jointDampingNmSPerRad}" friction="${dynamics.frictionNm}"/>
</joint>`;
}

function frame({ name, parent, parentFromFrame }: RobotFrame): string {
  return `<link name="${xmlText(name)}"/>\n${fixedJoint(parent, name, parentFromFrame)}`;
}

function fixedJoint(parent: string, child: string, parentFromChild: Pose): string {
  return `<joint name="${xmlText(child)}_joint" type="fixed">
<parent link="${xmlText(parent)}"/><child link="${xmlText(child)}"/>
${origin(parentFromChild)}
</joint>`;
}

function inertial({ massKg, centerM, momentsKgM2: [x, y, z] }: Inertial): string {
  return `<inertial>
<origin xyz="${centerM.join(" ")}"/><mass value="${massKg}"/>
<inertia ixx="${x}" iyy="${y}" izz="${z}" ixy="0" ixz="0" iyz="0"/>
</inertial>`;
}

function visual(geom: SceneGeom): string {
  return `
<visual name="${xmlText(geom.name)}">
${origin(geom)}
<geometry>${shape(geom)}</geometry>
<material name="${xmlText(geom.name)}"><color rgba="${geom.colorRgb.join(" ")} 1"/></material>
</visual>`;
}

function shape({ shape, sizeM: [a, b, c] }: SceneGeom): string {
  switch (shape) {
    case "box":
      return `<box size="${2 * a} ${2 * b} ${2 * c}"/>`;
    case "sphere":
      return `<sphere radius="${a}"/>`;
    case "cylinder":
      return `<cylinder radius="${a}" length="${2 * b}"/>`;
    case "capsule":
      // URDF has no capsule: a cylinder of the whole length.
      return `<cylinder radius="${a}" length="${2 * (a + b)}"/>`;
    case "plane":
      return `<box size="${2 * a} ${2 * b} 0.001"/>`;
    default:
      return shape satisfies never;
  }
}

function origin(pose: Pose): string {
  return `<origin xyz="${pose.positionM.join(" ")}" rpy="${rollPitchYaw(pose.rotationXyzw).join(" ")}"/>`;
}

import type { DeviceDescription } from "../../bridge/contract/device.ts";
import {
  cameraMount,
  identityXyzw,
  jointPose,
  writeRotationMatrix,
  type Pose,
  type Vector3,
  type Xyzw,
} from "../../bridge/core/kinematics.ts";
import { defaultDynamics, type MountDynamics } from "../embedded/mount-dynamics.ts";
import {
  linkInertiaKgM2,
  linkMassKg,
  payloadCenterM,
  payloadInertiaKgM2,
} from "../embedded/mount-mjcf.ts";
import { deviceGeoms } from "../embedded/scene-device.ts";
import type { SceneGeom } from "../embedded/scene-geom.ts";
import { xmlText } from "../xml-text.ts";

/** Frame of the payload, beside the frames of the device description. */
export const payloadLink = "phone_link";

/**
 * The device as URDF: chain, limits, masses, looks, and the camera's optical frame. It is what goes
 * on `/robot_description`, and what Gazebo, RViz and MuJoCo load as it stands.
 */
export function mountUrdf(
  device: DeviceDescription,
  dynamics: MountDynamics = defaultDynamics(device),
): string {
  const geoms = deviceGeoms(device);
  const lastFrame = device.chain.at(-1)?.frameId ?? device.baseFrameId;
  const parents = [device.baseFrameId, ...device.chain.map((joint) => joint.frameId)];
  const moved = device.chain.map((joint, index) => {
    const parent = parents[index] ?? device.baseFrameId;
    return movedLink(device, dynamics, geoms, joint, parent, index);
  });
  return `<?xml version="1.0"?>
<robot name="${xmlText(device.id)}">
<link name="${xmlText(device.baseFrameId)}">${visuals(device.baseFrameId, geoms)}</link>
${moved.join("\n")}
${payload(device, dynamics, lastFrame)}
<link name="${xmlText(device.camera.frameId)}"/>
${fixedJoint(lastFrame, device.camera.frameId, cameraMount(device))}
</robot>
`;
}

function movedLink(
  device: DeviceDescription,
  dynamics: MountDynamics,
  geoms: readonly SceneGeom[],
  joint: DeviceDescription["chain"][number],
  parent: string,
  chainIndex: number,
): string {
  const axisIndex = device.axes.findIndex((axis) => axis.name === joint.axisName);
  const axis = device.axes[axisIndex];
  const servo = dynamics.axes[axisIndex];
  if (axis === undefined || servo === undefined) return "";
  const nextM = device.chain[chainIndex + 1]?.translationM ?? [0, 0, 0];
  const centerM: Vector3 = [nextM[0] / 2, nextM[1] / 2, nextM[2] / 2];
  const massKg = linkMassKg(axis);
  return `<link name="${xmlText(joint.frameId)}">
${inertial(centerM, massKg, linkInertiaKgM2(massKg))}${visuals(joint.frameId, geoms)}
</link>
<joint name="${xmlText(axis.name)}" type="revolute">
<parent link="${xmlText(parent)}"/><child link="${xmlText(joint.frameId)}"/>
${origin(jointPose(joint, 0))}
<axis xyz="${joint.axis.join(" ")}"/>
<limit lower="${axis.lowerRad}" upper="${axis.upperRad}" effort="${axis.maxEffortNm}" velocity="${axis.maxVelocityRadPerS}"/>
<dynamics damping="${servo.jointDampingNmSPerRad}" friction="${servo.frictionNm}"/>
</joint>`;
}

/** The phone's looks belong to the last frame in the scene; its mass is a link of its own. */
function payload(device: DeviceDescription, dynamics: MountDynamics, lastFrame: string): string {
  const looks = deviceGeoms(device).filter((geom) => geom.isPartOfCameraBody);
  const inertia = payloadInertiaKgM2(dynamics.payloadMassKg);
  return `<link name="${payloadLink}">
${inertial(payloadCenterM(device, dynamics), dynamics.payloadMassKg, inertia)}${looks.map(visual).join("")}
</link>
${fixedJoint(lastFrame, payloadLink, { positionM: [0, 0, 0], rotationXyzw: identityXyzw })}`;
}

function fixedJoint(parent: string, child: string, parentFromChild: Pose): string {
  return `<joint name="${xmlText(child)}_joint" type="fixed">
<parent link="${xmlText(parent)}"/><child link="${xmlText(child)}"/>
${origin(parentFromChild)}
</joint>`;
}

function inertial(centerM: Vector3, massKg: number, [x, y, z]: Vector3): string {
  return `<inertial>
<origin xyz="${centerM.join(" ")}"/><mass value="${massKg}"/>
<inertia ixx="${x}" iyy="${y}" izz="${z}" ixy="0" ixz="0" iyz="0"/>
</inertial>`;
}

function visuals(frameId: string, geoms: readonly SceneGeom[]): string {
  return geoms
    .filter((geom) => geom.frameId === frameId && !geom.isPartOfCameraBody)
    .map(visual)
    .join("");
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

/** URDF's angles: R = Rz(yaw) Ry(pitch) Rx(roll). Straight up or down, where they are not unique, roll is 0. */
export function rollPitchYaw(q: Xyzw): Vector3 {
  const m = new Float64Array(9);
  writeRotationMatrix(q, m, 0);
  const at = (row: number, column: number): number => m[3 * row + column] ?? 0;
  const cosPitch = Math.hypot(at(0, 0), at(1, 0));
  const pitch = Math.atan2(-at(2, 0), cosPitch);
  if (cosPitch < 1e-9) return [0, pitch, Math.atan2(-at(0, 1), at(1, 1))];
  return [Math.atan2(at(2, 1), at(2, 2)), pitch, Math.atan2(at(1, 0), at(0, 0))];
}

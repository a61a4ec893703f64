import type { DeviceDescription } from "../../bridge/contract/device.ts";
import { multiplyXyzw, type Pose, type Xyzw } from "../../bridge/core/kinematics.ts";
import { defaultDynamics, type MountDynamics } from "../embedded/mount-dynamics.ts";
import type { SceneGeom } from "../embedded/scene-geom.ts";
import { xmlText } from "../xml-text.ts";
import { robotOf, type Robot, type RobotJoint, type RobotLink } from "./robot.ts";

export const stepS = 0.001;

/** Settings every model of ours is stepped with; see `robotMjcf`. `flags`: attributes of `<flag>`. */
export function mjcfOptions(flags: string): string {
  return `<compiler angle="radian" autolimits="true" inertiafromgeom="auto" balanceinertia="false"/>
<option timestep="${stepS}" integrator="Euler" cone="elliptic" gravity="0 0 -9.81">
<flag ${flags}autoreset="disable"/>
</option>`;
}

/**
 * The device alone as MJCF: the bodies of the URDF with servos (`position` actuators in the order of
 * `device.axes`), dry friction, armature, a camera, a gyro and an accelerometer. Geoms are for show: they
 * weigh nothing and touch nothing.
 *
 * `Euler` at 1 ms: of MuJoCo's integrators it comes closest to DART (0.4 mrad over a four-joint step
 * response, without dry friction). Errors must show: without `autoreset` a state that is not finite stays
 * so. Backlash and command latency are not in it: the embedded simulator adds them.
 */
export function robotMjcf(
  device: DeviceDescription,
  dynamics: MountDynamics = defaultDynamics(device),
): string {
  const robot = robotOf(device, dynamics);
  const geoms = [...robot.baseGeoms, ...robot.links.flatMap((link) => link.geoms)];
  return `<mujoco model="${xmlText(robot.name)}">
${mjcfOptions("")}
<default><geom mass="0" contype="0" conaffinity="0"/></default>
<asset>
${geoms.map(mjcfMaterial).join("\n")}
</asset>
<worldbody>
<light pos="0.3 -0.6 2.2" dir="0.1 0.3 -1" diffuse="0.7 0.7 0.7"/>
${robotBodies(robot)}
</worldbody>
${robotServos(device, robot)}
${robotSensors(robot)}
</mujoco>
`;
}

export function robotBodies(robot: Robot): string {
  return `<body name="${xmlText(robot.baseFrameId)}">
${robot.baseGeoms.map((each) => mjcfGeom(each)).join("\n")}
${childrenOf(robot, robot.baseFrameId)}
</body>`;
}

/** @param device for the order of its axes, which may differ from that of the chain. */
export function robotServos(device: DeviceDescription, robot: Robot): string {
  const joints = robot.links.flatMap(({ joint }) => (joint === undefined ? [] : [joint]));
  const servos = device.axes.flatMap(({ name }) => {
    const joint = joints.find(({ axis }) => axis.name === name);
    return joint === undefined ? [] : [servo(joint)];
  });
  return `<actuator>\n${servos.join("\n")}\n</actuator>`;
}

export function robotSensors(robot: Robot): string {
  return `<sensor>
<gyro name="gyro" site="${robot.imu.name}"/>
<accelerometer name="accelerometer" site="${robot.imu.name}"/>
</sensor>`;
}

export function mjcfGeom(each: SceneGeom, more = ""): string {
  return `<geom name="${xmlText(each.name)}" type="${each.shape}" size="${each.sizeM.join(" ")}" material="${xmlText(each.name)}" ${placed(each)} ${more}/>`;
}

/** The asset a geom of the same name refers to. */
export function mjcfMaterial(each: SceneGeom): string {
  if (each.texture?.kind !== "checker") {
    return `<material name="${xmlText(each.name)}" rgba="${each.colorRgb.join(" ")} 1"/>`;
  }
  // A texture holds two cells each way, so it repeats once per two cells.
  const repeat = 1 / (2 * each.texture.cellM);
  return `<texture name="${xmlText(each.name)}" type="2d" builtin="checker" rgb1="${each.colorRgb.join(" ")}" rgb2="${each.texture.otherRgb.join(" ")}" width="64" height="64"/>
<material name="${xmlText(each.name)}" texture="${xmlText(each.name)}" texuniform="true" texrepeat="${repeat} ${repeat}"/>`;
}

function childrenOf(robot: Robot, parent: string): string {
  return robot.links
    .filter((link) => link.parent === parent)
    .map((link) => body(robot, link))
    .join("\n");
}

function body(robot: Robot, link: RobotLink): string {
  const { massKg, centerM, momentsKgM2 } = link.inertial;
  return `<body name="${xmlText(link.name)}" ${placed(link.parentFromLink)}>
${link.joint === undefined ? "" : hinge(link.joint)}
<inertial pos="${centerM.join(" ")}" mass="${massKg}" diaginertia="${momentsKgM2.join(" ")}"/>
${link.geoms.map((each) => mjcfGeom(each)).join("\n")}
${robot.imu.parent === link.name ? `<site name="${robot.imu.name}" ${placed(robot.imu.parentFromFrame)}/>` : ""}
${robot.camera.parent === link.name ? camera(robot.camera) : ""}
${childrenOf(robot, link.name)}
</body>`;
}

function hinge({ axis, dynamics, direction }: RobotJoint): string {
  return `<joint name="${xmlText(axis.name)}" axis="${direction.join(" ")}" range="${axis.lowerRad} ${axis.upperRad}" damping="${dynamics.jointDampingNmSPerRad}" frictionloss="${dynamics.frictionNm}" armature="${dynamics.armatureKgM2}"/>`;
}

function camera({ name, parentFromFrame, verticalFovRad }: Robot["camera"]): string {
  // A MuJoCo camera looks along -z with y up: the optical frame turned half about x.
  const viewer: Pose = {
    ...parentFromFrame,
    rotationXyzw: multiplyXyzw(parentFromFrame.rotationXyzw, [1, 0, 0, 0]),
  };
  return `<site name="${xmlText(name)}" ${placed(parentFromFrame)}/>
<camera name="camera" ${placed(viewer)} fovy="${(verticalFovRad * 180) / Math.PI}"/>`;
}

function servo({ axis, dynamics }: RobotJoint): string {
  return `<position name="${xmlText(axis.name)}" joint="${xmlText(axis.name)}" kp="${dynamics.gainNmPerRad}" kv="${dynamics.servoDampingNmSPerRad}" forcerange="${-axis.maxEffortNm} ${axis.maxEffortNm}" ctrlrange="${axis.lowerRad} ${axis.upperRad}"/>`;
}

function placed(pose: Pose): string {
  return `pos="${pose.positionM.join(" ")}" quat="${wxyz(pose.rotationXyzw)}"`;
}

function wxyz([x, y, z, w]: Xyzw): string {
  return `${w} ${x} ${y} ${z}`;
}

import type { AxisDescription, DeviceDescription } from "../../bridge/contract/device.ts";
import {
  cameraMount,
  multiplyXyzw,
  type Pose,
  type Vector3,
  type Xyzw,
} from "../../bridge/core/kinematics.ts";
import type { AxisDynamics, MountDynamics } from "./mount-dynamics.ts";
import { phoneCenterM, phoneHalfSizeM } from "./scene-device.ts";
import { sceneGeoms } from "./scene.ts";
import type { PushableBody } from "./scene-bodies.ts";
import type { SceneGeom } from "./scene-geom.ts";
import { sceneLayout, type SceneLayout } from "./scene-layout.ts";
import { worldFrame } from "./scene-room.ts";
import { xmlText } from "../xml-text.ts";

/** Names in the MJCF beside those of the device: bodies = frames, joints and actuators = axes. */
export const payloadBody = "payload";
export const stepS = 0.001;

/** In the middle of the phone, axes of the last frame of the chain. */
export const imuSite = "imu";

/**
 * MuJoCo lets two geoms touch when one's type meets the other's affinity: pushables meet each other
 * and all the rest, the rest do not meet among themselves.
 */
const touched = { type: 2, affinity: 0 } as const;
const touching = { type: 1, affinity: 3 } as const;
/** Sliding, torsional (m), rolling (m): dry plastic on wood; a ball comes to rest. */
export const defaultContactFriction = 0.5;
const turningFrictionM = [0.003, 0.0003] as const;

/** Motor, bracket and cable of one link, kg per Nm of the joint that carries the next one. */
const linkKgPerNm = 0.16;
const linkBaseKg = 0.02;
/** Links are short: their inertia is that of a solid ball of this radius, 2/5 m r^2. */
const linkGyrationM = 0.02;

/** Principal moments of a solid phone-like box, kg m^2, in the axes of the phone. */
export function payloadInertiaKgM2(massKg: number): Vector3 {
  const [x, y, z] = phoneHalfSizeM.map((halfM) => halfM * halfM) as [number, number, number];
  return [(massKg / 3) * (y + z), (massKg / 3) * (x + z), (massKg / 3) * (x + y)];
}

/** Payload centre of mass in the last frame of the chain. */
export function payloadCenterM(device: DeviceDescription, dynamics: MountDynamics): Vector3 {
  const [x, y, z] = phoneCenterM(device);
  const [dx, dy, dz] = dynamics.payloadOffsetM;
  return [x + dx, y + dy, z + dz];
}

/** Principal moments of a link about its middle, kg m^2. */
export function linkInertiaKgM2(massKg: number): Vector3 {
  const inertia = 0.4 * massKg * linkGyrationM * linkGyrationM;
  return [inertia, inertia, inertia];
}

/** Mass of the link that turns with `axis`, without the payload. */
export function linkMassKg(axis: AxisDescription): number {
  return linkBaseKg + linkKgPerNm * axis.maxEffortNm;
}

/**
 * The device, its servos and the scene as MJCF text: the chain and limits of the description, the
 * rest from `dynamics`. `Euler` at 1 ms: of MuJoCo's integrators it comes closest to DART (0.4 mrad
 * over a four-joint step response, without dry friction). Things that can be pushed touch
 * everything; nothing else touches anything, so without them contacts are off. Errors must show:
 * without `autoreset` a state that is not finite stays so.
 *
 * The device comes first among the bodies with joints: its hinges have the first indices.
 */
export function mountMjcf(
  device: DeviceDescription,
  dynamics: MountDynamics,
  layout: SceneLayout = sceneLayout("targets"),
): string {
  const geoms = sceneGeoms(device, layout);
  const contact = layout.pushables.length === 0 ? `contact="disable" ` : "";
  return `<mujoco model="${xmlText(device.id)}">
<compiler angle="radian" autolimits="true" inertiafromgeom="auto" balanceinertia="false"/>
<option timestep="${stepS}" integrator="Euler" gravity="0 0 -9.81">
<flag ${contact}autoreset="disable"/>
</option>
<default><geom mass="0" contype="${touched.type}" conaffinity="${touched.affinity}" friction="0.1"/></default>
<asset>
${geoms.map(material).join("\n")}
</asset>
<worldbody>
<light pos="0.3 -0.6 2.2" dir="0.1 0.3 -1" diffuse="0.7 0.7 0.7"/>
${geomsIn(worldFrame, geoms)}
<body name="${xmlText(device.baseFrameId)}">
${geomsIn(device.baseFrameId, geoms)}
${chainBodies(device, dynamics, geoms, 0)}
</body>
${layout.scripted.map(({ name, geoms }) => `<body name="${name}" mocap="true">\n${geoms.map((each) => geom(each)).join("\n")}\n</body>`).join("\n")}
${layout.pushables.map(pushable).join("\n")}
</worldbody>
<actuator>
${device.axes.map((axis, index) => servo(axis, axisAt(dynamics, index))).join("\n")}
</actuator>
<sensor>
<gyro name="gyro" site="${imuSite}"/>
<accelerometer name="accelerometer" site="${imuSite}"/>
</sensor>
</mujoco>
`;
}

function chainBodies(
  device: DeviceDescription,
  dynamics: MountDynamics,
  geoms: readonly SceneGeom[],
  chainIndex: number,
): string {
  const joint = device.chain[chainIndex];
  if (joint === undefined) return payload(device, dynamics);
  const axisIndex = device.axes.findIndex((axis) => axis.name === joint.axisName);
  const axis = device.axes[axisIndex];
  if (axis === undefined) return "";
  const { jointDampingNmSPerRad, frictionNm, armatureKgM2 } = axisAt(dynamics, axisIndex);
  const nextM = device.chain[chainIndex + 1]?.translationM ?? [0, 0, 0];
  const massKg = linkMassKg(axis);
  return `<body name="${xmlText(joint.frameId)}" pos="${joint.translationM.join(" ")}" quat="${wxyz(joint.fixedXyzw)}">
<joint name="${xmlText(axis.name)}" axis="${joint.axis.join(" ")}" range="${axis.lowerRad} ${axis.upperRad}" damping="${jointDampingNmSPerRad}" frictionloss="${frictionNm}" armature="${armatureKgM2}"/>
<inertial pos="${nextM.map((m) => m / 2).join(" ")}" mass="${massKg}" diaginertia="${linkInertiaKgM2(massKg).join(" ")}"/>
${geomsIn(joint.frameId, geoms)}
${chainBodies(device, dynamics, geoms, chainIndex + 1)}
</body>`;
}

/** The phone, a body of its own so that its mass can be changed, and the camera beside it. */
function payload(device: DeviceDescription, dynamics: MountDynamics): string {
  const mount = cameraMount(device);
  const fovDeg = (device.camera.verticalFovRad * 180) / Math.PI;
  // A MuJoCo camera looks along -z with y up: the optical frame turned half about x.
  const viewer = { ...mount, rotationXyzw: multiplyXyzw(mount.rotationXyzw, [1, 0, 0, 0]) };
  return `<body name="${payloadBody}">
<inertial pos="${payloadCenterM(device, dynamics).join(" ")}" mass="${dynamics.payloadMassKg}" diaginertia="${payloadInertiaKgM2(dynamics.payloadMassKg).join(" ")}"/>
<site name="${imuSite}" pos="${phoneCenterM(device).join(" ")}"/>
</body>
<site name="${xmlText(device.camera.frameId)}" ${placed(mount)}/>
<camera name="camera" ${placed(viewer)} fovy="${fovDeg}"/>`;
}

function servo(axis: AxisDescription, dynamics: AxisDynamics): string {
  return `<position name="${xmlText(axis.name)}" joint="${xmlText(axis.name)}" kp="${dynamics.gainNmPerRad}" kv="${dynamics.servoDampingNmSPerRad}" forcerange="${-axis.maxEffortNm} ${axis.maxEffortNm}" ctrlrange="${axis.lowerRad} ${axis.upperRad}"/>`;
}

function geomsIn(frameId: string, geoms: readonly SceneGeom[]): string {
  return geoms
    .filter((each) => each.frameId === frameId)
    .map((each) => geom(each))
    .join("\n");
}

/** A free body whose first geom has all its mass, as a solid of that shape; every geom can be touched. */
function pushable({ name, massKg, positionM, geoms }: PushableBody): string {
  const contact = `contype="${touching.type}" conaffinity="${touching.affinity}" friction="${[defaultContactFriction, ...turningFrictionM].join(" ")}"`;
  const parts = geoms.map((each, index) => {
    // What rolls needs rolling friction to come to rest; it costs solver rows, so a box has none.
    const condim = each.shape === "box" ? 3 : 6;
    return geom(each, `${contact} condim="${condim}" mass="${index === 0 ? massKg : 0}"`);
  });
  return `<body name="${name}" pos="${positionM.join(" ")}">
<freejoint name="${name}"/>
${parts.join("\n")}
</body>`;
}

function geom(each: SceneGeom, more = ""): string {
  return `<geom name="${xmlText(each.name)}" type="${each.shape}" size="${each.sizeM.join(" ")}" material="${xmlText(each.name)}" ${placed(each)} ${more}/>`;
}

function material(each: SceneGeom): string {
  if (each.texture?.kind !== "checker") {
    return `<material name="${xmlText(each.name)}" rgba="${each.colorRgb.join(" ")} 1"/>`;
  }
  // A texture holds two cells each way, so it repeats once per two cells.
  const repeat = 1 / (2 * each.texture.cellM);
  return `<texture name="${xmlText(each.name)}" type="2d" builtin="checker" rgb1="${each.colorRgb.join(" ")}" rgb2="${each.texture.otherRgb.join(" ")}" width="64" height="64"/>
<material name="${xmlText(each.name)}" texture="${xmlText(each.name)}" texuniform="true" texrepeat="${repeat} ${repeat}"/>`;
}

function placed(pose: Pose): string {
  return `pos="${pose.positionM.join(" ")}" quat="${wxyz(pose.rotationXyzw)}"`;
}

function wxyz([x, y, z, w]: Xyzw): string {
  return `${w} ${x} ${y} ${z}`;
}

function axisAt(dynamics: MountDynamics, index: number): AxisDynamics {
  const axis = dynamics.axes[index];
  if (axis === undefined) {
    throw new RangeError(
      `dynamics describe ${dynamics.axes.length} axes, axis ${index} is missing`,
    );
  }
  return axis;
}

import type { AxisDescription, DeviceDescription } from "../../bridge/contract/device.ts";
import {
  cameraCarrier,
  cameraMount,
  identityPose,
  identityXyzw,
  jointPose,
  type Pose,
  type Vector3,
} from "../../bridge/core/kinematics.ts";
import type { AxisDynamics, MountDynamics } from "../embedded/mount-dynamics.ts";
import { deviceGeoms, payloadMiddleM } from "../embedded/scene-device.ts";
import type { SceneGeom } from "../embedded/scene-geom.ts";
import { deviceBody } from "./device-body.ts";

export interface Inertial {
  readonly massKg: number;
  /** In the frame of the link. */
  readonly centerM: Vector3;
  /** About the centre, in the axes of the link; these are its principal axes. */
  readonly momentsKgM2: Vector3;
}

export interface RobotJoint {
  readonly axis: AxisDescription;
  readonly dynamics: AxisDynamics;
  /** In the frame of the link it moves. */
  readonly direction: Vector3;
}

/** A rigid body. `parentFromLink` holds at joint angle 0; without a joint it is fixed. */
export interface RobotLink {
  readonly name: string;
  readonly parent: string;
  readonly parentFromLink: Pose;
  readonly joint?: RobotJoint;
  readonly inertial: Inertial;
  readonly geoms: readonly SceneGeom[];
}

/** A frame without mass: where a sensor sits. */
export interface RobotFrame {
  readonly name: string;
  readonly parent: string;
  readonly parentFromFrame: Pose;
}

/**
 * The one description of a device's body, from which URDF, MJCF and SDF are written: they differ in
 * what they can say, never in a number.
 */
export interface Robot {
  readonly name: string;
  readonly baseFrameId: string;
  readonly baseGeoms: readonly SceneGeom[];
  /** From the base outwards, the payload last. */
  readonly links: readonly RobotLink[];
  /** REP 103: z forward, x right, y down. */
  readonly camera: RobotFrame & { readonly verticalFovRad: number };
  /** In the middle of the payload, axes of the last joint's link. */
  readonly imu: RobotFrame;
}

/** The base stands still; Gazebo leaves out a link that has no mass, and all that hangs on it. */
export const baseInertial: Inertial = {
  massKg: 0.5,
  centerM: [0, 0, 0],
  momentsKgM2: [1e-3, 1e-3, 1e-3],
};

/** Links are short: their inertia is that of a solid ball of this radius, 2/5 m r^2. */
const linkGyrationM = 0.02;

export function robotOf(device: DeviceDescription, dynamics: MountDynamics): Robot {
  const geoms = deviceGeoms(device);
  const carrier = cameraCarrier(device);
  const geomsOf = (frameId: string): readonly SceneGeom[] =>
    geoms.filter((geom) => geom.frameId === frameId && !geom.isPartOfCameraBody);
  const links = device.chain.map((_, index) => movedLink(device, dynamics, index, geomsOf));
  const { link } = deviceBody(device).payload;
  const payload: RobotLink = {
    name: link,
    parent: carrier,
    parentFromLink: identityPose,
    inertial: {
      massKg: dynamics.payloadMassKg,
      centerM: payloadCenterM(device, dynamics),
      momentsKgM2: payloadInertiaKgM2(device, dynamics.payloadMassKg),
    },
    geoms: geoms.filter((geom) => geom.isPartOfCameraBody),
  };
  return {
    name: device.id,
    baseFrameId: device.baseFrameId,
    baseGeoms: geomsOf(device.baseFrameId),
    links: [...links, payload],
    camera: {
      name: device.camera.frameId,
      parent: carrier,
      parentFromFrame: cameraMount(device),
      verticalFovRad: device.camera.verticalFovRad,
    },
    imu: {
      name: imuFrame,
      parent: link,
      parentFromFrame: { positionM: payloadMiddleM(device), rotationXyzw: identityXyzw },
    },
  };
}

export const imuFrame = "imu_frame";

function movedLink(
  device: DeviceDescription,
  dynamics: MountDynamics,
  chainIndex: number,
  geomsOf: (frameId: string) => readonly SceneGeom[],
): RobotLink {
  const joint = device.chain[chainIndex];
  const axisIndex = device.axes.findIndex((axis) => axis.name === joint?.axisName);
  const axis = device.axes[axisIndex];
  const servo = dynamics.axes[axisIndex];
  if (joint === undefined || axis === undefined || servo === undefined) {
    throw new RangeError(`joint ${chainIndex} of the chain has no axis or no dynamics`);
  }
  const [x, y, z] = device.chain[chainIndex + 1]?.translationM ?? [0, 0, 0];
  const massKg = deviceBody(device).linkMassKg(axis);
  return {
    name: joint.frameId,
    parent: device.chain[chainIndex - 1]?.frameId ?? device.baseFrameId,
    parentFromLink: jointPose(joint, 0),
    joint: { axis, dynamics: servo, direction: joint.axis },
    inertial: {
      massKg,
      centerM: [x / 2, y / 2, z / 2],
      momentsKgM2: linkInertiaKgM2(massKg),
    },
    geoms: geomsOf(joint.frameId),
  };
}

/** Principal moments of a solid box, kg m^2, in its own axes. */
export function payloadInertiaKgM2(device: DeviceDescription, massKg: number): Vector3 {
  const [x, y, z] = deviceBody(device).payload.halfSizeM.map((halfM) => halfM * halfM) as [
    number,
    number,
    number,
  ];
  return [(massKg / 3) * (y + z), (massKg / 3) * (x + z), (massKg / 3) * (x + y)];
}

/** Payload centre of mass in the last frame of the chain. */
export function payloadCenterM(device: DeviceDescription, dynamics: MountDynamics): Vector3 {
  const [x, y, z] = payloadMiddleM(device);
  const [dx, dy, dz] = dynamics.payloadOffsetM;
  return [x + dx, y + dy, z + dz];
}

/** Principal moments of a link about its middle, kg m^2. */
export function linkInertiaKgM2(massKg: number): Vector3 {
  const inertia = 0.4 * massKg * linkGyrationM * linkGyrationM;
  return [inertia, inertia, inertia];
}

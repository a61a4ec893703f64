import type { DeviceDescription } from "../contract/device.ts";
import {
  cameraCarrier,
  cameraMount,
  conjugateXyzw,
  identityXyzw,
  jointPose,
  multiplyXyzw,
  rotate,
  type Vector3,
  type Xyzw,
} from "./kinematics.ts";
import { unit } from "./axis-turns.ts";

/** Optical frame (z forward, x right, y down) seen from the camera's body (x forward, y left, z up). */
export const bodyFromOpticalXyzw: Xyzw = [-0.5, 0.5, -0.5, 0.5];
export const forward: Vector3 = [1, 0, 0];

/** A joint that aims the camera. */
export interface AimJoint {
  readonly axisIndex: number;
  readonly name: string;
  readonly lowerRad: number;
  readonly upperRad: number;
  readonly homeRad: number;
  readonly continuous: boolean;
}

/**
 * The joints between base and camera as turns only; where they are does not matter to where the
 * camera looks. The interlock's axis carries the others and never aims.
 */
export class AimChain {
  readonly joints: readonly AimJoint[];
  readonly #device: DeviceDescription;
  readonly #bodyXyzw: Xyzw;
  readonly #length: number;

  constructor(device: DeviceDescription) {
    this.#device = device;
    this.#bodyXyzw = multiplyXyzw(
      cameraMount(device).rotationXyzw,
      conjugateXyzw(bodyFromOpticalXyzw),
    );
    const carrier = cameraCarrier(device);
    this.#length = device.chain.findIndex(({ frameId }) => frameId === carrier) + 1;
    this.joints = device.chain.slice(0, this.#length).flatMap(({ axisName }) => {
      const axisIndex = device.axes.findIndex(({ name }) => name === axisName);
      const axis = device.axes[axisIndex];
      if (axis === undefined || axisName === device.interlock?.axis) return [];
      const { name, continuous = false, softMarginRad = 0 } = axis;
      return {
        ...{ axisIndex, name, continuous },
        lowerRad: continuous ? -Infinity : axis.lowerRad + softMarginRad,
        upperRad: continuous ? Infinity : axis.upperRad - softMarginRad,
        homeRad: device.homeRad[axisIndex] ?? 0,
      };
    });
  }

  /** Base-from-camera, the camera as a body: x forward, y left, z up. */
  bodyXyzw(jointPosRad: ArrayLike<number>): Xyzw {
    let baseFromLink: Xyzw = identityXyzw;
    for (const joint of this.#device.chain.slice(0, this.#length)) {
      baseFromLink = this.#after(baseFromLink, joint, jointPosRad);
    }
    return multiplyXyzw(baseFromLink, this.#bodyXyzw);
  }

  /** Where the axis of each of `joints` points in the base frame. */
  axes(jointPosRad: ArrayLike<number>): Vector3[] {
    let baseFromLink: Xyzw = identityXyzw;
    const axes: Vector3[] = [];
    for (const joint of this.#device.chain.slice(0, this.#length)) {
      baseFromLink = this.#after(baseFromLink, joint, jointPosRad);
      // An axis turns not under its own joint, so after it is as good as before.
      if (this.joints.some(({ name }) => name === joint.axisName)) {
        axes.push(rotate(baseFromLink, unit(joint.axis)));
      }
    }
    return axes;
  }

  #after(
    baseFromLink: Xyzw,
    joint: DeviceDescription["chain"][number],
    jointPosRad: ArrayLike<number>,
  ): Xyzw {
    const axisIndex = this.#device.axes.findIndex(({ name }) => name === joint.axisName);
    return multiplyXyzw(baseFromLink, jointPose(joint, jointPosRad[axisIndex] ?? 0).rotationXyzw);
  }
}

import type { DeviceDescription } from "../../bridge/contract/device.ts";
import {
  cameraFromJoints,
  chainFromJoints,
  rotate,
  type Pose,
  type Vector3,
} from "../../bridge/core/kinematics.ts";

/** Where a frame is, and how sure that is. */
export interface UncertainPose {
  readonly pose: Pose;
  /**
   * 6 × 6, row-major: x, y, z in m, then rotation about the fixed axes X, Y, Z of the base in rad
   * (geometry_msgs/PoseWithCovariance). Shared between calls.
   */
  readonly covariance: Float64Array;
}

const size = 6;

/**
 * The camera in the base frame at joint positions that are known only to a standard deviation: each
 * joint's variance carried through the geometric Jacobian, J diag(std²) Jᵀ, to first order. The
 * joints' errors are taken as independent, since the model says nothing else of them.
 */
export class PredictedPose {
  readonly #device: DeviceDescription;
  /** Per joint of the chain: its axis in `device.axes`. */
  readonly #axisIndices: readonly number[];
  readonly #covariance = new Float64Array(size * size);

  constructor(device: DeviceDescription) {
    this.#device = device;
    this.#axisIndices = device.chain.map(({ axisName }) =>
      device.axes.findIndex(({ name }) => name === axisName),
    );
  }

  /** @param posRad, stdRad shape [axisCount], order of `device.axes`. */
  at(posRad: ArrayLike<number>, stdRad: ArrayLike<number>): UncertainPose {
    const pose = cameraFromJoints(this.#device, posRad);
    const frames = chainFromJoints(this.#device, posRad);
    const covariance = this.#covariance.fill(0);
    this.#device.chain.forEach((joint, index) => {
      const frame = frames[index];
      if (frame === undefined) return;
      // Turning about the axis does not turn the axis: the child's frame will do.
      const axis = unit(rotate(frame.rotationXyzw, joint.axis));
      const arm = cross(axis, difference(pose.positionM, frame.positionM));
      this.#addColumn([...arm, ...axis], stdRad[this.#axisIndices[index] ?? -1] ?? 0);
    });
    return { pose, covariance };
  }

  /** Adds (std c) (std c)ᵀ: in this order the matrix is symmetric to the last bit. */
  #addColumn(column: readonly number[], std: number): void {
    for (const [row, left] of column.entries()) {
      for (const [other, right] of column.entries()) {
        const index = row * size + other;
        this.#covariance[index] = (this.#covariance[index] ?? 0) + std * left * (std * right);
      }
    }
  }
}

const unit = (v: Vector3): Vector3 => {
  const length = Math.hypot(...v);
  return [v[0] / length, v[1] / length, v[2] / length];
};

const difference = (a: Vector3, b: Vector3): Vector3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];

const cross = (a: Vector3, b: Vector3): Vector3 => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

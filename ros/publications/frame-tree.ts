import type { DeviceDescription } from "../../bridge/contract/device.ts";
import { jointPose } from "../../bridge/core/kinematics.ts";
import type { FrameEdge } from "../messages/graph-mapping.ts";

/**
 * The edges that joints turn, from the base outwards: what robot_state_publisher would derive from
 * the URDF of the same device.
 */
export class JointFrames {
  readonly #device: DeviceDescription;
  readonly #axisIndices: readonly number[];

  constructor(device: DeviceDescription) {
    this.#device = device;
    this.#axisIndices = device.chain.map(({ axisName }) =>
      device.axes.findIndex(({ name }) => name === axisName),
    );
  }

  /** @param posRad shape [axisCount], order of `device.axes`. */
  at(posRad: ArrayLike<number>): FrameEdge[] {
    const { chain, baseFrameId } = this.#device;
    return chain.map((joint, index) => ({
      parent: chain[index - 1]?.frameId ?? baseFrameId,
      child: joint.frameId,
      pose: jointPose(joint, posRad[this.#axisIndices[index] ?? -1] ?? 0),
    }));
  }
}

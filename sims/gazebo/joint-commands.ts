import { Double } from "./messages/basic.ts";
import { JointTrajectory } from "./messages/joints.ts";
import type { GzTransport } from "./transport/gz-transport.ts";
import type { WorldNames } from "./world-names.ts";

/**
 * - `position`: one `Double` per joint to its JointPositionController;
 * - `trajectory`: one `JointTrajectory` of one point for all, to a JointTrajectoryController.
 */
export type CommandForm = "position" | "trajectory";

/** Sends position targets to the joints of a model. */
export interface JointCommands extends Disposable {
  /** Controllers that listen. */
  readonly listenerCount: number;
  /** @param posRad axis order. // hot path */
  send(posRad: ArrayLike<number>): void;
}

export function openJointCommands(
  transport: GzTransport,
  names: WorldNames,
  joints: readonly string[],
  form: CommandForm,
): JointCommands {
  return form === "position"
    ? positionCommands(transport, names, joints)
    : trajectoryCommands(transport, names, joints);
}

function positionCommands(
  transport: GzTransport,
  names: WorldNames,
  joints: readonly string[],
): JointCommands {
  const publishers = joints.map((joint) => transport.advertise(names.command(joint), Double));
  return {
    get listenerCount() {
      return Math.min(...publishers.map((publisher) => publisher.subscriberCount));
    },
    send: (posRad) => {
      publishers.forEach((publisher, axis) => {
        publisher.publish({ data: posRad[axis] ?? 0 });
      });
    },
    [Symbol.dispose]: () => {
      for (const publisher of publishers) publisher[Symbol.dispose]();
    },
  };
}

function trajectoryCommands(
  transport: GzTransport,
  names: WorldNames,
  jointNames: readonly string[],
): JointCommands {
  const publisher = transport.advertise(names.trajectory, JointTrajectory);
  return {
    get listenerCount() {
      return publisher.subscriberCount;
    },
    send: (posRad) => {
      publisher.publish({
        jointNames,
        points: [{ positions: Array.from(posRad).slice(0, jointNames.length), timeFromStart: {} }],
      });
    },
    [Symbol.dispose]: () => {
      publisher[Symbol.dispose]();
    },
  };
}

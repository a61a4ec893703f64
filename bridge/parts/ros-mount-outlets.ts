import type { BrakingPlan } from "../../devices/drivers/ros2/braking-plan.ts";
import type { Ros2Settings } from "../../devices/drivers/ros2/ros2-settings.ts";
import type { RosActions } from "../../ros/actions/action-port.ts";
import { TrajectoryClient, type SentTrajectory } from "../../ros/actions/trajectory-client.ts";
import { TrajectoryCode } from "../../ros/actions/trajectory-goal.ts";
import { messageWriter } from "../../ros/messages/codec.ts";
import { rosDuration } from "../../ros/messages/message-mapping.ts";
import type { NodeTopic } from "../../ros/node/ros-node.ts";
import { BridgeError, ErrorCode, errorText } from "../contract/errors.ts";
import type { RosPublisher } from "../contract/ros-transport.ts";

/** The way a robot is told where to go. */
export interface MountOutlet {
  /** Why nobody takes what is sent; undefined while somebody does. */
  absence(): string | undefined;
  /** What the controller said against it since the last look. */
  takeRefusal(): string | undefined;
  send(plan: BrakingPlan): void;
  /** Ends the motion in the controller's own terms; `plan` stands still. */
  stop(plan: BrakingPlan): void;
  close(): void;
}

interface OutletOptions {
  readonly node: { advertise(topic: NodeTopic): RosPublisher };
  /** Undefined where the transport has no services. */
  readonly actions: RosActions | undefined;
  readonly settings: Ros2Settings;
  /** ROS joint names, axis order. */
  readonly jointNames: readonly string[];
}

const noNumbers = new Float64Array(0);
const actionTimeoutMs = 1000;
const lookEveryMs = 1000;

/** @throws BridgeError `device/driver` for an action over a transport that has none. */
export function openOutlet(options: OutletOptions): MountOutlet {
  const { settings, actions } = options;
  switch (settings.interface) {
    case "trajectory":
      return trajectoryTopic(options);
    case "position":
    case "velocity":
      return forwardTopic(options, settings.interface);
    case "action":
      if (actions !== undefined) return new ActionOutlet(actions, options);
      throw new BridgeError(
        ErrorCode.DeviceDriver,
        "driver ros2 with interface action needs a ROS transport with services",
      );
    default:
      return settings.interface satisfies never;
  }
}

function advertise({ node }: OutletOptions, name: string, type: string): RosPublisher {
  // A controller that comes late must not carry out what was said before: nothing is kept for it.
  const qos = { reliability: "reliable", durability: "volatile", depth: 1 } as const;
  return node.advertise({ name, type, qos });
}

const absenceOf = ({ topic, matchedCount }: RosPublisher): string | undefined =>
  matchedCount > 0 ? undefined : `no controller reads ${topic.name}`;

/** A joint_trajectory_controller's topic: a newer message takes the place of the older at once. */
function trajectoryTopic(options: OutletOptions): MountOutlet {
  const { settings, jointNames } = options;
  const encode = messageWriter("trajectory_msgs/msg/JointTrajectory");
  const name = `${settings.controller}/joint_trajectory`;
  const publisher = advertise(options, name, "trajectory_msgs/msg/JointTrajectory");
  const send = (plan: BrakingPlan): void => {
    publisher.publish(
      encode({
        // A stamp of zero: now.
        header: { stamp: { sec: 0, nanosec: 0 }, frame_id: "" },
        joint_names: jointNames,
        points: plan.points.slice(0, plan.count).map(({ timeS, posRad, velRadPerS }) => ({
          positions: posRad,
          velocities: velRadPerS,
          accelerations: noNumbers,
          effort: noNumbers,
          time_from_start: rosDuration(timeS * 1000),
        })),
      }),
    );
  };
  return {
    absence: () => absenceOf(publisher),
    takeRefusal: () => undefined,
    send,
    stop: send,
    close: () => undefined,
  };
}

/** A forward_command_controller: it passes on what it hears last and knows no end. */
function forwardTopic(options: OutletOptions, what: "position" | "velocity"): MountOutlet {
  const encode = messageWriter("std_msgs/msg/Float64MultiArray");
  const name = `${options.settings.controller}/commands`;
  const publisher = advertise(options, name, "std_msgs/msg/Float64MultiArray");
  const still = new Float64Array(options.jointNames.length);
  const publish = (data: Float64Array): void => {
    publisher.publish(encode({ layout: { dim: [], data_offset: 0 }, data }));
  };
  return {
    absence: () => absenceOf(publisher),
    takeRefusal: () => undefined,
    send: ({ points: [{ posRad, velRadPerS }] }) => {
      publish(what === "position" ? posRad : velRadPerS);
    },
    stop: ({ points: [{ posRad }] }) => {
      publish(what === "position" ? posRad : still);
    },
    close: () => {
      if (what === "velocity") publish(still);
    },
  };
}

/** FollowJointTrajectory: each goal takes the place of the one before; a stop cancels. */
class ActionOutlet implements MountOutlet {
  readonly #client: TrajectoryClient;
  readonly #name: string;
  readonly #jointNames: readonly string[];
  readonly #looking: NodeJS.Timeout;
  #isThere = false;
  #isSending = false;
  #isStopping = false;
  #goal: SentTrajectory | undefined;
  #refusal: string | undefined;

  constructor(actions: RosActions, { settings, jointNames }: OutletOptions) {
    this.#name = `${settings.controller}/follow_joint_trajectory`;
    this.#client = new TrajectoryClient(actions, this.#name);
    this.#jointNames = jointNames;
    const look = (): void => {
      void this.#client.waitForServer({ timeoutMs: lookEveryMs / 2 }).then((isThere) => {
        this.#isThere = isThere;
      });
    };
    look();
    this.#looking = setInterval(look, lookEveryMs);
  }

  absence(): string | undefined {
    return this.#isThere ? undefined : `no controller serves ${this.#name}`;
  }

  takeRefusal(): string | undefined {
    const refusal = this.#refusal;
    this.#refusal = undefined;
    return refusal;
  }

  send(plan: BrakingPlan): void {
    // One question at a time; the next plan is newer anyway.
    if (this.#isSending) return;
    this.#isSending = true;
    this.#isStopping = false;
    void this.#send(plan).finally(() => {
      this.#isSending = false;
    });
  }

  stop(): void {
    this.#isStopping = true;
    const goal = this.#goal;
    this.#goal = undefined;
    if (goal !== undefined) this.#cancel(goal);
  }

  close(): void {
    clearInterval(this.#looking);
    this.stop();
    this.#client.close();
  }

  async #send(plan: BrakingPlan): Promise<void> {
    try {
      const points = plan.points.slice(0, plan.count).map(({ timeS, posRad, velRadPerS }) => ({
        posRad: posRad.slice(),
        velRadPerS: velRadPerS.slice(),
        timeFromStartS: timeS,
      }));
      const goal = await this.#client.send(
        {
          jointNames: this.#jointNames,
          points,
          startStampNs: undefined,
          pathTolerances: [],
          goalTolerances: [],
          goalTimeToleranceS: 0,
        },
        { timeoutMs: actionTimeoutMs },
      );
      if (goal === undefined) this.#refusal = `${this.#name} rejects the goal`;
      else if (this.#isStopping) this.#cancel(goal);
      else this.#follow(goal);
    } catch (error) {
      this.#refusal = `${this.#name}: ${errorText(error)}`;
    }
  }

  #follow(goal: SentTrajectory): void {
    this.#goal = goal;
    goal.result({ timeoutMs: 60_000 }).then(
      ({ end, code, text }) => {
        // One that was replaced or cancelled ends so, and means nothing.
        if (this.#goal !== goal) return;
        this.#goal = undefined;
        if (end === "succeeded" || code === TrajectoryCode.Successful) return;
        this.#refusal = `${this.#name} ended a goal: ${text === "" ? `error ${code}` : text}`;
      },
      () => undefined,
    );
  }

  #cancel(goal: SentTrajectory): void {
    goal.cancel({ timeoutMs: actionTimeoutMs }).catch((error: unknown) => {
      this.#refusal = `${this.#name}: cancel: ${errorText(error)}`;
    });
  }
}

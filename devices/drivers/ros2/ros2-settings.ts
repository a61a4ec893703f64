import { z } from "zod";
import type { DriverKind } from "../driver-kind.ts";

const rosName = z
  .string()
  .regex(
    /^\/?[A-Za-z_][A-Za-z0-9_]*(\/[A-Za-z_][A-Za-z0-9_]*)*$/,
    "expected a ROS name such as /joint_trajectory_controller",
  );

const Ros2Settings = z.strictObject({
  /**
   * What moves the robot: `trajectory`: the topic of a joint_trajectory_controller; `action`: its
   * FollowJointTrajectory; `position`, `velocity`: a forward_command_controller, which stops by itself
   * only if the hardware behind it does.
   */
  interface: z.enum(["trajectory", "action", "position", "velocity"]).default("trajectory"),
  controller: rosName
    .default("/joint_trajectory_controller")
    .describe("name of the controller node; its topics and actions lie below it"),
  jointStatesTopic: rosName.default("/joint_states"),
  /** ROS joint name by axis name; an axis that is not there is called alike. */
  jointNames: z.record(z.string(), z.string().min(1)).default({}),
  /** Messages per second while something moves; goals per second with `action`, where 10 is plenty. */
  rateHz: z.number().min(1).max(200).default(50),
  /**
   * The moving point of each trajectory lies so far ahead; after it the robot brakes by itself. 0 = two
   * messages.
   */
  leadMs: z.number().min(0).max(2000).default(0),
  /** Without joint states for so long the link is lost. */
  silentMs: z.number().min(50).max(5000).default(500),
  /** A joint this far from where it was told is a fault: something else moves it, or nothing does. */
  maxErrorRad: z.number().min(0.01).max(10).default(0.5),
  /** `velocity` only: somebody has seen that the robot stops when the commands end. */
  velocityStopsByItself: z.boolean().default(false),
});
export type Ros2Settings = Readonly<z.infer<typeof Ros2Settings>>;

export const ros2Kind: DriverKind<Ros2Settings> = {
  schema: Ros2Settings,
  problems: ({ interface: way, jointNames, velocityStopsByItself, rateHz, leadMs }, device) => {
    const axisNames = device.axes.map(({ name }) => name);
    const names = axisNames.map((name) => jointNames[name] ?? name);
    return [
      ...Object.keys(jointNames)
        .filter((name) => !axisNames.includes(name))
        .map((name) => `jointNames has "${name}", the axes are ${axisNames.join(", ")}`),
      ...(new Set(names).size < names.length
        ? [`two axes have one joint: ${names.join(", ")}`]
        : []),
      ...(way === "velocity" && !velocityStopsByItself
        ? [
            "a forward_command_controller has no timeout: with interface velocity the robot goes on when " +
              "messages end, unless its hardware stops it; say velocityStopsByItself: true once that was seen",
          ]
        : []),
      ...(leadMs > 0 && leadMs < 1000 / rateHz
        ? [
            `leadMs ${leadMs} ends before the next of ${rateHz} messages a second: the robot would brake at each`,
          ]
        : []),
    ];
  },
  describe: ({ interface: way, controller, rateHz }) =>
    `ROS 2 ${way} of ${controller}, ${rateHz} messages/s`,
};

import { BridgeError, ErrorCode } from "../bridge/contract/errors.ts";
import type { RosQos, RosTopic } from "../bridge/contract/ros-transport.ts";
import type { RosTypeName } from "./messages/message-types.ts";

/** What the bridge publishes, by role. */
export type PublicationName =
  | "predictedJointStates"
  | "predictedJointTrajectory"
  | "predictedImage"
  | "jointStates"
  | "cameraImage"
  | "diagnostics";

export interface PublishedTopic extends RosTopic {
  readonly type: RosTypeName;
}

// Only the newest prediction is worth having; late resends of older ones would only delay it.
const newestReliable: RosQos = { reliability: "reliable", durability: "volatile", depth: 1 };
// A lost picture is replaced by the next one sooner than it could be resent.
const newestBestEffort: RosQos = { reliability: "best_effort", durability: "volatile", depth: 1 };
// A reliable writer matches reliable and best-effort readers, a best-effort writer only the latter:
// rclcpp's default, robot_state_publisher and RViz's default ask for reliable.
const everyReader: RosQos = { reliability: "reliable", durability: "volatile", depth: 10 };

/** The table of publications. `/diagnostics` is absolute by ROS convention; all else is under `namespace`. */
export function publicationTopics(namespace: string): Record<PublicationName, PublishedTopic> {
  const under = (name: string): string => `${checkedNamespace(namespace)}/${name}`;
  return {
    predictedJointStates: {
      name: under("predicted/joint_states"),
      type: "sensor_msgs/msg/JointState",
      qos: newestReliable,
    },
    predictedJointTrajectory: {
      name: under("predicted/joint_trajectory"),
      type: "trajectory_msgs/msg/JointTrajectory",
      qos: newestReliable,
    },
    predictedImage: {
      name: under("predicted/image/compressed"),
      type: "sensor_msgs/msg/CompressedImage",
      qos: newestBestEffort,
    },
    jointStates: {
      name: under("joint_states"),
      type: "sensor_msgs/msg/JointState",
      qos: everyReader,
    },
    cameraImage: {
      name: under("camera/image/compressed"),
      type: "sensor_msgs/msg/CompressedImage",
      qos: newestBestEffort,
    },
    diagnostics: {
      name: "/diagnostics",
      type: "diagnostic_msgs/msg/DiagnosticArray",
      qos: everyReader,
    },
  };
}

/** `/` (the root) becomes empty. ROS names: letters, digits and single underscores, no leading digit. */
function checkedNamespace(namespace: string): string {
  if (namespace === "/") return "";
  if (/^(\/_?[A-Za-z](_?[A-Za-z0-9])*_?)+$/.test(namespace)) return namespace;
  throw new BridgeError(
    ErrorCode.ConfigInvalid,
    `ROS namespace is "${namespace}", expected "/" or parts like "/kairos" of letters, digits and underscores`,
    { details: { namespace } },
  );
}

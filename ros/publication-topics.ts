import type { RosQos } from "../bridge/contract/ros-transport.ts";
import type { RosTypeName } from "./messages/message-types.ts";
import type { QosPolicy } from "./node/qos-overrides.ts";
import type { NodeTopic } from "./node/ros-node.ts";

/** What the bridge publishes, by role. */
export type PublicationName =
  | "predictedJointStates"
  | "predictedJointTrajectory"
  | "predictedPose"
  | "predictedImage"
  | "worldModelPrediction"
  | "jointStates"
  | "cameraImage"
  | "cameraRaw"
  | "cameraInfo"
  | "diagnostics"
  | "transforms"
  | "staticTransforms"
  | "robotDescription";

export interface PublishedTopic extends NodeTopic {
  readonly type: RosTypeName;
}

// Only the newest prediction is worth having; late resends of older ones would only delay it.
const newestReliable: RosQos = { reliability: "reliable", durability: "volatile", depth: 1 };
// A lost picture is replaced by the next one sooner than it could be resent.
const newestBestEffort: RosQos = { reliability: "best_effort", durability: "volatile", depth: 1 };
// A reliable writer matches reliable and best-effort readers, a best-effort writer only the latter:
// rclcpp's default, robot_state_publisher and RViz's default ask for reliable.
const everyReader: RosQos = { reliability: "reliable", durability: "volatile", depth: 10 };
// tf2_ros: DynamicBroadcasterQoS and StaticBroadcasterQoS.
const dynamicFrames: RosQos = { reliability: "reliable", durability: "volatile", depth: 100 };
const latched: RosQos = { reliability: "reliable", durability: "transient_local", depth: 1 };

/** Data streams may be tuned to the reader; /tf and what is latched would only be broken by it. */
const tunable: readonly QosPolicy[] = ["history", "depth", "reliability", "durability"];

/** The table of publications. Relative names lie in the node's namespace; absolute ones are ROS's own. */
export const publicationTopics: Readonly<Record<PublicationName, PublishedTopic>> = {
  predictedJointStates: {
    name: "predicted/joint_states",
    type: "sensor_msgs/msg/JointState",
    qos: newestReliable,
    overridable: tunable,
  },
  predictedJointTrajectory: {
    name: "predicted/joint_trajectory",
    type: "trajectory_msgs/msg/JointTrajectory",
    qos: newestReliable,
    overridable: tunable,
  },
  predictedPose: {
    name: "predicted/pose",
    type: "geometry_msgs/msg/PoseWithCovarianceStamped",
    qos: newestReliable,
    overridable: tunable,
  },
  predictedImage: {
    name: "predicted/image/compressed",
    type: "sensor_msgs/msg/CompressedImage",
    qos: newestBestEffort,
    overridable: tunable,
  },
  worldModelPrediction: {
    name: "prediction",
    type: "kairos_msgs/msg/WorldModelPrediction",
    qos: newestReliable,
    overridable: tunable,
  },
  jointStates: {
    name: "joint_states",
    type: "sensor_msgs/msg/JointState",
    qos: everyReader,
    overridable: tunable,
  },
  cameraImage: {
    name: "camera/image/compressed",
    type: "sensor_msgs/msg/CompressedImage",
    qos: newestBestEffort,
    overridable: tunable,
  },
  cameraRaw: {
    name: "camera/image_raw",
    type: "sensor_msgs/msg/Image",
    qos: newestBestEffort,
    overridable: tunable,
  },
  cameraInfo: {
    name: "camera/camera_info",
    type: "sensor_msgs/msg/CameraInfo",
    qos: everyReader,
    overridable: tunable,
  },
  diagnostics: {
    name: "/diagnostics",
    type: "diagnostic_msgs/msg/DiagnosticArray",
    qos: everyReader,
  },
  transforms: { name: "/tf", type: "tf2_msgs/msg/TFMessage", qos: dynamicFrames },
  staticTransforms: { name: "/tf_static", type: "tf2_msgs/msg/TFMessage", qos: latched },
  robotDescription: { name: "robot_description", type: "std_msgs/msg/String", qos: latched },
};

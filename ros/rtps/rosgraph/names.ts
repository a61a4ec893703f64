import { BridgeError, ErrorCode } from "../../../bridge/contract/errors.ts";

const rosName = /^(\/[A-Za-z_][A-Za-z0-9_]*)+$/;
const rosType = /^([A-Za-z][A-Za-z0-9_]*)\/(msg|srv|action)\/([A-Za-z][A-Za-z0-9_]*)$/;

/**
 * `/kairos/joint_states` → `rt/kairos/joint_states`
 * (design.ros2.org/articles/topic_and_service_names.html).
 *
 * @throws BridgeError `ros/type` for a name that is not fully qualified.
 */
export function ddsTopicName(name: string): string {
  if (!rosName.test(name)) {
    throw new BridgeError(
      ErrorCode.RosType,
      `topic name is "${name}", expected a fully qualified one such as /kairos/joint_states`,
    );
  }
  return `rt${name}`;
}

/**
 * `sensor_msgs/msg/JointState` → `sensor_msgs::msg::dds_::JointState_`.
 *
 * @throws BridgeError `ros/type` for anything but package/msg/Name.
 */
export function ddsTypeName(type: string): string {
  const [, packageName, kind, name] = rosType.exec(type) ?? [];
  if (packageName === undefined || kind === undefined || name === undefined) {
    throw new BridgeError(
      ErrorCode.RosType,
      `type name is "${type}", expected one such as sensor_msgs/msg/JointState`,
    );
  }
  return `${packageName}::${kind}::dds_::${name}_`;
}

/** `rt/kairos/joint_states` → `/kairos/joint_states`; topics without ROS's prefix stay as they are. */
export function rosTopicName(topicName: string): string {
  return topicName.startsWith("rt/") ? topicName.slice(2) : topicName;
}

import { BridgeError, ErrorCode } from "../../../bridge/contract/errors.ts";

const rosName = /^(\/[A-Za-z_][A-Za-z0-9_]*)+$/;
const rosType = /^([A-Za-z][A-Za-z0-9_]*)\/(msg|srv|action)\/([A-Za-z][A-Za-z0-9_]*)$/;
const ddsType = /^([A-Za-z][A-Za-z0-9_]*)::(msg|srv|action)::dds_::([A-Za-z][A-Za-z0-9_]*)_$/;

/** A topic as DDS knows it. */
export interface DdsNames {
  readonly topicName: string;
  readonly typeName: string;
}

/**
 * `/kairos/joint_states` → `rt/kairos/joint_states`
 * (design.ros2.org/articles/topic_and_service_names.html).
 *
 * @throws BridgeError `ros/type` for a name that is not fully qualified.
 */
export function ddsTopicName(name: string): string {
  return `rt${checkedName(name, "topic")}`;
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

/**
 * The two topics under a service: `/kairos/stop` → `rq/kairos/stopRequest` and `rr/kairos/stopReply`.
 *
 * @throws BridgeError `ros/type`
 */
export function ddsServiceNames(service: { readonly name: string; readonly type: string }): {
  readonly request: DdsNames;
  readonly response: DdsNames;
} {
  const name = checkedName(service.name, "service");
  return {
    request: {
      topicName: `rq${name}Request`,
      typeName: ddsTypeName(`${service.type}_Request`),
    },
    response: {
      topicName: `rr${name}Reply`,
      typeName: ddsTypeName(`${service.type}_Response`),
    },
  };
}

/** `rt/kairos/joint_states` → `/kairos/joint_states`; topics without ROS's prefix stay as they are. */
export function rosTopicName(topicName: string): string {
  return topicName.startsWith("rt/") ? topicName.slice(2) : topicName;
}

/** `sensor_msgs::msg::dds_::JointState_` → `sensor_msgs/msg/JointState`; others stay as they are. */
export function rosTypeName(typeName: string): string {
  const [, packageName, kind, name] = ddsType.exec(typeName) ?? [];
  return packageName === undefined ? typeName : `${packageName}/${String(kind)}/${String(name)}`;
}

/** The service a DDS topic belongs to, and on which side; undefined for topics of no service. */
export function rosServiceOf(
  names: DdsNames,
):
  | { readonly name: string; readonly type: string; readonly part: "request" | "response" }
  | undefined {
  const { topicName } = names;
  const type = rosTypeName(names.typeName);
  if (/^rq\/.+Request$/.test(topicName) && type.endsWith("_Request")) {
    return { name: topicName.slice(2, -7), type: type.slice(0, -8), part: "request" };
  }
  if (/^rr\/.+Reply$/.test(topicName) && type.endsWith("_Response")) {
    return { name: topicName.slice(2, -5), type: type.slice(0, -9), part: "response" };
  }
  return undefined;
}

function checkedName(name: string, what: string): string {
  if (rosName.test(name)) return name;
  throw new BridgeError(
    ErrorCode.RosType,
    `${what} name is "${name}", expected a fully qualified one such as /kairos/joint_states`,
  );
}

import type { RosQos, RosTopic } from "../../bridge/contract/ros-transport.ts";
import type { RosService } from "../../bridge/contract/ros-services.ts";
import type { RosTime } from "../messages/message-types.ts";
import type { GoalEnd, RosAction } from "./action-port.ts";
import { structCodec } from "./struct-codec.ts";

/** action_msgs/msg/GoalStatus */
export const GoalStatus = {
  Unknown: 0,
  Accepted: 1,
  Executing: 2,
  Canceling: 3,
  Succeeded: 4,
  Canceled: 5,
  Aborted: 6,
} as const;
export type GoalStatus = (typeof GoalStatus)[keyof typeof GoalStatus];

/** action_msgs/srv/CancelGoal */
export const CancelCode = { None: 0, Rejected: 1, UnknownGoalId: 2, GoalTerminated: 3 } as const;

export const statusOfEnd: Readonly<Record<GoalEnd, GoalStatus>> = {
  succeeded: GoalStatus.Succeeded,
  canceled: GoalStatus.Canceled,
  aborted: GoalStatus.Aborted,
};

export interface Uuid {
  readonly uuid: Uint8Array;
}
export interface GoalInfo {
  readonly goal_id: Uuid;
  readonly stamp: RosTime;
}

export interface ActionEndpoints {
  readonly sendGoal: RosService;
  readonly cancelGoal: RosService;
  readonly getResult: RosService;
  readonly feedback: RosTopic;
  readonly status: RosTopic;
}

/** The services and topics an action is made of (design.ros2.org/articles/actions.html). */
export function actionEndpoints({ name, type }: RosAction): ActionEndpoints {
  const service = (part: string, serviceType: string): RosService => ({
    name: `${name}/_action/${part}`,
    type: serviceType,
  });
  const topic = (part: string, topicType: string, qos: RosQos): RosTopic => ({
    name: `${name}/_action/${part}`,
    type: topicType,
    qos,
  });
  return {
    sendGoal: service("send_goal", `${type}_SendGoal`),
    cancelGoal: service("cancel_goal", "action_msgs/srv/CancelGoal"),
    getResult: service("get_result", `${type}_GetResult`),
    feedback: topic("feedback", `${type}_FeedbackMessage`, {
      reliability: "reliable",
      durability: "volatile",
      depth: 10,
    }),
    // rcl_action_qos_profile_status_default
    status: topic("status", "action_msgs/msg/GoalStatusArray", {
      reliability: "reliable",
      durability: "transient_local",
      depth: 1,
    }),
  };
}

/** Of whatever action: what SendGoal and GetResult add to it does not depend on it. */
const anyAction = "control_msgs/action/FollowJointTrajectory";

export const sendGoalResponse = structCodec<{
  readonly accepted: boolean;
  readonly stamp: RosTime;
}>(`${anyAction}_SendGoal_Response`);

export const cancelRequest = structCodec<{ readonly goal_info: GoalInfo }>(
  "action_msgs/srv/CancelGoal_Request",
);

export const cancelResponse = structCodec<{
  readonly return_code: number;
  readonly goals_canceling: readonly GoalInfo[];
}>("action_msgs/srv/CancelGoal_Response");

export const resultRequest = structCodec<{ readonly goal_id: Uuid }>(
  `${anyAction}_GetResult_Request`,
);

export const statusArray = structCodec<{
  readonly status_list: readonly { readonly goal_info: GoalInfo; readonly status: number }[];
}>("action_msgs/msg/GoalStatusArray");

const headerBytes = 4;
const uuidBytes = 16;

/**
 * A goal or a feedback behind its goal's id, as SendGoal requests and FeedbackMessages have it. The
 * id is 16 octets, a multiple of every alignment of CDR, so what follows keeps its octets.
 */
export function withGoalId(id: string, cdr: Uint8Array): Uint8Array {
  const message = new Uint8Array(cdr.byteLength + uuidBytes);
  message.set(cdr.subarray(0, headerBytes));
  message.set(uuidOf(id).uuid, headerBytes);
  message.set(cdr.subarray(headerBytes), headerBytes + uuidBytes);
  return message;
}

/** The inverse of `withGoalId`; undefined where there is no room for an id. */
export function splitGoalId(
  message: Uint8Array,
): { readonly id: string; readonly cdr: Uint8Array } | undefined {
  if (message.byteLength < headerBytes + uuidBytes) return undefined;
  const cdr = new Uint8Array(message.byteLength - uuidBytes);
  cdr.set(message.subarray(0, headerBytes));
  cdr.set(message.subarray(headerBytes + uuidBytes), headerBytes);
  return { id: idOf({ uuid: message.subarray(headerBytes, headerBytes + uuidBytes) }), cdr };
}

/** A result behind its status, as GetResult responses have it; see `RosAction.resultAlignBytes`. */
export function withStatus(
  { resultAlignBytes }: RosAction,
  status: GoalStatus,
  cdr: Uint8Array,
): Uint8Array {
  const message = new Uint8Array(cdr.byteLength + resultAlignBytes);
  message.set(cdr.subarray(0, headerBytes));
  message[headerBytes] = status;
  message.set(cdr.subarray(headerBytes), headerBytes + resultAlignBytes);
  return message;
}

export function splitStatus(
  { resultAlignBytes }: RosAction,
  message: Uint8Array,
): { readonly status: number; readonly cdr: Uint8Array } | undefined {
  if (message.byteLength < headerBytes + resultAlignBytes) return undefined;
  const cdr = new Uint8Array(message.byteLength - resultAlignBytes);
  cdr.set(message.subarray(0, headerBytes));
  cdr.set(message.subarray(headerBytes + resultAlignBytes), headerBytes);
  return { status: message[headerBytes] ?? GoalStatus.Unknown, cdr };
}

export function idOf({ uuid }: Uuid): string {
  return Buffer.from(uuid).toString("hex");
}

export function uuidOf(id: string): Uuid {
  return { uuid: new Uint8Array(Buffer.from(id, "hex")) };
}

import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import { type MessageField, parseFields, splitParts } from "./definition-parser.ts";
import { controlDefinitions } from "./definitions/control.ts";
import { graphDefinitions } from "./definitions/graph.ts";
import { kairosDefinitions } from "./definitions/kairos.ts";
import { standardDefinitions } from "./definitions/standard.ts";

/** One structure: a message, or what a service or action is made of. */
export interface MessageType {
  /** `sensor_msgs/msg/JointState`, `std_srvs/srv/Trigger_Request`. */
  readonly name: string;
  readonly fields: readonly MessageField[];
}

const definitions: Readonly<Record<string, string>> = {
  ...standardDefinitions,
  ...graphDefinitions,
  ...controlDefinitions,
  ...kairosDefinitions,
};
const known = new Map<string, MessageType>();

/** Messages, services and actions with a definition here, by their ROS names. */
export const definedTypes: readonly string[] = Object.keys(definitions);

/** Whether `messageType` knows it. */
export function isKnownType(name: string): boolean {
  return lookUp(name) !== undefined;
}

/**
 * A structure by its ROS name: of messages their own, of services `_Request`, `_Response`, `_Event`, of
 * actions also `_Goal`, `_Result`, `_Feedback`, `_FeedbackMessage` and the services `_SendGoal` and
 * `_GetResult`, which every action implies (design.ros2.org/articles/actions.html).
 *
 * @throws BridgeError `ros/type` for one without a definition.
 */
export function messageType(name: string): MessageType {
  const type = lookUp(name);
  if (type !== undefined) return type;
  throw new BridgeError(
    ErrorCode.RosType,
    `${name} has no definition, expected one such as sensor_msgs/msg/JointState`,
    { details: { type: name } },
  );
}

/** `name`'s type first, then every message it contains, each once. @throws BridgeError `ros/type` */
export function typeWithParts(name: string): readonly MessageType[] {
  const found = new Map<string, MessageType>();
  const collect = (type: MessageType): void => {
    if (found.has(type.name)) return;
    found.set(type.name, type);
    for (const field of type.fields) if (field.type.includes("/")) collect(messageType(field.type));
  };
  collect(messageType(name));
  return [...found.values()];
}

function lookUp(name: string): MessageType | undefined {
  const found = known.get(name);
  if (found !== undefined) return found;
  const fields = fieldsOf(name);
  if (fields === undefined) return undefined;
  const type = { name, fields };
  known.set(name, type);
  return type;
}

function fieldsOf(name: string): readonly MessageField[] | undefined {
  const [packageName = "", kind] = name.split("/");
  const text = Object.hasOwn(definitions, name) ? definitions[name] : undefined;
  if (kind === "msg") return text === undefined ? undefined : parseFields(text, packageName);
  // A service or action itself is a type, too, but none that travels.
  if (text !== undefined) return kind === "srv" ? serviceFields(name) : undefined;
  const at = name.lastIndexOf("_");
  const owner = name.slice(0, Math.max(0, at));
  const part = name.slice(at + 1);
  const source = partText(owner, part);
  if (source !== undefined) return parseFields(source, packageName);
  return isImpliedService(name) ? serviceFields(name) : undefined;
}

/** The text of a part that a definition holds or implies. */
function partText(owner: string, part: string): string | undefined {
  const text = Object.hasOwn(definitions, owner) ? definitions[owner] : undefined;
  if (text === undefined) return isImpliedService(owner) ? impliedText(owner, part) : undefined;
  const [first, second, third] = splitParts(text);
  if (owner.includes("/srv/")) {
    return { Request: first, Response: second, Event: eventText(owner) }[part];
  }
  const feedbackMessage = `unique_identifier_msgs/UUID goal_id\n${owner}_Feedback feedback`;
  return { Goal: first, Result: second, Feedback: third, FeedbackMessage: feedbackMessage }[part];
}

const impliedService = /^(\w+\/action\/\w+)_(SendGoal|GetResult)$/;

function isImpliedService(name: string): boolean {
  return Object.hasOwn(definitions, impliedService.exec(name)?.[1] ?? "");
}

/** What the two services every action has are made of. */
function impliedText(owner: string, part: string): string | undefined {
  const [, action = "", service = ""] = impliedService.exec(owner) ?? [];
  if (part === "Event") return eventText(owner);
  const goalId = "unique_identifier_msgs/UUID goal_id";
  const parts: Readonly<Record<string, string>> = {
    SendGoal_Request: `${goalId}\n${action}_Goal goal`,
    SendGoal_Response: "bool accepted\nbuiltin_interfaces/Time stamp",
    GetResult_Request: goalId,
    GetResult_Response: `int8 status\n${action}_Result result`,
  };
  return parts[`${service}_${part}`];
}

function eventText(service: string): string {
  return `service_msgs/ServiceEventInfo info
    ${service}_Request[<=1] request
    ${service}_Response[<=1] response`;
}

function serviceFields(service: string): readonly MessageField[] {
  return parseFields(
    `${service}_Request request_message
    ${service}_Response response_message
    ${service}_Event event_message`,
    "",
  );
}

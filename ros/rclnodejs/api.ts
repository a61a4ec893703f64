import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";

/**
 * The part of rclnodejs 2 this host uses, in our own words: its types are only on a machine where it is
 * installed. `checkedRclnodejs` compares it with what was really loaded, so a changed release is an error
 * that names what is missing instead of a crash in native code.
 */
export interface Rclnodejs {
  init(context?: undefined, argv?: readonly string[]): Promise<void>;
  shutdown(): void;
  /** Takes back the SIGINT listener that importing the module registered. */
  removeSignalHandlers(): void;
  readonly Node: new (
    name: string,
    namespace: string,
    context: undefined,
    options: RclNodeOptions,
  ) => RclNode;
  readonly ActionServer: new (
    node: RclNode,
    type: string,
    name: string,
    onExecute: (goal: RclServerGoal) => Promise<object>,
    onGoal: (goal: object) => number,
    onAccepted: undefined,
    onCancel: (goal: RclServerGoal) => Promise<number>,
  ) => RclActionServer;
  readonly ActionClient: new (node: RclNode, type: string, name: string) => RclActionClient;
  readonly GoalResponse: { readonly ACCEPT: number; readonly REJECT: number };
  readonly CancelResponse: { readonly ACCEPT: number; readonly REJECT: number };
  readonly NodeOptions: new (startParameterServices: boolean) => RclNodeOptions;
  readonly QoS: (new (
    history: number,
    depth: number,
    reliability: number,
    durability: number,
    liveliness: number,
  ) => RclQos) & {
    readonly HistoryPolicy: Readonly<Record<string, number>>;
    readonly ReliabilityPolicy: Readonly<Record<string, number>>;
    readonly DurabilityPolicy: Readonly<Record<string, number>>;
    readonly LivelinessPolicy: Readonly<Record<string, number>>;
  };
}

export type RclNodeOptions = object;
export type RclQos = object;
export interface RclNode {
  spin(timeoutMs?: number): void;
  createPublisher(type: string, topic: string, options: { readonly qos: RclQos }): RclPublisher;
  createSubscription(
    type: string,
    topic: string,
    options: { readonly qos: RclQos; readonly isRaw: true },
    onMessage: (cdr: Uint8Array) => void,
  ): RclSubscription;
  destroyPublisher(publisher: RclPublisher): void;
  destroySubscription(subscription: RclSubscription): void;
  /** There is no raw way: requests and responses are plain objects with ROS's field names. */
  createService(
    type: string,
    name: string,
    options: { readonly qos: RclQos },
    onRequest: (request: object, response: RclResponse) => void,
  ): RclService;
  destroyService(service: RclService): void;
  createClient(type: string, name: string, options: { readonly qos: RclQos }): RclClient;
  destroyClient(client: RclClient): void;
  getNodeNamesAndNamespacesWithEnclaves(): readonly RclNodeInfo[];
  getTopicNamesAndTypes(): readonly RclNamedTypes[];
  getServiceNamesAndTypes(): readonly RclNamedTypes[];
  getPublishersInfoByTopic(topic: string): readonly RclEndpointInfo[];
  getSubscriptionsInfoByTopic(topic: string): readonly RclEndpointInfo[];
  getServiceNamesAndTypesByNode(node: string, namespace: string): readonly RclNamedTypes[];
  getClientNamesAndTypesByNode(node: string, namespace: string): readonly RclNamedTypes[];
  getRMWImplementationIdentifier(): string;
}

export interface RclPublisher {
  /** A Buffer is sent as it is, and read without any check: an empty one is a segmentation fault. */
  publish(cdr: Buffer): void;
  /** Typed as a method by the package, a property in fact (2.2.0). */
  readonly subscriptionCount: number | (() => number);
}
export type RclSubscription = object;

export interface RclResponse {
  send(response: object): void;
}

export type RclService = object;

export interface RclClient {
  isServiceServerAvailable(): boolean;
  /** Rejects with an error named TimeoutError when nothing came within `timeout` ms. */
  sendRequestAsync(request: object, options: { readonly timeout: number }): Promise<object>;
}

export interface RclUuid {
  readonly uuid: Uint8Array;
}

export interface RclGoalRequest {
  readonly goal_id: RclUuid;
  /** A wrapper; its sequences are wrappers, too, without a length. */
  readonly goal: { toPlainObject(): object };
}

export interface RclActionServer {
  /** Called by the node for each goal; asks `onGoal`, which must answer at once. */
  processGoalRequest(header: unknown, request: RclGoalRequest): void;
  destroy(): void;
}

export interface RclServerGoal {
  readonly goalId: RclUuid;
  readonly isCancelRequested: boolean;
  publishFeedback(feedback: object): void;
  succeed(): void;
  abort(): void;
  canceled(): void;
}

export interface RclActionClient {
  isActionServerAvailable(): boolean;
  sendGoal(goal: object, onFeedback: (feedback: object) => void): Promise<RclClientGoal>;
  destroy(): void;
}

export interface RclClientGoal {
  isAccepted(): boolean;
  isSucceeded(): boolean;
  isCanceled(): boolean;
  cancelGoal(): Promise<{ readonly goals_canceling: readonly unknown[] }>;
  getResult(): Promise<object>;
}

export interface RclNodeInfo {
  readonly name: string;
  readonly namespace: string;
  readonly enclave: string;
}
export interface RclNamedTypes {
  readonly name: string;
  readonly types: readonly string[];
}
export interface RclEndpointInfo {
  readonly node_name: string;
  readonly node_namespace: string;
  readonly topic_type: string;
  /** Since Iron. */
  readonly topic_type_hash?: { readonly version: number; readonly value: Uint8Array };
  readonly qos_profile: {
    readonly depth: number;
    readonly history: number;
    readonly reliability: number;
    readonly durability: number;
    readonly liveliness: number;
  };
}

const members = {
  functions: ["init", "shutdown", "removeSignalHandlers", "Node", "NodeOptions", "QoS"],
  nodeMethods: [
    "spin",
    "createPublisher",
    "createSubscription",
    "destroyPublisher",
    "destroySubscription",
    "createService",
    "destroyService",
    "createClient",
    "destroyClient",
    "getNodeNamesAndNamespacesWithEnclaves",
    "getTopicNamesAndTypes",
    "getServiceNamesAndTypes",
    "getPublishersInfoByTopic",
    "getSubscriptionsInfoByTopic",
    "getServiceNamesAndTypesByNode",
    "getClientNamesAndTypesByNode",
    "getRMWImplementationIdentifier",
  ],
  objects: ["GoalResponse", "CancelResponse"],
  policies: ["HistoryPolicy", "ReliabilityPolicy", "DurabilityPolicy", "LivelinessPolicy"],
} as const;

/**
 * What was imported, if it is what this host was written for.
 *
 * @throws BridgeError `ros/transport` naming everything that is missing.
 */
export function checkedRclnodejs(imported: unknown): Rclnodejs {
  const module = property(imported, "default") ?? imported;
  const missing: string[] = members.functions.filter(
    (name) => typeof property(module, name) !== "function",
  );
  const prototype = property(property(module, "Node"), "prototype");
  for (const name of members.nodeMethods) {
    if (typeof property(prototype, name) !== "function") missing.push(`Node.${name}`);
  }
  for (const name of members.objects) {
    if (typeof property(module, name) !== "object") missing.push(name);
  }
  for (const name of members.policies) {
    if (typeof property(property(module, "QoS"), name) !== "object") missing.push(`QoS.${name}`);
  }
  if (missing.length === 0) return module as Rclnodejs;
  throw new BridgeError(
    ErrorCode.RosTransport,
    `rclnodejs has no ${missing.join(", ")}; this bridge was written for release 2.2`,
    { details: { missing } },
  );
}

/** Undefined for everything that has no such property. */
function property(of: unknown, name: string): unknown {
  if ((typeof of !== "object" && typeof of !== "function") || of === null) return undefined;
  return (of as Record<string, unknown>)[name];
}

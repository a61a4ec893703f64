import type {
  RosEndpointInfo,
  RosGraph,
  RosNodeInfo,
  RosServiceInfo,
  RosTopicInfo,
} from "../../../bridge/contract/ros-services.ts";
import type { RosQos } from "../../../bridge/contract/ros-transport.ts";
import type { EndpointData } from "../params/discovery-data.ts";
import { Durability, type EndpointQos, LivelinessKind } from "../params/qos.ts";
import { guidKey } from "../wire/guid.ts";
import type { GraphNode } from "./graph-info.ts";
import { rosServiceOf, rosTypeName } from "./names.ts";
import { userDataValue } from "./user-data.ts";

/** What is known of one participant: a peer's announcements, or our own. */
export interface GraphParticipant {
  /** USER_DATA. */
  readonly userData: string;
  readonly nodes: readonly GraphNode[];
  readonly writers: Iterable<EndpointData>;
  readonly readers: Iterable<EndpointData>;
}

/** Topics and services with a leading underscore are hidden in ROS; here they are shown like others. */
export function graphOf(participants: Iterable<GraphParticipant>): RosGraph {
  const collector = new GraphCollector();
  for (const participant of participants) collector.add(participant);
  return collector.graph();
}

type Mutable<T> = {
  -readonly [Key in keyof T]: T[Key] extends readonly (infer Item)[] ? Item[] : T[Key];
};

class GraphCollector {
  readonly #nodes: RosNodeInfo[] = [];
  readonly #topics = new Map<string, Mutable<RosTopicInfo>>();
  readonly #services = new Map<string, Mutable<RosServiceInfo>>();

  add({ userData, nodes, writers, readers }: GraphParticipant): void {
    const enclave = userDataValue(userData, "enclave") || "/";
    const nodeOf = new Map<string, string>();
    for (const node of nodes) {
      const name = `${node.namespace === "/" ? "" : node.namespace}/${node.name}`;
      this.#nodes.push({ name, enclave });
      for (const guid of [...node.writers, ...node.readers]) nodeOf.set(guidKey(guid), name);
    }
    const nodeName = ({ guid }: EndpointData): string => nodeOf.get(guidKey(guid)) ?? "";
    for (const writer of writers) this.#addEndpoint(writer, "writer", nodeName(writer));
    for (const reader of readers) this.#addEndpoint(reader, "reader", nodeName(reader));
  }

  #addEndpoint(data: EndpointData, kind: "writer" | "reader", node: string): void {
    const service = rosServiceOf(data);
    if (service !== undefined) {
      this.#addServiceEnd(service, kind, node);
      return;
    }
    // What has no ROS prefix belongs to DDS programs, and to ROS itself.
    if (!data.topicName.startsWith("rt/")) return;
    const name = data.topicName.slice(2);
    const topic = this.#topics.get(name) ?? { name, types: [], publishers: [], subscriptions: [] };
    this.#topics.set(name, topic);
    const type = rosTypeName(data.typeName);
    addOnce(topic.types, type);
    const info: RosEndpointInfo = {
      node,
      type,
      typeHash: userDataValue(data.userData, "typehash"),
      qos: rosQos(data.qos),
    };
    (kind === "writer" ? topic.publishers : topic.subscriptions).push(info);
  }

  /** Each side has two endpoints; the one that receives counts: a server's requests, a client's responses. */
  #addServiceEnd(
    { name, type, part }: { readonly name: string; readonly type: string; readonly part: string },
    kind: "writer" | "reader",
    node: string,
  ): void {
    const service = this.#services.get(name) ?? { name, types: [], servers: [], clients: [] };
    this.#services.set(name, service);
    addOnce(service.types, type);
    if (kind === "reader") (part === "request" ? service.servers : service.clients).push(node);
  }

  graph(): RosGraph {
    return {
      nodes: this.#nodes.sort(byName),
      topics: [...this.#topics.values()].sort(byName),
      services: [...this.#services.values()].sort(byName),
    };
  }
}

function rosQos(qos: EndpointQos): RosQos {
  return {
    reliability: qos.reliable ? "reliable" : "best_effort",
    durability: qos.durability >= Durability.TransientLocal ? "transient_local" : "volatile",
    depth: qos.depth,
    history: qos.keepAll ? "keep_all" : "keep_last",
    ...(Number.isFinite(qos.deadlineMs) ? { deadlineMs: qos.deadlineMs } : {}),
    ...(Number.isFinite(qos.lifespanMs) ? { lifespanMs: qos.lifespanMs } : {}),
    liveliness: qos.livelinessKind === LivelinessKind.ByTopic ? "manual_by_topic" : "automatic",
    ...(Number.isFinite(qos.livelinessLeaseMs) ? { livelinessLeaseMs: qos.livelinessLeaseMs } : {}),
  };
}

function addOnce(list: string[], item: string): void {
  if (!list.includes(item)) list.push(item);
}

function byName(one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name < other.name ? -1 : one.name > other.name ? 1 : 0;
}

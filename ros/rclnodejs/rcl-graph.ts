import type { RosEndpointInfo, RosGraph } from "../../bridge/contract/ros-services.ts";
import type { RosQos } from "../../bridge/contract/ros-transport.ts";
import type { RclEndpointInfo, RclNamedTypes, RclNode, RclNodeInfo } from "./api.ts";

/** The ROS graph as rcl knows it. Asks it several times per topic and node: for people, not for loops. */
export function rclGraph(node: RclNode): RosGraph {
  const nodes = node.getNodeNamesAndNamespacesWithEnclaves();
  return {
    nodes: sorted(nodes.map((each) => ({ name: fullName(each), enclave: each.enclave }))),
    topics: sorted(
      node.getTopicNamesAndTypes().map(({ name, types }) => ({
        name,
        types,
        publishers: node.getPublishersInfoByTopic(name).map(endpoint),
        subscriptions: node.getSubscriptionsInfoByTopic(name).map(endpoint),
      })),
    ),
    services: services(node, nodes),
  };
}

function services(node: RclNode, nodes: readonly RclNodeInfo[]): RosGraph["services"] {
  const found = new Map<
    string,
    { types: readonly string[]; servers: string[]; clients: string[] }
  >();
  for (const { name, types } of node.getServiceNamesAndTypes()) {
    found.set(name, { types, servers: [], clients: [] });
  }
  for (const each of nodes) {
    const { name: nodeName, namespace } = each;
    for (const { name } of ifThere(() => node.getServiceNamesAndTypesByNode(nodeName, namespace))) {
      found.get(name)?.servers.push(fullName(each));
    }
    for (const { name } of ifThere(() => node.getClientNamesAndTypesByNode(nodeName, namespace))) {
      found.get(name)?.clients.push(fullName(each));
    }
  }
  return sorted([...found].map(([name, ends]) => ({ name, ...ends })));
}

/** rcl throws for a node that has left since it was listed. */
function ifThere(ask: () => readonly RclNamedTypes[]): readonly RclNamedTypes[] {
  try {
    return ask();
  } catch {
    return [];
  }
}

function endpoint(info: RclEndpointInfo): RosEndpointInfo {
  return {
    node: fullName({ name: info.node_name, namespace: info.node_namespace }),
    type: info.topic_type,
    typeHash: typeHash(info),
    qos: qosOf(info.qos_profile),
  };
}

/** REP 2016's text form. */
function typeHash({ topic_type_hash: hash }: RclEndpointInfo): string {
  if (hash === undefined || hash.version === 0) return "";
  const version = String(hash.version).padStart(2, "0");
  return `RIHS${version}_${Buffer.from(hash.value).toString("hex")}`;
}

/** Numbers as in rmw/types.h. */
function qosOf(profile: RclEndpointInfo["qos_profile"]): RosQos {
  return {
    reliability: profile.reliability === 2 ? "best_effort" : "reliable",
    durability: profile.durability === 1 ? "transient_local" : "volatile",
    depth: profile.depth,
    history: profile.history === 2 ? "keep_all" : "keep_last",
    liveliness: profile.liveliness === 3 ? "manual_by_topic" : "automatic",
  };
}

function fullName({ name, namespace }: { readonly name: string; readonly namespace: string }) {
  return `${namespace === "/" ? "" : namespace}/${name}`;
}

function sorted<Named extends { readonly name: string }>(list: Named[]): Named[] {
  return list.sort((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0));
}

import { type Guid, guidToBytes } from "../wire/guid.ts";
import { defaultQos, Durability, type EndpointQos } from "../params/qos.ts";

/** The topic by which `ros2 node list` learns of nodes: not mangled, one sample per participant. */
export const graphTopic = {
  topicName: "ros_discovery_info",
  typeName: "rmw_dds_common::msg::dds_::ParticipantEntitiesInfo_",
} as const;

export const graphQos: EndpointQos = {
  ...defaultQos,
  reliable: true,
  durability: Durability.TransientLocal,
};

/** A ROS node as others see it. */
export interface GraphNode {
  /** `/` or e.g. `/kairos`. */
  readonly namespace: string;
  readonly name: string;
  readonly readers: readonly Guid[];
  readonly writers: readonly Guid[];
}

/**
 * Serializes rmw_dds_common/msg/ParticipantEntitiesInfo of one node: gid, then per node namespace, name,
 * reader gids, writer gids. GIDs have 16 octets since ROS 2 Iron (24 in Humble and older, zero-filled).
 */
export function encodeGraphInfo(
  participant: Guid,
  node: GraphNode,
  gidBytes: 16 | 24 = 16,
): Uint8Array {
  const chunks: Uint8Array[] = [gid(participant, gidBytes), u32(1)];
  chunks.push(text(node.namespace), text(node.name));
  for (const list of [node.readers, node.writers]) {
    chunks.push(u32(list.length), ...list.map((guid) => gid(guid, gidBytes)));
  }
  return Buffer.concat([Buffer.from([0x00, 0x01, 0x00, 0x00]), ...chunks]);
}

function gid(guid: Guid, gidBytes: number): Uint8Array {
  return Buffer.concat([guidToBytes(guid), Buffer.alloc(gidBytes - 16)]);
}

function u32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value, 0);
  return bytes;
}

/** Padded, because everything behind a string starts at a multiple of 4. */
function text(value: string): Uint8Array {
  const body = Buffer.from(`${value}\0`, "utf8");
  return Buffer.concat([u32(body.length), body, Buffer.alloc(-body.length & 3)]);
}

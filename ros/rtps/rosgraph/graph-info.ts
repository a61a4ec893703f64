import { MalformedData } from "../params/params.ts";
import { defaultQos, Durability, type EndpointQos } from "../params/qos.ts";
import { type Guid, guidFromBytes, guidToBytes } from "../wire/guid.ts";

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

export interface GraphInfo {
  readonly participant: Guid;
  readonly nodes: readonly GraphNode[];
}

/** rmw_dds_common bounds names at 256 characters; a process has some dozens of nodes at most. */
const maxNameBytes = 257;
const maxNodes = 256;
const maxEndpointsPerNode = 4096;

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

/**
 * Reads a peer's, with GIDs of either length: read with the wrong one, the text does not come out even.
 *
 * @throws MalformedData when it does with neither.
 */
export function decodeGraphInfo(payload: Buffer): GraphInfo {
  let problem: unknown;
  for (const gidBytes of [16, 24] as const) {
    try {
      return new GraphInfoReader(payload, gidBytes).read();
    } catch (error) {
      problem ??= error;
    }
  }
  throw problem;
}

class GraphInfoReader {
  readonly #payload: Buffer;
  readonly #gidBytes: number;
  readonly #littleEndian: boolean;
  #offset = 4;

  constructor(payload: Buffer, gidBytes: number) {
    this.#payload = payload;
    this.#gidBytes = gidBytes;
    if (payload.length < 4 || payload[0] !== 0 || (payload[1] ?? 2) > 1) {
      throw new MalformedData("graph info in an encapsulation that is not CDR");
    }
    this.#littleEndian = payload[1] === 1;
  }

  read(): GraphInfo {
    const participant = this.#gid();
    const nodes = this.#list(maxNodes, () => this.#node());
    // RTPS pads a sample to a multiple of 4.
    const left = this.#payload.length - this.#offset;
    if (left > 3) throw new MalformedData(`graph info with ${left} octets too many`);
    return { participant, nodes };
  }

  #node(): GraphNode {
    const namespace = this.#text();
    const name = this.#text();
    const readers = this.#list(maxEndpointsPerNode, () => this.#gid());
    const writers = this.#list(maxEndpointsPerNode, () => this.#gid());
    return { namespace, name, readers, writers };
  }

  #list<T>(maxCount: number, item: () => T): T[] {
    const count = this.#u32();
    if (count > maxCount) throw new MalformedData(`list of ${count}, limit is ${maxCount}`);
    return Array.from({ length: count }, item);
  }

  #gid(): Guid {
    const start = this.#take(this.#gidBytes);
    return guidFromBytes(this.#payload, start);
  }

  #u32(): number {
    this.#offset += -(this.#offset - 4) & 3;
    const start = this.#take(4);
    return this.#littleEndian
      ? this.#payload.readUInt32LE(start)
      : this.#payload.readUInt32BE(start);
  }

  #text(): string {
    const length = this.#u32();
    if (length < 1 || length > maxNameBytes) {
      throw new MalformedData(`name of ${length} octets, limit is ${maxNameBytes}`);
    }
    const start = this.#take(length);
    return this.#payload.toString("utf8", start, start + length - 1);
  }

  #take(bytes: number): number {
    const start = this.#offset;
    if (start + bytes > this.#payload.length) throw new MalformedData("graph info breaks off");
    this.#offset += bytes;
    return start;
  }
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

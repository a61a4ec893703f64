import {
  common,
  minimal,
  MavLinkPacketParser,
  MavLinkPacketSplitter,
  MavLinkProtocolV2,
  standard,
  type MavLinkData,
  type MavLinkDataConstructor,
  type MavLinkPacket,
} from "node-mavlink";
import { PassThrough } from "node:stream";

/** A message as node-mavlink knows it, fields by the names of the definitions. */
export type PeerValues = Record<string, unknown>;

const classes: Readonly<Record<number, MavLinkDataConstructor<MavLinkData>>> = {
  ...minimal.REGISTRY,
  ...standard.REGISTRY,
  ...common.REGISTRY,
};

export function peerClass(id: number): MavLinkDataConstructor<MavLinkData> {
  const found = classes[id];
  if (found === undefined) throw new Error(`node-mavlink has no message ${id}`);
  return found;
}

export function peerMessage(id: number, values: PeerValues): MavLinkData {
  const made = new (peerClass(id))() as MavLinkData & Record<string, unknown>;
  for (const { name, source, type } of peerClass(id).FIELDS) {
    const value = values[source];
    if (value !== undefined) made[name] = value instanceof Float64Array ? [...value] : value;
    else if (type.endsWith("[]")) made[name] = type === "char[]" ? "" : [];
    else if (type.includes("64")) made[name] = 0n;
    else made[name] ??= 0;
  }
  return made;
}

/** Bytes of a frame as node-mavlink makes them. */
export function peerFrame(
  id: number,
  values: PeerValues,
  { from = [255, 190], sequence = 0 }: { from?: readonly [number, number]; sequence?: number } = {},
): Buffer {
  return new MavLinkProtocolV2(...from).serialize(peerMessage(id, values), sequence);
}

/** What node-mavlink reads in bytes, packet by packet. */
export async function peerPackets(bytes: Uint8Array): Promise<readonly MavLinkPacket[]> {
  const found: MavLinkPacket[] = [];
  const input = new PassThrough();
  const parser = input.pipe(new MavLinkPacketSplitter()).pipe(new MavLinkPacketParser());
  parser.on("data", (packet: MavLinkPacket) => found.push(packet));
  const ended = new Promise((resolve) => parser.on("end", resolve));
  input.end(bytes);
  await ended;
  return found;
}

export function peerValues(packet: MavLinkPacket): PeerValues {
  const clazz = peerClass(packet.header.msgid);
  const data = packet.protocol.data(packet.payload, clazz) as unknown as Record<string, unknown>;
  return Object.fromEntries(clazz.FIELDS.map(({ name, source }) => [source, data[name]]));
}

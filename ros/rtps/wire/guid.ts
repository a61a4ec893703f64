import { randomBytes } from "node:crypto";
import { prefixBytes, vendorId } from "./protocol.ts";

/**
 * The 12 octets that name a participant, as a latin1 string: one native call to take from a datagram,
 * and a key a Map understands.
 */
export type PrefixKey = string;

/** What names an endpoint in the world. */
export interface Guid {
  readonly prefix: PrefixKey;
  /** Four octets as a big-endian number. */
  readonly entityId: number;
}

/** A new participant's prefix: our vendor id (required by 8.2.4.1 to come first), the rest random. */
export function randomPrefix(): PrefixKey {
  const bytes = randomBytes(prefixBytes);
  bytes.writeUInt16BE(vendorId, 0);
  return bytes.toString("latin1");
}

export function prefixToBytes(prefix: PrefixKey): Buffer {
  return Buffer.from(prefix, "latin1");
}

/** The 16 octets of a GUID, also its key hash and its ROS GID. */
export function guidToBytes(guid: Guid): Buffer {
  const bytes = Buffer.alloc(prefixBytes + 4);
  bytes.write(guid.prefix, 0, "latin1");
  bytes.writeUInt32BE(guid.entityId, prefixBytes);
  return bytes;
}

/** Reads 16 octets at `offset`; the caller has checked that they are there. */
export function guidFromBytes(bytes: Buffer, offset = 0): Guid {
  return {
    prefix: bytes.toString("latin1", offset, offset + prefixBytes),
    entityId: bytes.readUInt32BE(offset + prefixBytes),
  };
}

export function guidKey(guid: Guid): string {
  return guid.prefix + String.fromCharCode(guid.entityId >>> 16, guid.entityId & 0xffff);
}

/** For logs: `01f7a0….000003c2`. */
export function guidText(guid: Guid): string {
  return `${prefixToBytes(guid.prefix).toString("hex")}.${guid.entityId.toString(16).padStart(8, "0")}`;
}

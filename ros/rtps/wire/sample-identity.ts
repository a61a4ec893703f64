import { type Guid, guidFromBytes, guidToBytes } from "./guid.ts";
import { SequenceNumber } from "./sequence-number.ts";

/** Names one sample in the world: whose, and which. What ties a reply to its request (DDS-RPC 1.0, 7.8.2). */
export interface SampleIdentity {
  readonly guid: Guid;
  /** NaN = unknown. */
  readonly sequenceNumber: number;
}

export const sampleIdentityBytes = 24;

/** The 24 octets at `offset`; the caller has checked that they are there. */
export function readSampleIdentity(
  from: Buffer,
  offset: number,
  littleEndian: boolean,
): SampleIdentity {
  return {
    guid: guidFromBytes(from, offset),
    sequenceNumber: SequenceNumber.read(from, offset + 16, littleEndian),
  };
}

/** Little endian; returns the offset behind it. */
export function writeSampleIdentity(
  into: Buffer,
  offset: number,
  { guid, sequenceNumber }: SampleIdentity,
): number {
  into.set(guidToBytes(guid), offset);
  if (!Number.isNaN(sequenceNumber)) {
    return SequenceNumber.write(into, offset + 16, sequenceNumber);
  }
  // 8.3.5.4: SEQUENCENUMBER_UNKNOWN.
  into.writeInt32LE(-1, offset + 16);
  return into.writeUInt32LE(0, offset + 20);
}

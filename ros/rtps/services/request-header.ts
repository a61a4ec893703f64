import { MalformedData } from "../params/params.ts";

/**
 * What rmw_cyclonedds puts in front of every request and response, behind the encapsulation header: who
 * asks (8 octets the client chose) and its number of the request. The server sends both back.
 *
 * | octets | what                                    |
 * | ------ | --------------------------------------- |
 * | 0..7   | client, an opaque number                |
 * | 8..15  | sequence number, in the payload's order |
 *
 * 16 octets, so what follows stays aligned as it was (CDR aligns to 8 at most).
 */
export interface RequestHeader {
  readonly client: bigint;
  readonly sequenceNumber: bigint;
}

const encapsulationBytes = 4;
export const requestHeaderBytes = 16;

/** Splits what a Cyclone DDS peer sent. @throws MalformedData when it is too short. */
export function takeRequestHeader(payload: Uint8Array): {
  readonly header: RequestHeader;
  /** The message without it, in a buffer of its own. */
  readonly cdr: Uint8Array;
} {
  const start = encapsulationBytes + requestHeaderBytes;
  if (payload.length < start) {
    throw new MalformedData(`call of ${payload.length} octets, expected at least ${start}`);
  }
  const view = new DataView(payload.buffer, payload.byteOffset);
  const littleEndian = ((payload[1] ?? 0) & 1) === 1;
  const cdr = new Uint8Array(payload.length - requestHeaderBytes);
  cdr.set(payload.subarray(0, encapsulationBytes));
  cdr.set(payload.subarray(start), encapsulationBytes);
  const header = {
    client: view.getBigUint64(encapsulationBytes, littleEndian),
    sequenceNumber: view.getBigInt64(encapsulationBytes + 8, littleEndian),
  };
  return { header, cdr };
}

/** The message with the header in it, in the byte order that its encapsulation states. */
export function addRequestHeader(cdr: Uint8Array, header: RequestHeader): Uint8Array {
  const payload = new Uint8Array(cdr.length + requestHeaderBytes);
  payload.set(cdr.subarray(0, encapsulationBytes));
  payload.set(cdr.subarray(encapsulationBytes), encapsulationBytes + requestHeaderBytes);
  const view = new DataView(payload.buffer);
  const littleEndian = ((cdr[1] ?? 0) & 1) === 1;
  view.setBigUint64(encapsulationBytes, header.client, littleEndian);
  view.setBigInt64(encapsulationBytes + 8, header.sequenceNumber, littleEndian);
  return payload;
}

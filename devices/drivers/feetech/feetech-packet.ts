import type { FrameFormat } from "../serial/frame-scanner.ts";
import {
  emptyReply,
  type Block,
  type ServoProtocol,
  type StatusReply,
} from "../servo-bus/servo-protocol.ts";

/** Instructions of the STS, SMS and SCS series. Factory reset (0x06) is never sent. */
export const FeetechInstruction = {
  Ping: 0x01,
  Read: 0x02,
  Write: 0x03,
  RegWrite: 0x04,
  Action: 0x05,
  SyncRead: 0x82,
  SyncWrite: 0x83,
} as const;

export const feetechBroadcastId = 0xfe;

const headerBytes = 4;
/** A length is one byte, and counts everything after itself. */
const maxFrameBytes = headerBytes + 255;

/**
 * ```
 * 0  FF FF      header
 * 2  id
 * 3  uint8      length of what follows
 * 4  instruction, or a status packet's error bits
 * 5  parameters
 *    uint8      complement of the sum from id on
 * ```
 */
const format: FrameFormat = {
  begins: (byte) => byte === 0xff,
  lengthAt: (bytes, start, end) => {
    if (end > start + 1 && bytes[start + 1] !== 0xff) return -1;
    // An id is at most FE: a third FF means the header begins one byte later.
    if (end > start + 2 && bytes[start + 2] === 0xff) return -1;
    if (end - start < headerBytes) return 0;
    const length = bytes[start + 3] ?? 0;
    return length < 2 ? -1 : headerBytes + length;
  },
  isIntact: (bytes, start, length) =>
    checksum(bytes, start + 2, start + length - 1) === bytes[start + length - 1],
};

/** // hot path */
function checksum(bytes: Uint8Array, start: number, end: number): number {
  let sum = 0;
  for (let at = start; at < end; at += 1) sum += bytes[at] ?? 0;
  return ~sum & 0xff;
}

/**
 * Codec of Feetech's serial bus servos. Registers of two bytes lie low byte first in the magnetic series
 * (STS, SMS) and high byte first in the potentiometer series (SCS): that is the register map's business.
 */
export class FeetechPackets implements ServoProtocol {
  readonly frame = new Uint8Array(maxFrameBytes);
  readonly format = format;
  readonly maxFrameBytes = maxFrameBytes;
  readonly #reply = emptyReply();
  #length = 0;

  ping(id: number): number {
    this.#begin(id, FeetechInstruction.Ping);
    return this.#finish();
  }

  read(id: number, block: Block): number {
    this.#begin(id, FeetechInstruction.Read);
    this.#put(block.address);
    this.#put(block.count);
    return this.#finish();
  }

  write(id: number, address: number, data: Uint8Array): number {
    return this.#write(FeetechInstruction.Write, id, address, data);
  }

  /** Like `write`, but done at the next `action`. */
  regWrite(id: number, address: number, data: Uint8Array): number {
    return this.#write(FeetechInstruction.RegWrite, id, address, data);
  }

  action(id: number): number {
    this.#begin(id, FeetechInstruction.Action);
    return this.#finish();
  }

  syncRead(block: Block, ids: Uint8Array): number {
    this.#begin(feetechBroadcastId, FeetechInstruction.SyncRead);
    this.#put(block.address);
    this.#put(block.count);
    this.#putBytes(ids, 0, ids.length);
    return this.#finish();
  }

  syncWrite(block: Block, ids: Uint8Array, data: Uint8Array): number {
    this.#begin(feetechBroadcastId, FeetechInstruction.SyncWrite);
    this.#put(block.address);
    this.#put(block.count);
    for (let index = 0; index < ids.length; index += 1) {
      this.#put(ids[index] ?? 0);
      this.#putBytes(data, index * block.count, block.count);
    }
    return this.#finish();
  }

  /** Requests and answers look alike: only who listens knows that it asked. */
  eachReply(
    bytes: Uint8Array,
    start: number,
    length: number,
    _dataCount: number,
    onReply: (reply: StatusReply) => void,
  ): void {
    const reply = this.#reply;
    reply.id = bytes[start + 2] ?? 0;
    reply.error = bytes[start + 4] ?? 0;
    reply.bytes = bytes;
    reply.start = start + 5;
    reply.length = length - 6;
    if (reply.id !== feetechBroadcastId) onReply(reply);
  }

  statusBytes(dataCount: number): number {
    return headerBytes + 2 + dataCount;
  }

  requestBytes(parameterCount: number): number {
    return headerBytes + 2 + parameterCount;
  }

  #write(instruction: number, id: number, address: number, data: Uint8Array): number {
    this.#begin(id, instruction);
    this.#put(address);
    this.#putBytes(data, 0, data.length);
    return this.#finish();
  }

  #begin(id: number, instruction: number): void {
    this.frame[0] = this.frame[1] = 0xff;
    this.frame[2] = id;
    this.frame[4] = instruction;
    this.#length = 5;
  }

  #put(byte: number): void {
    this.frame[this.#length++] = byte;
  }

  #putBytes(bytes: Uint8Array, start: number, count: number): void {
    for (let index = 0; index < count; index += 1) this.#put(bytes[start + index] ?? 0);
  }

  #finish(): number {
    const end = this.#length;
    this.frame[3] = end - headerBytes + 1;
    this.frame[end] = checksum(this.frame, 2, end);
    return end + 1;
  }
}

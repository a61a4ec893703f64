import {
  emptyReply,
  type Block,
  type ServoProtocol,
  type StatusReply,
} from "../servo-bus/servo-protocol.ts";
import { crc16 } from "./crc16.ts";
import {
  crcBytes,
  dynamixelFormat,
  endsLikeHeader,
  headerBytes,
  isFastAnswer,
  maxFrameBytes,
  unstuff,
} from "./dynamixel-frame.ts";

/** Instructions of Protocol 2.0. Factory reset (0x06) is left out on purpose: it is never sent. */
export const DynamixelInstruction = {
  Ping: 0x01,
  Read: 0x02,
  Write: 0x03,
  RegWrite: 0x04,
  Action: 0x05,
  Reboot: 0x08,
  Clear: 0x10,
  Status: 0x55,
  SyncRead: 0x82,
  SyncWrite: 0x83,
  FastSyncRead: 0x8a,
  BulkRead: 0x92,
  BulkWrite: 0x93,
} as const;

export const dynamixelBroadcastId = 0xfe;

/** Bit 7 of a status packet's error byte: the servo has a hardware error, to be read from its table. */
export const dynamixelAlertBit = 0x80;

/** The rest of the error byte: what was wrong with the request. */
const requestErrors = [
  "",
  "result fail",
  "instruction error",
  "CRC error",
  "data range error",
  "data length error",
  "data limit error",
  "access error",
] as const;

export function dynamixelRequestError(error: number): string {
  const number = error & 0x7f;
  return requestErrors[number] ?? `error ${number}`;
}

/** Codec of ROBOTIS Protocol 2.0. One object per line: the frame buffer is its own. */
export class DynamixelPackets implements ServoProtocol {
  readonly frame = new Uint8Array(maxFrameBytes);
  readonly format = dynamixelFormat;
  readonly maxFrameBytes = maxFrameBytes;
  readonly blockBytes = 4;
  readonly #reply = emptyReply();
  #length = 0;

  ping(id: number): number {
    this.#begin(id, DynamixelInstruction.Ping);
    return this.#finish();
  }

  read(id: number, block: Block): number {
    this.#begin(id, DynamixelInstruction.Read);
    this.#putBlock(block);
    return this.#finish();
  }

  write(id: number, address: number, data: Uint8Array): number {
    return this.#write(DynamixelInstruction.Write, id, address, data);
  }

  /** Like `write`, but done at the next `action`. */
  regWrite(id: number, address: number, data: Uint8Array): number {
    return this.#write(DynamixelInstruction.RegWrite, id, address, data);
  }

  action(id: number): number {
    this.#begin(id, DynamixelInstruction.Action);
    return this.#finish();
  }

  reboot(id: number): number {
    this.#begin(id, DynamixelInstruction.Reboot);
    return this.#finish();
  }

  /** Turns counted in extended position mode back to zero; only while the servo stands. */
  clearTurns(id: number): number {
    this.#begin(id, DynamixelInstruction.Clear);
    for (const byte of [0x01, 0x44, 0x58, 0x4c, 0x22]) this.#put(byte);
    return this.#finish();
  }

  syncRead(block: Block, ids: Uint8Array): number {
    return this.#syncRead(DynamixelInstruction.SyncRead, block, ids);
  }

  /** All servos answer within one packet; firmware since 2021, by model. */
  fastSyncRead(block: Block, ids: Uint8Array): number {
    return this.#syncRead(DynamixelInstruction.FastSyncRead, block, ids);
  }

  syncWrite(block: Block, ids: Uint8Array, data: Uint8Array): number {
    this.#begin(dynamixelBroadcastId, DynamixelInstruction.SyncWrite);
    this.#putBlock(block);
    for (let index = 0; index < ids.length; index += 1) {
      this.#put(ids[index] ?? 0);
      this.#putBytes(data, index * block.count, block.count);
    }
    return this.#finish();
  }

  /** @param blocks one per servo, in the order of `ids`; no id twice. */
  bulkRead(ids: Uint8Array, blocks: readonly Block[]): number {
    this.#begin(dynamixelBroadcastId, DynamixelInstruction.BulkRead);
    for (const [index, block] of blocks.entries()) {
      this.#put(ids[index] ?? 0);
      this.#putBlock(block);
    }
    return this.#finish();
  }

  bulkWrite(ids: Uint8Array, addresses: readonly number[], data: readonly Uint8Array[]): number {
    this.#begin(dynamixelBroadcastId, DynamixelInstruction.BulkWrite);
    for (const [index, bytes] of data.entries()) {
      this.#put(ids[index] ?? 0);
      this.#putWord(addresses[index] ?? 0);
      this.#putWord(bytes.length);
      this.#putBytes(bytes, 0, bytes.length);
    }
    return this.#finish();
  }

  /** Takes the stuffing out in place. */
  eachReply(
    bytes: Uint8Array,
    start: number,
    length: number,
    dataCount: number,
    onReply: (reply: StatusReply) => void,
  ): void {
    const at = start + headerBytes;
    if (bytes[at] !== DynamixelInstruction.Status || length < headerBytes + 4) return;
    const id = bytes[start + 4] ?? 0;
    if (id === dynamixelBroadcastId) {
      this.#eachFastReply(bytes, start, start + length, dataCount, onReply);
      return;
    }
    const reply = this.#reply;
    reply.id = id;
    reply.error = bytes[at + 1] ?? 0;
    reply.bytes = bytes;
    reply.start = at + 2;
    reply.length = unstuff(bytes, at, start + length - crcBytes) - reply.start;
    onReply(reply);
  }

  statusBytes(dataCount: number): number {
    return headerBytes + 2 + dataCount + crcBytes;
  }

  requestBytes(parameterCount: number): number {
    return headerBytes + 1 + parameterCount + crcBytes;
  }

  /** Each servo adds error, id, data and the CRC so far; the last CRC is the packet's. No stuffing. */
  #eachFastReply(
    bytes: Uint8Array,
    start: number,
    end: number,
    dataCount: number,
    onReply: (reply: StatusReply) => void,
  ): void {
    const reply = this.#reply;
    const from = start + headerBytes + 1;
    const stride = 2 + dataCount + crcBytes;
    if (!isFastAnswer(bytes, start, from, end, stride)) return;
    for (let at = from; at < end; at += stride) {
      reply.error = bytes[at] ?? 0;
      reply.id = bytes[at + 1] ?? 0;
      reply.bytes = bytes;
      reply.start = at + 2;
      reply.length = dataCount;
      onReply(reply);
    }
  }

  #write(instruction: number, id: number, address: number, data: Uint8Array): number {
    this.#begin(id, instruction);
    this.#putWord(address);
    this.#putBytes(data, 0, data.length);
    return this.#finish();
  }

  #syncRead(instruction: number, block: Block, ids: Uint8Array): number {
    this.#begin(dynamixelBroadcastId, instruction);
    this.#putBlock(block);
    this.#putBytes(ids, 0, ids.length);
    return this.#finish();
  }

  #begin(id: number, instruction: number): void {
    const { frame } = this;
    frame[0] = frame[1] = 0xff;
    frame[2] = 0xfd;
    frame[3] = 0;
    frame[4] = id;
    this.#length = headerBytes;
    this.#put(instruction);
  }

  #put(byte: number): void {
    this.frame[this.#length++] = byte;
    if (endsLikeHeader(this.frame, this.#length)) this.frame[this.#length++] = 0xfd;
  }

  #putWord(value: number): void {
    this.#put(value & 0xff);
    this.#put((value >> 8) & 0xff);
  }

  #putBlock(block: Block): void {
    this.#putWord(block.address);
    this.#putWord(block.count);
  }

  #putBytes(bytes: Uint8Array, start: number, count: number): void {
    for (let index = 0; index < count; index += 1) this.#put(bytes[start + index] ?? 0);
  }

  #finish(): number {
    const { frame } = this;
    const end = this.#length;
    const length = end - headerBytes + crcBytes;
    frame[5] = length & 0xff;
    frame[6] = length >> 8;
    const crc = crc16(frame, 0, end);
    frame[end] = crc & 0xff;
    frame[end + 1] = crc >> 8;
    return end + crcBytes;
  }
}

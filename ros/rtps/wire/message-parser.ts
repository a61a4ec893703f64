import type { PrefixKey } from "./guid.ts";
import type { MalformedKind } from "./malformed-counts.ts";
import { NumberSet } from "./number-set.ts";
import { Flag, headerBytes, magic, ParameterId, SubmessageId } from "./protocol.ts";
import { readSampleIdentity, type SampleIdentity, sampleIdentityBytes } from "./sample-identity.ts";
import { SequenceNumber } from "./sequence-number.ts";

/** Who a submessage is from and for. `readerId` 0 means every reader that knows the writer. */
interface Addressed {
  readerId: number;
  writerId: number;
}
export interface DataSubmessage extends Addressed {
  sequenceNumber: number;
  /** STATUS_INFO of the inline QoS; 0 = alive. */
  status: number;
  /** 16 octets of the inline QoS's KEY_HASH. */
  keyHash: Buffer | undefined;
  /** Of the inline QoS: of a reply, the request it answers. */
  related: SampleIdentity | undefined;
  /** With its 4-octet encapsulation header; a view into the datagram. Undefined: no payload. */
  payload: Buffer | undefined;
}
export interface FragmentSubmessage extends Addressed {
  sequenceNumber: number;
  /** 1-based number of the first fragment carried. */
  firstFragment: number;
  fragmentCount: number;
  fragmentBytes: number;
  sampleBytes: number;
  related: SampleIdentity | undefined;
  payload: Buffer;
}
export interface HeartbeatSubmessage extends Addressed {
  first: number;
  last: number;
  count: number;
  final: boolean;
  /** The writer's application says that it is alive (8.3.7.5). */
  liveliness: boolean;
}
export interface AckNackSubmessage extends Addressed {
  /** Everything before `missing.base` is acknowledged; the set is asked for again. */
  readonly missing: NumberSet;
  count: number;
  final: boolean;
}
export interface GapSubmessage extends Addressed {
  /** Samples from `start` up to, not including, `list.base`, and those in `list`, will never come. */
  start: number;
  readonly list: NumberSet;
}
export interface NackFragmentSubmessage extends Addressed {
  sequenceNumber: number;
  readonly missing: NumberSet;
  count: number;
}

/** Takes the submessages of a datagram. The objects are reused: read them before returning. */
export interface SubmessageHandler {
  onData(source: PrefixKey, message: DataSubmessage): void;
  onFragment(source: PrefixKey, message: FragmentSubmessage): void;
  onHeartbeat(source: PrefixKey, message: HeartbeatSubmessage): void;
  onAckNack(source: PrefixKey, message: AckNackSubmessage): void;
  onGap(source: PrefixKey, message: GapSubmessage): void;
  onNackFragment(source: PrefixKey, message: NackFragmentSubmessage): void;
}

const everyone: PrefixKey = "\0".repeat(12);
const addressedBytes = 8;

/** Reads RTPS messages of either byte order. Nothing it is given makes it throw. */
export class MessageParser {
  readonly #own: PrefixKey;
  readonly #data: DataSubmessage = {
    readerId: 0,
    writerId: 0,
    sequenceNumber: 0,
    status: 0,
    keyHash: undefined,
    related: undefined,
    payload: undefined,
  };
  readonly #fragment: FragmentSubmessage = {
    readerId: 0,
    writerId: 0,
    sequenceNumber: 0,
    firstFragment: 0,
    fragmentCount: 0,
    fragmentBytes: 0,
    sampleBytes: 0,
    related: undefined,
    payload: Buffer.alloc(0),
  };
  readonly #heartbeat: HeartbeatSubmessage = {
    readerId: 0,
    writerId: 0,
    first: 0,
    last: 0,
    count: 0,
    final: false,
    liveliness: false,
  };
  readonly #ackNack: AckNackSubmessage = {
    readerId: 0,
    writerId: 0,
    missing: new NumberSet(),
    count: 0,
    final: false,
  };
  readonly #gap: GapSubmessage = { readerId: 0, writerId: 0, start: 0, list: new NumberSet() };
  readonly #nackFragment: NackFragmentSubmessage = {
    readerId: 0,
    writerId: 0,
    sequenceNumber: 0,
    missing: new NumberSet(),
    count: 0,
  };
  /** Why the last `parse` returned false. */
  fault: MalformedKind = "not-rtps";
  #bytes: Buffer = Buffer.alloc(0);
  #littleEndian = true;
  #source: PrefixKey = everyone;
  #status = 0;
  #keyHash: Buffer | undefined;
  #related: SampleIdentity | undefined;

  /** @param own what INFO_DESTINATION must name for the submessages after it to count. */
  constructor(own: PrefixKey) {
    this.#own = own;
  }

  /**
   * Hands every submessage of `datagram` that is for us to `handler`.
   * Returns false when the datagram is not RTPS 2.x or breaks off; what came before was handed over.
   * // hot path
   */
  parse(datagram: Buffer, handler: SubmessageHandler): boolean {
    this.fault = "not-rtps";
    if (datagram.length < headerBytes || datagram.readUInt32BE(0) !== magic || datagram[4] !== 2) {
      return false;
    }
    this.fault = "truncated";
    this.#bytes = datagram;
    this.#source = datagram.toString("latin1", 8, headerBytes);
    let forUs = true;
    let offset = headerBytes;
    while (offset + 4 <= datagram.length) {
      const id = datagram.readUInt8(offset);
      const flags = datagram.readUInt8(offset + 1);
      this.#littleEndian = (flags & Flag.LittleEndian) !== 0;
      const start = offset + 4;
      const end = this.#submessageEnd(id, offset + 2, start);
      if (end > datagram.length) return false;
      if (id === SubmessageId.InfoDestination) {
        if (start + 12 > end) return this.#fail("info");
        const target = datagram.toString("latin1", start, start + 12);
        forUs = target === this.#own || target === everyone;
      } else if (id === SubmessageId.InfoSource) {
        if (start + 20 > end) return this.#fail("info");
        this.#source = datagram.toString("latin1", start + 8, start + 20);
      } else if (forUs && !this.#dispatch(id, flags, start, end, handler)) {
        return false;
      }
      offset = end;
    }
    return offset === datagram.length;
  }

  /** 9.4.5.1.3: length 0 means "to the end of the message", except where empty is meaningful. */
  #submessageEnd(id: number, lengthOffset: number, start: number): number {
    const length = this.#littleEndian
      ? this.#bytes.readUInt16LE(lengthOffset)
      : this.#bytes.readUInt16BE(lengthOffset);
    if (length === 0 && id !== SubmessageId.Pad && id !== SubmessageId.InfoTimestamp) {
      return this.#bytes.length;
    }
    return start + length;
  }

  #dispatch(
    id: number,
    flags: number,
    start: number,
    end: number,
    handler: SubmessageHandler,
  ): boolean {
    switch (id) {
      case SubmessageId.Data:
        if (!this.#readData(flags, start, end)) return this.#fail("data");
        handler.onData(this.#source, this.#data);
        return true;
      case SubmessageId.DataFragment:
        if (!this.#readFragment(flags, start, end)) return this.#fail("data-frag");
        // A key in pieces is of no use to anyone here.
        if ((flags & Flag.FragmentKeyPayload) === 0) {
          handler.onFragment(this.#source, this.#fragment);
        }
        return true;
      case SubmessageId.Heartbeat:
        if (!this.#readHeartbeat(flags, start, end)) return this.#fail("heartbeat");
        handler.onHeartbeat(this.#source, this.#heartbeat);
        return true;
      case SubmessageId.AckNack:
        if (!this.#readAckNack(flags, start, end)) return this.#fail("acknack");
        handler.onAckNack(this.#source, this.#ackNack);
        return true;
      case SubmessageId.Gap:
        if (!this.#readGap(start, end)) return this.#fail("gap");
        handler.onGap(this.#source, this.#gap);
        return true;
      case SubmessageId.NackFragment:
        if (!this.#readNackFragment(start, end)) return this.#fail("nack-frag");
        handler.onNackFragment(this.#source, this.#nackFragment);
        return true;
      default:
        return true;
    }
  }

  #fail(fault: MalformedKind): false {
    this.fault = fault;
    return false;
  }

  #u32(offset: number): number {
    return this.#littleEndian ? this.#bytes.readUInt32LE(offset) : this.#bytes.readUInt32BE(offset);
  }

  #u16(offset: number): number {
    return this.#littleEndian ? this.#bytes.readUInt16LE(offset) : this.#bytes.readUInt16BE(offset);
  }

  #sequenceNumber(offset: number): number {
    return SequenceNumber.read(this.#bytes, offset, this.#littleEndian);
  }

  /** Entity ids are octets, the same in both byte orders. */
  #address(into: Addressed, offset: number): void {
    into.readerId = this.#bytes.readUInt32BE(offset);
    into.writerId = this.#bytes.readUInt32BE(offset + 4);
  }

  /** 9.4.5.3: extraFlags, octetsToInlineQos, ids, number, inline QoS, payload. */
  #readData(flags: number, start: number, end: number): boolean {
    if (start + 20 > end) return false;
    const message = this.#data;
    this.#address(message, start + 4);
    message.sequenceNumber = this.#sequenceNumber(start + 12);
    if (!(message.sequenceNumber >= 1)) return false;
    const offset = this.#skipInlineQos(flags, start + 4 + this.#u16(start + 2), end);
    if (offset < 0) return false;
    message.status = this.#status;
    message.keyHash = this.#keyHash;
    message.related = this.#related;
    const hasPayload = (flags & (Flag.DataPayload | Flag.KeyPayload)) !== 0 && offset < end;
    message.payload = hasPayload ? this.#bytes.subarray(offset, end) : undefined;
    return true;
  }

  /** 9.4.5.4: as DATA, with fragment number, count, size and the size of the whole sample. */
  #readFragment(flags: number, start: number, end: number): boolean {
    if (start + 32 > end) return false;
    const message = this.#fragment;
    this.#address(message, start + 4);
    message.sequenceNumber = this.#sequenceNumber(start + 12);
    message.firstFragment = this.#u32(start + 20);
    message.fragmentCount = this.#u16(start + 24);
    message.fragmentBytes = this.#u16(start + 26);
    message.sampleBytes = this.#u32(start + 28);
    if (!(message.sequenceNumber >= 1) || message.firstFragment < 1) return false;
    const offset = this.#skipInlineQos(flags, start + 4 + this.#u16(start + 2), end);
    if (offset < 0) return false;
    message.related = this.#related;
    message.payload = this.#bytes.subarray(offset, end);
    return true;
  }

  /** Leaves what it knows in `#status`, `#keyHash` and `#related`; returns the offset behind, or -1. */
  #skipInlineQos(flags: number, start: number, end: number): number {
    this.#status = 0;
    this.#keyHash = undefined;
    this.#related = undefined;
    if (start > end) return -1;
    if ((flags & Flag.InlineQos) === 0) return start;
    let offset = start;
    while (offset + 4 <= end) {
      const id = this.#u16(offset);
      const value = offset + 4;
      if (id === ParameterId.Sentinel) return value;
      offset = value + this.#u16(offset + 2);
      if (offset > end) return -1;
      // 9.6.3.9: STATUS_INFO is big endian in either byte order.
      if (id === ParameterId.StatusInfo && value + 4 <= offset) {
        this.#status = this.#bytes.readUInt32BE(value);
      } else if (id === ParameterId.KeyHash && value + 16 <= offset) {
        this.#keyHash = this.#bytes.subarray(value, value + 16);
      } else if (isRelated(id) && value + sampleIdentityBytes <= offset) {
        this.#related = readSampleIdentity(this.#bytes, value, this.#littleEndian);
      }
    }
    return -1;
  }

  #readHeartbeat(flags: number, start: number, end: number): boolean {
    if (start + 28 > end) return false;
    const message = this.#heartbeat;
    this.#address(message, start);
    message.first = this.#sequenceNumber(start + 8);
    message.last = this.#sequenceNumber(start + 16);
    message.count = this.#u32(start + 24) | 0;
    message.final = (flags & Flag.Final) !== 0;
    message.liveliness = (flags & Flag.Liveliness) !== 0;
    return message.first >= 1 && message.last >= message.first - 1;
  }

  #readAckNack(flags: number, start: number, end: number): boolean {
    const message = this.#ackNack;
    const offset = this.#readNumberSet(message, message.missing, start, end);
    if (offset < 0 || offset + 4 > end) return false;
    message.count = this.#u32(offset) | 0;
    message.final = (flags & Flag.Final) !== 0;
    return true;
  }

  #readNumberSet(into: Addressed, set: NumberSet, start: number, end: number): number {
    if (start + addressedBytes + 12 > end) return -1;
    this.#address(into, start);
    const base = this.#sequenceNumber(start + addressedBytes);
    // Base 0 is what some stacks send before they know anything; it means the same as 1.
    set.base = base === 0 ? 1 : base;
    if (!(set.base >= 1)) return -1;
    return set.read(this.#bytes, start + addressedBytes + 8, end, this.#littleEndian);
  }

  #readGap(start: number, end: number): boolean {
    if (start + addressedBytes + 20 > end) return false;
    const message = this.#gap;
    this.#address(message, start);
    message.start = this.#sequenceNumber(start + 8);
    message.list.base = this.#sequenceNumber(start + 16);
    if (!(message.start >= 1) || !(message.list.base >= message.start)) return false;
    return message.list.read(this.#bytes, start + 24, end, this.#littleEndian) >= 0;
  }

  #readNackFragment(start: number, end: number): boolean {
    if (start + addressedBytes + 16 > end) return false;
    const message = this.#nackFragment;
    this.#address(message, start);
    message.sequenceNumber = this.#sequenceNumber(start + 8);
    message.missing.base = this.#u32(start + 16);
    if (!(message.sequenceNumber >= 1) || message.missing.base < 1) return false;
    const offset = message.missing.read(this.#bytes, start + 20, end, this.#littleEndian);
    if (offset < 0 || offset + 4 > end) return false;
    message.count = this.#u32(offset) | 0;
    return true;
  }
}

function isRelated(id: number): boolean {
  return id === ParameterId.RelatedSampleIdentity || id === ParameterId.FastRelatedSampleIdentity;
}

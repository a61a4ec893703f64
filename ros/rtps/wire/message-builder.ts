import type { Route } from "../endpoint.ts";
import type { PrefixKey } from "./guid.ts";
import type { NumberSet } from "./number-set.ts";
import {
  EntityId,
  Flag,
  headerBytes,
  magic,
  ParameterId,
  protocolVersion,
  SubmessageId,
  vendorId,
} from "./protocol.ts";
import {
  type SampleIdentity,
  sampleIdentityBytes,
  writeSampleIdentity,
} from "./sample-identity.ts";
import { SequenceNumber } from "./sequence-number.ts";

/** Payloads up to this size are copied beside their header; larger ones go out as chunks of their own. */
const copyLimitBytes = 2048;
/** Room for every header, INFO and HEARTBEAT that can stand around one payload. */
const overheadBytes = 256;

/**
 * Writes one RTPS message, little endian, every submessage padded to 4 octets (Cyclone DDS rejects
 * others). Large payloads are not copied: `finish` returns chunks for a gathering send.
 */
export class MessageBuilder {
  #buffer: Buffer;
  #offset = headerBytes;
  #chunkStart = 0;
  readonly #chunks: Uint8Array[] = [];

  /** @param payloadBytes what `data` or `fragment` will add, so that one allocation does. */
  constructor(source: PrefixKey, payloadBytes = 0) {
    const room = payloadBytes <= copyLimitBytes ? payloadBytes : 0;
    this.#buffer = Buffer.allocUnsafe(overheadBytes + room);
    this.#buffer.writeUInt32BE(magic, 0);
    this.#buffer.writeUInt16BE(protocolVersion, 4);
    this.#buffer.writeUInt16BE(vendorId, 6);
    this.#buffer.write(source, 8, 12, "latin1");
  }

  infoDestination(prefix: PrefixKey): this {
    const start = this.#begin(SubmessageId.InfoDestination, 0);
    this.#buffer.write(prefix, start, 12, "latin1");
    return this.#end(start, start + 12);
  }

  /** 9.3.2: seconds and 2^-32 fractions of the Unix time in ms. */
  infoTimestamp(unixMs: number): this {
    const start = this.#begin(SubmessageId.InfoTimestamp, 0);
    const seconds = Math.floor(unixMs / 1000);
    this.#buffer.writeUInt32LE(seconds >>> 0, start);
    this.#buffer.writeUInt32LE(((unixMs / 1000 - seconds) * 0x100000000) >>> 0, start + 4);
    return this.#end(start, start + 8);
  }

  /** A live sample. `related`: the request it answers. // hot path */
  data(route: Route, sequenceNumber: number, payload: Uint8Array, related?: SampleIdentity): this {
    const flags = related === undefined ? Flag.DataPayload : Flag.DataPayload | Flag.InlineQos;
    const start = this.#begin(SubmessageId.Data, flags);
    const offset = this.#dataHeader(start, 16, route, sequenceNumber);
    return this.#payload(start, this.#relatedIdentity(offset, related), payload);
  }

  /** A sample that says its instance is gone: status and key hash inline, the key as payload. */
  disposal(
    route: Route,
    sequenceNumber: number,
    gone: { readonly status: number; readonly keyHash: Uint8Array; readonly key: Uint8Array },
  ): this {
    const start = this.#begin(SubmessageId.Data, Flag.InlineQos | Flag.KeyPayload);
    let offset = this.#dataHeader(start, 16, route, sequenceNumber);
    offset = this.#buffer.writeUInt16LE(ParameterId.KeyHash, offset);
    offset = this.#buffer.writeUInt16LE(16, offset);
    this.#buffer.set(gone.keyHash, offset);
    offset = this.#buffer.writeUInt16LE(ParameterId.StatusInfo, offset + 16);
    offset = this.#buffer.writeUInt16LE(4, offset);
    offset = this.#buffer.writeUInt32BE(gone.status, offset);
    offset = this.#buffer.writeUInt32LE(ParameterId.Sentinel, offset);
    return this.#payload(start, offset, gone.key);
  }

  /** One fragment (1-based) of a sample. // hot path */
  fragment(
    route: Route,
    sequenceNumber: number,
    fragment: number,
    size: { readonly fragmentBytes: number; readonly sampleBytes: number },
    payload: Uint8Array,
    related?: SampleIdentity,
  ): this {
    const start = this.#begin(
      SubmessageId.DataFragment,
      related === undefined ? 0 : Flag.InlineQos,
    );
    let offset = this.#dataHeader(start, 28, route, sequenceNumber);
    offset = this.#buffer.writeUInt32LE(fragment, offset);
    offset = this.#buffer.writeUInt16LE(1, offset);
    offset = this.#buffer.writeUInt16LE(size.fragmentBytes, offset);
    offset = this.#buffer.writeUInt32LE(size.sampleBytes, offset);
    return this.#payload(start, this.#relatedIdentity(offset, related), payload);
  }

  /** // hot path */
  heartbeat(
    route: Route,
    first: number,
    last: number,
    count: number,
    options: { readonly final: boolean; readonly liveliness?: boolean },
  ): this {
    const flags =
      (options.final ? Flag.Final : 0) | (options.liveliness === true ? Flag.Liveliness : 0);
    const start = this.#begin(SubmessageId.Heartbeat, flags);
    let offset = this.#route(start, route);
    offset = SequenceNumber.write(this.#buffer, offset, first);
    offset = SequenceNumber.write(this.#buffer, offset, last);
    return this.#end(start, this.#buffer.writeInt32LE(count | 0, offset));
  }

  ackNack(
    route: Route,
    missing: NumberSet,
    count: number,
    options: { readonly final: boolean },
  ): this {
    const start = this.#begin(SubmessageId.AckNack, options.final ? Flag.Final : 0);
    let offset = this.#route(start, route);
    offset = SequenceNumber.write(this.#buffer, offset, missing.base);
    offset = missing.write(this.#buffer, offset);
    return this.#end(start, this.#buffer.writeInt32LE(count | 0, offset));
  }

  nackFragment(route: Route, sequenceNumber: number, missing: NumberSet, count: number): this {
    const start = this.#begin(SubmessageId.NackFragment, 0);
    let offset = this.#route(start, route);
    offset = SequenceNumber.write(this.#buffer, offset, sequenceNumber);
    offset = this.#buffer.writeUInt32LE(missing.base, offset);
    offset = missing.write(this.#buffer, offset);
    return this.#end(start, this.#buffer.writeInt32LE(count | 0, offset));
  }

  /** Samples `start` up to, not including, `end` will never come. */
  gap(route: Route, startNumber: number, endNumber: number): this {
    const start = this.#begin(SubmessageId.Gap, 0);
    let offset = this.#route(start, route);
    offset = SequenceNumber.write(this.#buffer, offset, startNumber);
    offset = SequenceNumber.write(this.#buffer, offset, endNumber);
    return this.#end(start, this.#buffer.writeUInt32LE(0, offset));
  }

  /** The message, in order. The builder is used up. */
  finish(): readonly Uint8Array[] {
    this.#flush();
    return this.#chunks;
  }

  #begin(id: number, flags: number): number {
    if (this.#offset + overheadBytes / 2 > this.#buffer.length) this.#renew(overheadBytes);
    this.#buffer.writeUInt8(id, this.#offset);
    this.#buffer.writeUInt8(flags | Flag.LittleEndian, this.#offset + 1);
    return this.#offset + 4;
  }

  #end(start: number, end: number): this {
    this.#buffer.writeUInt16LE(end - start, start - 2);
    this.#offset = end;
    return this;
  }

  #route(offset: number, route: Route): number {
    this.#buffer.writeUInt32BE(route.readerId, offset);
    return this.#buffer.writeUInt32BE(route.writerId, offset + 4);
  }

  #dataHeader(start: number, toInlineQos: number, route: Route, sequenceNumber: number): number {
    this.#buffer.writeUInt16LE(0, start);
    this.#buffer.writeUInt16LE(toInlineQos, start + 2);
    return SequenceNumber.write(this.#buffer, this.#route(start + 4, route), sequenceNumber);
  }

  /** Inline QoS under both ids: older Fast DDS reads one, everyone else the other. */
  #relatedIdentity(start: number, related: SampleIdentity | undefined): number {
    if (related === undefined) return start;
    let offset = start;
    for (const id of [ParameterId.RelatedSampleIdentity, ParameterId.FastRelatedSampleIdentity]) {
      offset = this.#buffer.writeUInt16LE(id, offset);
      offset = this.#buffer.writeUInt16LE(sampleIdentityBytes, offset);
      offset = writeSampleIdentity(this.#buffer, offset, related);
    }
    return this.#buffer.writeUInt32LE(ParameterId.Sentinel, offset);
  }

  #payload(start: number, offset: number, payload: Uint8Array): this {
    const paddingBytes = -payload.length & 3;
    this.#buffer.writeUInt16LE(offset - start + payload.length + paddingBytes, start - 2);
    if (offset + payload.length + paddingBytes <= this.#buffer.length) {
      this.#buffer.set(payload, offset);
      this.#offset = offset + payload.length + paddingBytes;
      this.#buffer.fill(0, offset + payload.length, this.#offset);
      return this;
    }
    this.#offset = offset;
    this.#flush();
    this.#chunks.push(payload);
    this.#renew(overheadBytes);
    this.#offset = paddingBytes;
    this.#buffer.fill(0, 0, paddingBytes);
    return this;
  }

  #flush(): void {
    if (this.#offset > this.#chunkStart) {
      this.#chunks.push(this.#buffer.subarray(this.#chunkStart, this.#offset));
    }
    this.#chunkStart = this.#offset;
  }

  #renew(sizeBytes: number): void {
    this.#flush();
    this.#buffer = Buffer.allocUnsafe(sizeBytes);
    this.#offset = 0;
    this.#chunkStart = 0;
  }
}

/** To every reader at the destination that knows the writer. */
export function toAllReaders(writerId: number): Route {
  return { readerId: EntityId.Unknown, writerId };
}

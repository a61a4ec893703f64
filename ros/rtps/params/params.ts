import { type Guid, guidFromBytes, guidToBytes } from "../wire/guid.ts";
import type { Locator } from "../transport/link.ts";
import { ParameterId } from "../wire/protocol.ts";

/** What came in is not what the protocol says. Caught where the datagram is handled, and counted. */
export class MalformedData extends Error {}

const udpV4 = 1;
const infiniteSeconds = 0x7fffffff;

/** 9.4.2.11: writes a PL_CDR_LE parameter list with its encapsulation header. */
export class ParameterListWriter {
  readonly #chunks: Buffer[] = [Buffer.from([0x00, 0x03, 0x00, 0x00])];

  u32(id: number, ...values: readonly number[]): this {
    const value = Buffer.alloc(4 * values.length);
    values.forEach((word, index) => value.writeUInt32LE(word >>> 0, 4 * index));
    return this.bytes(id, value);
  }

  /** Octets as they are, padded with zeros to a multiple of 4. */
  bytes(id: number, value: Uint8Array): this {
    const header = Buffer.alloc(4);
    header.writeUInt16LE(id, 0);
    header.writeUInt16LE(value.length + (-value.length & 3), 2);
    this.#chunks.push(header, Buffer.from(value), Buffer.alloc(-value.length & 3));
    return this;
  }

  string(id: number, text: string): this {
    return this.bytes(id, cdrString(text));
  }

  /** A sequence of octets: length, then the octets. */
  octets(id: number, value: Uint8Array): this {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(value.length, 0);
    return this.bytes(id, Buffer.concat([length, value]));
  }

  /** A sequence of strings, each at a multiple of 4. */
  strings(id: number, texts: readonly string[]): this {
    const count = Buffer.alloc(4);
    count.writeUInt32LE(texts.length, 0);
    const padded = texts.map(cdrString).flatMap((text) => [text, Buffer.alloc(-text.length & 3)]);
    return this.bytes(id, Buffer.concat([count, ...padded]));
  }

  guid(id: number, guid: Guid): this {
    return this.bytes(id, guidToBytes(guid));
  }

  locator(id: number, locator: Locator): this {
    const value = Buffer.alloc(24);
    value.writeInt32LE(udpV4, 0);
    value.writeUInt32LE(locator.port, 4);
    value.set(locator.address.split(".").map(Number), 20);
    return this.bytes(id, value);
  }

  finish(): Buffer {
    return Buffer.concat([...this.#chunks, Buffer.from([ParameterId.Sentinel, 0, 0, 0])]);
  }
}

/** 9.3.2: a duration as seconds and 2^-32 fractions; Infinity has its own pattern. */
export function durationWords(durationMs: number): readonly [number, number] {
  if (!Number.isFinite(durationMs)) return [infiniteSeconds, 0xffffffff];
  const seconds = Math.floor(durationMs / 1000);
  const fraction = Math.round((durationMs / 1000 - seconds) * 0x100000000);
  return fraction < 0x100000000 ? [seconds, fraction] : [seconds + 1, 0];
}

function cdrString(text: string): Buffer {
  const body = Buffer.from(`${text}\0`, "utf8");
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length, 0);
  return Buffer.concat([length, body]);
}

/** One parameter's value. Reading past its end throws `MalformedData`. */
export class ParameterValue {
  readonly #bytes: Buffer;
  readonly #littleEndian: boolean;

  constructor(bytes: Buffer, littleEndian: boolean) {
    this.#bytes = bytes;
    this.#littleEndian = littleEndian;
  }

  /** Two octets as a big-endian number, in either byte order: version and vendor. */
  octetPair(): number {
    this.#need(2);
    return this.#bytes.readUInt16BE(0);
  }

  u32(offset = 0): number {
    this.#need(offset + 4);
    return this.#littleEndian ? this.#bytes.readUInt32LE(offset) : this.#bytes.readUInt32BE(offset);
  }

  /**
   * To the nanosecond: 100 ms have no exact fraction, and a deadline of 99.9999999 ms requested would not
   * be met by one of 100 ms offered.
   */
  durationMs(offset = 0): number {
    const seconds = this.u32(offset) | 0;
    if (seconds === infiniteSeconds || seconds < 0) return Number.POSITIVE_INFINITY;
    return seconds * 1000 + Math.round((this.u32(offset + 4) / 0x100000000) * 1e9) / 1e6;
  }

  string(offset = 0): string {
    const length = this.u32(offset);
    this.#need(offset + 4 + length);
    return this.#bytes.toString("utf8", offset + 4, offset + 4 + Math.max(0, length - 1));
  }

  strings(maxCount: number): string[] {
    const texts: string[] = [];
    let offset = 4;
    for (let left = Math.min(this.u32(), maxCount); left > 0; left -= 1) {
      texts.push(this.string(offset));
      const length = this.u32(offset);
      offset += 4 + length + (-length & 3);
    }
    return texts;
  }

  /** A sequence of 16-bit numbers, at most `maxCount` of them. */
  shorts(maxCount: number): number[] {
    const count = Math.min(this.u32(), maxCount);
    this.#need(4 + 2 * count);
    return Array.from({ length: count }, (_, index) =>
      this.#littleEndian
        ? this.#bytes.readUInt16LE(4 + 2 * index)
        : this.#bytes.readUInt16BE(4 + 2 * index),
    );
  }

  octets(): Buffer {
    this.#need(4 + this.u32());
    return Buffer.from(this.#bytes.subarray(4, 4 + this.u32()));
  }

  guid(): Guid {
    this.#need(16);
    return guidFromBytes(this.#bytes);
  }

  /** Undefined for shared memory, IPv6, TCP and ports that cannot be: places we cannot send to. */
  locator(): Locator | undefined {
    this.#need(24);
    const port = this.u32(4);
    if (this.u32() !== udpV4 || port === 0 || port > 65535) return undefined;
    return { address: this.#bytes.subarray(20, 24).join("."), port };
  }

  #need(length: number): void {
    if (length > this.#bytes.length) {
      throw new MalformedData(`parameter has ${this.#bytes.length} octets, expected ${length}`);
    }
  }
}

/**
 * Calls `visit` for every parameter of a PL_CDR payload of either byte order. Unknown ids are the
 * visitor's to skip. @throws MalformedData when the list breaks off or is no parameter list.
 */
export function forEachParameter(
  payload: Buffer,
  visit: (id: number, value: ParameterValue) => void,
): void {
  const encapsulation = payload.length < 4 ? -1 : payload.readUInt16BE(0);
  if (encapsulation !== 0x0002 && encapsulation !== 0x0003) {
    throw new MalformedData(`encapsulation ${encapsulation}, expected PL_CDR (2 or 3)`);
  }
  const littleEndian = encapsulation === 0x0003;
  const u16 = (offset: number): number =>
    littleEndian ? payload.readUInt16LE(offset) : payload.readUInt16BE(offset);
  let offset = 4;
  while (offset + 4 <= payload.length) {
    const id = u16(offset);
    if (id === ParameterId.Sentinel) return;
    const end = offset + 4 + u16(offset + 2);
    if (end > payload.length) throw new MalformedData(`parameter ${id} runs past the payload`);
    if (id !== ParameterId.Pad) {
      visit(id, new ParameterValue(payload.subarray(offset + 4, end), littleEndian));
    }
    offset = end;
  }
  throw new MalformedData("parameter list without sentinel");
}

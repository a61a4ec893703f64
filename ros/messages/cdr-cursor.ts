import os from "node:os";

/** Octets in front of every serialized message: CDR_LE, no options. */
export const encapsulationBytes = 4;
const littleEndianHost = os.endianness() === "LE";

/** Where in a message being written we are. CDR aligns to the start behind the encapsulation header. */
export class CdrCursor {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #buffer: Buffer;
  readonly #view: DataView;
  offset = encapsulationBytes;

  /** @param sizeBytes of the whole message, encapsulation header included. */
  constructor(sizeBytes: number) {
    const memory = new ArrayBuffer(sizeBytes);
    this.bytes = new Uint8Array(memory);
    this.#buffer = Buffer.from(memory);
    this.#view = new DataView(memory);
    this.bytes[1] = 1;
  }

  bool(value: boolean): void {
    this.bytes[this.offset] = value ? 1 : 0;
    this.offset += 1;
  }

  /** Eight bits of either kind. */
  octet(value: number): void {
    this.#view.setUint8(this.offset, value);
    this.offset += 1;
  }

  /** Sixteen bits of either kind. */
  short(value: number): void {
    this.#view.setUint16(this.#align(2), value, true);
    this.offset += 2;
  }

  /** Thirty-two bits of either kind. */
  word(value: number): void {
    this.#view.setUint32(this.#align(4), value, true);
    this.offset += 4;
  }

  /** Sixty-four bits of either kind. */
  long(value: bigint): void {
    this.#view.setBigUint64(this.#align(8), BigInt.asUintN(64, value), true);
    this.offset += 8;
  }

  float(value: number): void {
    this.#view.setFloat32(this.#align(4), value, true);
    this.offset += 4;
  }

  double(value: number): void {
    this.#view.setFloat64(this.#align(8), value, true);
    this.offset += 8;
  }

  /** Length with the closing zero, UTF-8, zero. */
  string(text: string): void {
    const start = this.#align(4) + 4;
    const length = this.#buffer.write(text, start, "utf8");
    this.#view.setUint32(start - 4, length + 1, true);
    this.offset = start + length + 1;
  }

  /** Numbers as they lie in memory; false where the machine's byte order is not that of the message. */
  numbers(values: ArrayBufferView, elementBytes: number): boolean {
    if (elementBytes > 1 && !littleEndianHost) return false;
    this.#align(elementBytes);
    const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.bytes.set(raw, this.offset);
    this.offset += raw.length;
    return true;
  }

  #align(size: number): number {
    this.offset = aligned(this.offset, size);
    return this.offset;
  }
}

/** The first offset from `offset` on where a value of `size` octets may begin. */
export function aligned(offset: number, size: number): number {
  return offset + (-(offset - encapsulationBytes) & (size - 1));
}

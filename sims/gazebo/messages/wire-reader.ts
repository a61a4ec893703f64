/** Wire types of protobuf. Groups (3, 4) are not part of proto3 and count as damage. */
export const WireType = { Varint: 0, Fixed64: 1, Bytes: 2, Fixed32: 5 } as const;

const twoPow32 = 2 ** 32;
const maxVarintBytes = 10;
const text = new TextDecoder();

/**
 * Reads protobuf fields out of borrowed bytes. Damage never throws: it sets `failed`, and from then on
 * every read gives nothing. One reader is reused for many messages. // hot path
 */
export class WireReader {
  failed = false;
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(this.#bytes.buffer);
  #position = 0;
  #end = 0;
  #low = 0;
  #high = 0;

  constructor(bytes?: Uint8Array) {
    if (bytes !== undefined) this.reset(bytes);
  }

  /** Starts anew on `bytes`, which must stay as they are while they are read. */
  reset(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#position = 0;
    this.#end = bytes.length;
    this.failed = false;
  }

  get done(): boolean {
    return this.failed || this.#position >= this.#end;
  }

  /** The next tag (`field << 3 | wireType`), 0 at the end of this message or on damage. */
  nextTag(): number {
    if (this.done) return 0;
    this.#readVarint();
    const tag = this.#high === 0 ? this.#low >>> 0 : 0;
    if (tag < 8) this.failed = true;
    return this.failed ? 0 : tag;
  }

  uint32(): number {
    this.#readVarint();
    return this.#low >>> 0;
  }

  int32(): number {
    this.#readVarint();
    return this.#low | 0;
  }

  bool(): boolean {
    this.#readVarint();
    return (this.#low | this.#high) !== 0;
  }

  /** As a double: exact up to 2^53. */
  uint64(): number {
    this.#readVarint();
    return (this.#high >>> 0) * twoPow32 + (this.#low >>> 0);
  }

  /** As a double: exact up to 2^53 on either side of 0. */
  int64(): number {
    this.#readVarint();
    return (this.#high | 0) * twoPow32 + (this.#low >>> 0);
  }

  double(): number {
    if (!this.#has(8)) return 0;
    this.#position += 8;
    return this.#view.getFloat64(this.#position - 8, true);
  }

  float(): number {
    if (!this.#has(4)) return 0;
    this.#position += 4;
    return this.#view.getFloat32(this.#position - 4, true);
  }

  /** A length-delimited field as a view into the message. */
  bytesBorrowed(): Uint8Array {
    const length = this.uint32();
    if (!this.#has(length)) return this.#bytes.subarray(0, 0);
    this.#position += length;
    return this.#bytes.subarray(this.#position - length, this.#position);
  }

  string(): string {
    return text.decode(this.bytesBorrowed());
  }

  /** Narrows the reader to the length-delimited field that comes next. Give the result to `leave`. */
  enter(): number {
    const outerEnd = this.#end;
    const length = this.uint32();
    if (this.#has(length)) this.#end = this.#position + length;
    return outerEnd;
  }

  leave(outerEnd: number): void {
    this.#position = this.#end;
    this.#end = outerEnd;
  }

  /** Reads past a field nobody asked for. */
  skip(tag: number): void {
    switch (tag & 7) {
      case WireType.Varint:
        this.#readVarint();
        return;
      case WireType.Fixed64:
        if (this.#has(8)) this.#position += 8;
        return;
      case WireType.Bytes: {
        const length = this.uint32();
        if (this.#has(length)) this.#position += length;
        return;
      }
      case WireType.Fixed32:
        if (this.#has(4)) this.#position += 4;
        return;
      default:
        this.failed = true;
    }
  }

  #has(length: number): boolean {
    if (!this.failed && length <= this.#end - this.#position) return true;
    this.failed = true;
    return false;
  }

  #readVarint(): void {
    this.#low = 0;
    this.#high = 0;
    if (this.failed) return;
    for (let i = 0; i < maxVarintBytes; i += 1) {
      if (this.#position >= this.#end) break;
      const byte = this.#bytes[this.#position] ?? 0;
      this.#position += 1;
      const bits = byte & 0x7f;
      if (i < 4) this.#low |= bits << (7 * i);
      else if (i > 4) this.#high |= bits << (7 * i - 32);
      else {
        this.#low |= bits << 28;
        this.#high = bits >>> 4;
      }
      if (byte < 0x80) return;
    }
    this.failed = true;
    this.#low = 0;
    this.#high = 0;
  }
}

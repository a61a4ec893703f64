const twoPow32 = 2 ** 32;
const encoder = new TextEncoder();

/** Writes protobuf fields into a buffer that grows. Reused: `reset`, write, `bytesCopy`. */
export class WireWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #length = 0;

  constructor(capacityBytes = 256) {
    this.#bytes = new Uint8Array(capacityBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  reset(): void {
    this.#length = 0;
  }

  /** What was written; valid until the next write. */
  bytesBorrowed(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  bytesCopy(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  tag(field: number, wireType: number): void {
    this.varint((field << 3) | wireType);
  }

  /** A whole number; negative ones as 64-bit two's complement, as protobuf has them. */
  varint(value: number): void {
    this.#reserve(10);
    let low = value >>> 0;
    let high = Math.floor(value / twoPow32) >>> 0;
    while (high > 0 || low > 0x7f) {
      this.#bytes[this.#length] = (low & 0x7f) | 0x80;
      this.#length += 1;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    this.#bytes[this.#length] = low;
    this.#length += 1;
  }

  double(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  float(value: number): void {
    this.#reserve(4);
    this.#view.setFloat32(this.#length, value, true);
    this.#length += 4;
  }

  bytes(value: Uint8Array): void {
    this.varint(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  string(value: string): void {
    this.bytes(encoder.encode(value));
  }

  /** Begins a length-delimited field; give the result to `finish`. */
  begin(): number {
    return this.#length;
  }

  /** Puts the length in front of what was written since `begin`. */
  finish(start: number): void {
    const end = this.#length;
    this.varint(end - start);
    const prefixLength = this.#length - end;
    // The length was written behind the content; rotate it to the front.
    const prefix = this.#bytes.slice(end, this.#length);
    this.#bytes.copyWithin(start + prefixLength, start, end);
    this.#bytes.set(prefix, start);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + count));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

import { SequenceNumber } from "./sequence-number.ts";

/** 9.4.2.6: at most this many numbers in one SequenceNumberSet or FragmentNumberSet. */
export const maxSetBits = 256;

/**
 * A set of up to 256 numbers from `base` on, one bit each, most significant bit first: which samples
 * (ACKNACK, GAP) or fragments (NACK_FRAG) are meant. One instance is reused for every datagram.
 */
export class NumberSet {
  base = 1;
  bitCount = 0;
  readonly #words = new Uint32Array(maxSetBits / 32);

  clear(base: number): void {
    this.base = base;
    this.bitCount = 0;
    this.#words.fill(0);
  }

  has(value: number): boolean {
    const bit = value - this.base;
    if (bit < 0 || bit >= this.bitCount) return false;
    return (((this.#words[bit >>> 5] ?? 0) >>> (31 - (bit & 31))) & 1) === 1;
  }

  /** Ignores what does not fit behind `base`. */
  add(value: number): void {
    const bit = value - this.base;
    if (bit < 0 || bit >= maxSetBits) return;
    this.#words[bit >>> 5] = ((this.#words[bit >>> 5] ?? 0) | (1 << (31 - (bit & 31)))) >>> 0;
    this.bitCount = Math.max(this.bitCount, bit + 1);
  }

  /** Octets of bit count and bitmap. */
  get encodedBytes(): number {
    return 4 + 4 * Math.ceil(this.bitCount / 32);
  }

  /** Writes bit count and bitmap, little endian; returns the offset behind them. */
  write(into: Buffer, offset: number): number {
    let at = into.writeUInt32LE(this.bitCount, offset);
    for (let word = 0; word < Math.ceil(this.bitCount / 32); word += 1) {
      at = into.writeUInt32LE(this.#words[word] ?? 0, at);
    }
    return at;
  }

  /** Reads bit count and bitmap; returns the offset behind them, or -1 when they are not sound. */
  read(from: Buffer, offset: number, end: number, littleEndian: boolean): number {
    if (offset + 4 > end) return -1;
    const bitCount = littleEndian ? from.readUInt32LE(offset) : from.readUInt32BE(offset);
    const wordCount = Math.ceil(bitCount / 32);
    if (bitCount > maxSetBits || offset + 4 + 4 * wordCount > end) return -1;
    this.#words.fill(0);
    this.bitCount = bitCount;
    for (let word = 0; word < wordCount; word += 1) {
      const at = offset + 4 + 4 * word;
      this.#words[word] = littleEndian ? from.readUInt32LE(at) : from.readUInt32BE(at);
    }
    return this.base < 1 || this.base > SequenceNumber.max ? -1 : offset + 4 + 4 * wordCount;
  }
}

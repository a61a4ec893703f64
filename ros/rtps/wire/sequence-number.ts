/**
 * Sequence numbers are 64 bits on the wire (high int32, low uint32) and plain numbers here: at one
 * million samples a second a safe integer lasts 285 years.
 */
export const SequenceNumber = {
  max: Number.MAX_SAFE_INTEGER - 1024,

  /** NaN for anything that is negative or beyond `max`: a sender gone wrong. // hot path */
  read(from: Buffer, offset: number, littleEndian: boolean): number {
    const high = littleEndian ? from.readInt32LE(offset) : from.readInt32BE(offset);
    const low = littleEndian ? from.readUInt32LE(offset + 4) : from.readUInt32BE(offset + 4);
    const value = high * 0x100000000 + low;
    return value >= 0 && value <= SequenceNumber.max ? value : Number.NaN;
  },

  /** Little endian; returns the offset behind it. // hot path */
  write(into: Buffer, offset: number, value: number): number {
    into.writeInt32LE(Math.floor(value / 0x100000000), offset);
    return into.writeUInt32LE(value >>> 0, offset + 4);
  },
} as const;

/**
 * Whether a HEARTBEAT, ACKNACK or NACK_FRAG count is newer than the last one seen (NaN = none). Counts are
 * int32 and run over: at one a millisecond after 25 days. The nearer way round decides. // hot path
 */
export function isNewerCount(count: number, last: number): boolean {
  return Number.isNaN(last) || ((count - last) | 0) > 0;
}

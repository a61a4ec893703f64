/** CRC-16/MCRF4XX, which MAVLink calls X.25: start value of a checksum. */
export const x25Start = 0xffff;

/** The checksum with one more byte. // hot path */
export function x25Add(crc: number, byte: number): number {
  let mixed = byte ^ (crc & 0xff);
  mixed = (mixed ^ (mixed << 4)) & 0xff;
  return ((crc >>> 8) ^ (mixed << 8) ^ (mixed << 3) ^ (mixed >>> 4)) & 0xffff;
}

/** The checksum with `bytes[start..end)`. // hot path */
export function x25Of(crc: number, bytes: Uint8Array, start: number, end: number): number {
  let sum = crc;
  for (let index = start; index < end; index += 1) sum = x25Add(sum, bytes[index] ?? 0);
  return sum;
}

import type { FrameFormat } from "../serial/frame-scanner.ts";
import { crc16 } from "./crc16.ts";

export const headerBytes = 7;
export const crcBytes = 2;
export const maxFrameBytes = 1024;

/**
 * ```
 * 0  FF FF FD   header
 * 3  00         reserved
 * 4  id
 * 5  uint16     length of what follows, CRC included
 * 7  instruction, parameters; FF FF FD inside is followed by one more FD (stuffing)
 *    uint16     CRC of all before
 * ```
 */
export const dynamixelFormat: FrameFormat = {
  begins: (byte) => byte === 0xff,
  lengthAt: (bytes, start, end) => {
    if (end - start < headerBytes) return isHeaderSoFar(bytes, start, end) ? 0 : -1;
    if (!isHeaderSoFar(bytes, start, end)) return -1;
    const length = (bytes[start + 5] ?? 0) | ((bytes[start + 6] ?? 0) << 8);
    return length < 3 ? -1 : headerBytes + length;
  },
  isIntact: (bytes, start, length) => {
    const end = start + length - crcBytes;
    const found = (bytes[end] ?? 0) | ((bytes[end + 1] ?? 0) << 8);
    return crc16(bytes, start, end) === found;
  },
};

function isHeaderSoFar(bytes: Uint8Array, start: number, end: number): boolean {
  return (
    (end <= start + 1 || bytes[start + 1] === 0xff) &&
    (end <= start + 2 || bytes[start + 2] === 0xfd) &&
    (end <= start + 3 || bytes[start + 3] === 0x00)
  );
}

/** Whether the newest bytes of a frame have to be stuffed. Only bytes from the instruction on count. */
export function endsLikeHeader(frame: Uint8Array, length: number): boolean {
  return (
    length >= headerBytes + 3 &&
    frame[length - 1] === 0xfd &&
    frame[length - 2] === 0xff &&
    frame[length - 3] === 0xff
  );
}

/** Takes the FD after every FF FF FD out of `start`..`end` and returns the new end. */
export function unstuff(bytes: Uint8Array, start: number, end: number): number {
  let to = start;
  for (let from = start; from < end; from += 1) {
    const byte = bytes[from] ?? 0;
    bytes[to++] = byte;
    const isPattern = byte === 0xfd && bytes[to - 2] === 0xff && bytes[to - 3] === 0xff;
    if (isPattern && to - start >= 3 && bytes[from + 1] === 0xfd && from + 1 < end) from += 1;
  }
  return to;
}

/**
 * Whether the parts of a fast sync read's answer are of `stride` bytes: nothing in it says so but the CRC after
 * each. One that comes late answers another question, and read in other steps it gives ids and data of nobody.
 */
export function isFastAnswer(
  bytes: Uint8Array,
  start: number,
  from: number,
  end: number,
  stride: number,
): boolean {
  if (from >= end || (end - from) % stride !== 0) return false;
  let crc = crc16(bytes, start, from);
  for (let at = from; at < end; at += stride) {
    const crcAt = at + stride - crcBytes;
    crc = crc16(bytes, at, crcAt, crc);
    if (crc !== ((bytes[crcAt] ?? 0) | ((bytes[crcAt + 1] ?? 0) << 8))) return false;
    crc = crc16(bytes, crcAt, crcAt + crcBytes, crc);
  }
  return true;
}

import type { FrameFormat } from "../../serial/frame-scanner.ts";
import { crcExtraOf } from "./crc-extras.ts";
import { layoutOf } from "./messages.ts";
import { x25Add, x25Of, x25Start } from "./x25.ts";

export const mavlink2Start = 0xfd;
export const mavlink1Start = 0xfe;
export const headerBytes = 10;
const header1Bytes = 6;
export const signatureBytes = 13;
/** Header, payload, checksum, signature. */
export const maxFrameBytes = headerBytes + 255 + 2 + signatureBytes;
/** The only incompatible feature there is; a frame with any other cannot be understood. */
export const signedFlag = 0x01;

/** MAVLink 2 frames, signed or not, and MAVLink 1. A message nobody knows the CRC_EXTRA of is no frame. */
export const mavlinkFormat: FrameFormat = {
  begins: (byte) => byte === mavlink2Start || byte === mavlink1Start,
  lengthAt(bytes, start, end) {
    if (end - start < 3) return 0;
    const payload = bytes[start + 1] ?? 0;
    if (bytes[start] === mavlink1Start) return header1Bytes + payload + 2;
    const flags = bytes[start + 2] ?? 0;
    if ((flags & ~signedFlag) !== 0) return -1;
    return headerBytes + payload + 2 + (flags === signedFlag ? signatureBytes : 0);
  },
  isIntact(bytes, start) {
    const id = messageIdAt(bytes, start);
    const extra = layoutOf(id)?.crcExtra ?? crcExtraOf(id);
    if (extra < 0) return false;
    const end = checksumAt(bytes, start);
    const crc = x25Add(x25Of(x25Start, bytes, start + 1, end), extra);
    return bytes[end] === (crc & 0xff) && bytes[end + 1] === crc >>> 8;
  },
};

const isV1 = (bytes: Uint8Array, start: number): boolean => bytes[start] === mavlink1Start;

/** // hot path */
export const messageIdAt = (bytes: Uint8Array, start: number): number =>
  isV1(bytes, start)
    ? (bytes[start + 5] ?? 0)
    : (bytes[start + 7] ?? 0) | ((bytes[start + 8] ?? 0) << 8) | ((bytes[start + 9] ?? 0) << 16);

/** // hot path */
export const payloadAt = (bytes: Uint8Array, start: number): number =>
  start + (isV1(bytes, start) ? header1Bytes : headerBytes);

/** // hot path */
export const checksumAt = (bytes: Uint8Array, start: number): number =>
  payloadAt(bytes, start) + (bytes[start + 1] ?? 0);

export const isSignedAt = (bytes: Uint8Array, start: number): boolean =>
  !isV1(bytes, start) && bytes[start + 2] === signedFlag;

/** Counter of frames of one component, 0..255. */
export const sequenceAt = (bytes: Uint8Array, start: number): number =>
  bytes[start + (isV1(bytes, start) ? 2 : 4)] ?? 0;

export const systemIdAt = (bytes: Uint8Array, start: number): number =>
  bytes[start + (isV1(bytes, start) ? 3 : 5)] ?? 0;

export const componentIdAt = (bytes: Uint8Array, start: number): number =>
  bytes[start + (isV1(bytes, start) ? 4 : 6)] ?? 0;

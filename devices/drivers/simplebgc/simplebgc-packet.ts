import type { FrameFormat } from "../serial/frame-scanner.ts";

/** Command ids of BaseCam's SimpleBGC32 Serial API that are used here. */
export const SimplebgcCommand = {
  RealtimeData4: 25,
  Confirm: 67,
  Control: 67,
  GetAngles: 73,
  MotorsOn: 77,
  BoardInfo: 86,
  MotorsOff: 109,
  Error: 255,
} as const;

/** What an axis is told in CMD_CONTROL. */
export const SimplebgcMode = {
  NoControl: 0,
  Speed: 1,
  Angle: 2,
  SpeedAngle: 3,
  AngleRelFrame: 5,
} as const;
export type SimplebgcMode = (typeof SimplebgcMode)[keyof typeof SimplebgcMode];

/** The board's order of axes. */
export const simplebgcAxes = ["roll", "pitch", "yaw"] as const;

/** 360/16384 degrees. */
export const angleUnitRad = (2 * Math.PI) / 16_384;
/** 0.1220740379 degrees per second. */
export const speedUnitRadPerS = (0.1220740379 * Math.PI) / 180;

const firstByteV1 = 0x3e;
const firstByteV2 = 0x24;
const headerBytes = 4;
export const simplebgcMaxFrameBytes = headerBytes + 255 + 2;

/**
 * ```
 * 0  3E (version 1) or 24 (version 2)
 * 1  command
 * 2  payload size
 * 3  (command + size) modulo 256
 * 4  payload
 *    version 1: sum of the payload modulo 256; version 2: CRC-16 of all but the first byte
 * ```
 */
export const simplebgcFormat: FrameFormat = {
  begins: (byte) => byte === firstByteV1 || byte === firstByteV2,
  lengthAt: (bytes, start, end) => {
    if (end - start < headerBytes) return 0;
    const size = bytes[start + 2] ?? 0;
    if ((((bytes[start + 1] ?? 0) + size) & 0xff) !== bytes[start + 3]) return -1;
    return headerBytes + size + (bytes[start] === firstByteV2 ? 2 : 1);
  },
  isIntact: (bytes, start, length) => {
    if (bytes[start] === firstByteV2) {
      const end = start + length - 2;
      const found = (bytes[end] ?? 0) | ((bytes[end + 1] ?? 0) << 8);
      return reflectedCrc16(bytes, start + 1, end) === found;
    }
    return sum(bytes, start + headerBytes, start + length - 1) === bytes[start + length - 1];
  },
};

function sum(bytes: Uint8Array, start: number, end: number): number {
  let total = 0;
  for (let at = start; at < end; at += 1) total += bytes[at] ?? 0;
  return total & 0xff;
}

/**
 * The API's CRC-16: polynomial 0x8005, start 0, each byte's lowest bit first into a register that shifts
 * to the left (not reflected at the end).
 */
export function reflectedCrc16(bytes: Uint8Array, start: number, end: number): number {
  let crc = 0;
  for (let at = start; at < end; at += 1) {
    const index = ((crc >> 8) ^ (mirrored[bytes[at] ?? 0] ?? 0)) & 0xff;
    crc = ((crc << 8) ^ (table[index] ?? 0)) & 0xffff;
  }
  return crc;
}

const table = Uint16Array.from({ length: 256 }, (_, high) => {
  let crc = high << 8;
  for (let bit = 0; bit < 8; bit += 1) {
    crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x8005;
  }
  return crc;
});

const mirrored = Uint8Array.from({ length: 256 }, (_, byte) => {
  let out = 0;
  for (let bit = 0; bit < 8; bit += 1) if ((byte & (1 << bit)) !== 0) out |= 0x80 >> bit;
  return out;
});

/** Encodes into one buffer of its own; each call returns the length. // hot path */
export class SimplebgcPackets {
  readonly frame = new Uint8Array(simplebgcMaxFrameBytes);
  readonly #view = new DataView(this.frame.buffer);
  readonly #isV2: boolean;

  constructor(version: 1 | 2) {
    this.#isV2 = version === 2;
  }

  /** A command without payload: a question, or motors on. */
  command(id: number): number {
    return this.#finish(id, 0);
  }

  /**
   * CMD_CONTROL with a mode for each axis (firmware 2.55 and later), in the board's order of axes.
   *
   * @param angles units of 360/16384 degrees, cut to 16 bits.
   * @param speeds units of 0.1220740379 degrees per second, cut to 16 bits.
   */
  control(modes: Uint8Array, angles: Float64Array, speeds: Float64Array): number {
    let at = headerBytes + 3;
    for (let axis = 0; axis < 3; axis += 1) {
      this.frame[headerBytes + axis] = modes[axis] ?? 0;
      this.#view.setInt16(at, toInt16(speeds[axis] ?? 0), true);
      this.#view.setInt16(at + 2, toInt16(angles[axis] ?? 0), true);
      at += 4;
    }
    return this.#finish(SimplebgcCommand.Control, at - headerBytes);
  }

  #finish(id: number, size: number): number {
    const { frame } = this;
    const end = headerBytes + size;
    frame[0] = this.#isV2 ? firstByteV2 : firstByteV1;
    frame[1] = id;
    frame[2] = size;
    frame[3] = (id + size) & 0xff;
    if (!this.#isV2) {
      frame[end] = sum(frame, headerBytes, end);
      return end + 1;
    }
    this.#view.setUint16(end, reflectedCrc16(frame, 1, end), true);
    return end + 2;
  }
}

function toInt16(value: number): number {
  return Math.min(Math.max(Math.round(value), -32_768), 32_767);
}

export const commandOf = (bytes: Uint8Array, start: number): number => bytes[start + 1] ?? 0;
export const payloadSize = (bytes: Uint8Array, start: number): number => bytes[start + 2] ?? 0;

export function payloadInt16(bytes: Uint8Array, start: number, at: number): number {
  const from = start + headerBytes + at;
  return (((bytes[from] ?? 0) | ((bytes[from + 1] ?? 0) << 8)) << 16) >> 16;
}

export const payloadByte = (bytes: Uint8Array, start: number, at: number): number =>
  bytes[start + headerBytes + at] ?? 0;

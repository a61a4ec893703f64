import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";

/**
 * What passes through the pipe to the host process, in both directions, little endian:
 *
 * | octets | meaning                                              |
 * | ------ | ---------------------------------------------------- |
 * | 0..3   | length of what follows                               |
 * | 4      | tag                                                  |
 * | 5..8   | data: endpoint id; note: length of the JSON text     |
 * | 9..    | data: one CDR message; note: JSON text, then any CDR |
 *
 * `data` is the hot path: no JSON, no object. `taken` acknowledges data: pairs of endpoint id and count.
 */
export const FrameTag = { Data: 1, Taken: 2, Note: 3 } as const;

const lengthBytes = 4;
const headBytes = 9;
/** A picture of 16 Mpixel in colour fits; more is a broken pipe, not a message. */
export const maxFrameBytes = 64 * 1024 * 1024;

/** One message for, or from, an endpoint. The bytes are copied: one write, and the caller keeps his. // hot path */
export function dataFrame(endpointId: number, cdr: Uint8Array): Uint8Array {
  const frame = framed(FrameTag.Data, endpointId, cdr.byteLength);
  frame.set(cdr, headBytes);
  return frame;
}

/** Anything rare, which must survive JSON, and the CDR octets that belong to it. */
export function noteFrame(note: object, cdr?: Uint8Array): Uint8Array {
  const text = Buffer.from(JSON.stringify(note));
  const frame = framed(FrameTag.Note, text.byteLength, text.byteLength + (cdr?.byteLength ?? 0));
  frame.set(text, headBytes);
  if (cdr !== undefined) frame.set(cdr, headBytes + text.byteLength);
  return frame;
}

export function takenFrame(counts: ReadonlyMap<number, number>): Uint8Array {
  const frame = Buffer.allocUnsafe(lengthBytes + 1 + 8 * counts.size);
  frame.writeUInt32LE(frame.byteLength - lengthBytes, 0);
  frame[lengthBytes] = FrameTag.Taken;
  let at = lengthBytes + 1;
  for (const [endpointId, count] of counts) {
    frame.writeUInt32LE(endpointId, at);
    frame.writeUInt32LE(count, at + 4);
    at += 8;
  }
  return frame;
}

function framed(tag: number, value: number, bodyBytes: number): Buffer {
  const frame = Buffer.allocUnsafe(headBytes + bodyBytes);
  frame.writeUInt32LE(headBytes - lengthBytes + bodyBytes, 0);
  frame[lengthBytes] = tag;
  frame.writeUInt32LE(value, lengthBytes + 1);
  return frame;
}

export interface FrameHandler {
  /** `cdr` is in a buffer of its own. */
  readonly data: (endpointId: number, cdr: Uint8Array<ArrayBuffer>) => void;
  /** The other side has taken so many more messages of this endpoint. */
  readonly taken: (endpointId: number, count: number) => void;
  readonly note: (note: unknown, cdr: Uint8Array<ArrayBuffer> | undefined) => void;
}

/** Cuts the pipe's chunks into frames, wherever they were split. */
export class FrameReader {
  readonly #handler: FrameHandler;
  readonly #chunks: Buffer[] = [];
  #bufferedBytes = 0;
  /** Undefined while the length itself has not come whole. */
  #frameBytes: number | undefined;

  constructor(handler: FrameHandler) {
    this.#handler = handler;
  }

  /** @throws BridgeError `ros/transport` for octets that are no frame. // hot path */
  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bufferedBytes += chunk.byteLength;
    for (;;) {
      if (this.#frameBytes === undefined) {
        if (this.#bufferedBytes < lengthBytes) return;
        this.#frameBytes = checkedLength(this.#take(lengthBytes).readUInt32LE(0));
      }
      if (this.#bufferedBytes < this.#frameBytes) return;
      const frame = this.#take(this.#frameBytes);
      this.#frameBytes = undefined;
      this.#dispatch(frame);
    }
  }

  #dispatch(frame: Buffer): void {
    const tag = frame[0] ?? 0;
    switch (tag) {
      case FrameTag.Data:
        this.#handler.data(frame.readUInt32LE(1), ownCopy(frame, 5));
        return;
      case FrameTag.Taken:
        for (let at = 1; at + 8 <= frame.byteLength; at += 8) {
          this.#handler.taken(frame.readUInt32LE(at), frame.readUInt32LE(at + 4));
        }
        return;
      case FrameTag.Note: {
        const textEnd = 5 + frame.readUInt32LE(1);
        const note: unknown = JSON.parse(frame.toString("utf8", 5, textEnd));
        this.#handler.note(note, textEnd < frame.byteLength ? ownCopy(frame, textEnd) : undefined);
        return;
      }
      default:
        throw new BridgeError(
          ErrorCode.RosTransport,
          `the host's pipe carries tag ${tag}, expected 1 to 3`,
        );
    }
  }

  /** The next octets, a view where one chunk holds them all. There must be that many. */
  #take(wantedBytes: number): Buffer {
    this.#bufferedBytes -= wantedBytes;
    const [first] = this.#chunks;
    if (first !== undefined && first.byteLength >= wantedBytes) {
      if (first.byteLength === wantedBytes) this.#chunks.shift();
      else this.#chunks[0] = first.subarray(wantedBytes);
      return first.subarray(0, wantedBytes);
    }
    const taken = Buffer.allocUnsafe(wantedBytes);
    let at = 0;
    while (at < wantedBytes) {
      const chunk = this.#chunks.shift();
      if (chunk === undefined) break;
      const part = Math.min(chunk.byteLength, wantedBytes - at);
      chunk.copy(taken, at, 0, part);
      at += part;
      if (part < chunk.byteLength) this.#chunks.unshift(chunk.subarray(part));
    }
    return taken;
  }
}

function checkedLength(bytes: number): number {
  if (bytes >= 1 && bytes <= maxFrameBytes) return bytes;
  throw new BridgeError(
    ErrorCode.RosTransport,
    `a frame of the host's pipe claims ${bytes} bytes, expected 1 to ${maxFrameBytes}`,
  );
}

function ownCopy(frame: Buffer, start: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(frame.byteLength - start);
  copy.set(frame.subarray(start));
  return copy;
}

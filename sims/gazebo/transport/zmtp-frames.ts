/** ZMTP 3 framing (rfc.zeromq.org/spec/23): flags, size, body. */
const FrameFlag = { More: 1, Long: 2, Command: 4 } as const;
const longHeaderBytes = 9;

export interface ZmtpLimits {
  /** Of all frames of one message together. */
  readonly maxMessageBytes: number;
  readonly maxFrames: number;
}

export interface ZmtpFrame {
  readonly isCommand: boolean;
  readonly hasMore: boolean;
  /** Borrowed: a view of what was received, valid until the listener returns. */
  readonly body: Uint8Array;
}

/**
 * Cuts a byte stream into frames. Memory follows what was received, never what a header promises: a
 * frame whose announced size is over the limit ends the parser at its header.
 */
export class ZmtpFrameParser {
  readonly #maxFrameBytes: number;
  readonly #onFrame: (frame: ZmtpFrame) => void;
  /** What is left of a frame that has not arrived whole. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** Bytes to collect before looking again. */
  #wantedBytes = 1;

  constructor(maxFrameBytes: number, onFrame: (frame: ZmtpFrame) => void) {
    this.#maxFrameBytes = maxFrameBytes;
    this.#onFrame = onFrame;
  }

  /** Undefined, or what is wrong with the stream; after that it must not be fed again. // hot path */
  push(chunk: Uint8Array): string | undefined {
    let input = chunk;
    if (this.#waitingBytes > 0) {
      this.#waiting.push(chunk);
      this.#waitingBytes += chunk.length;
      if (this.#waitingBytes < this.#wantedBytes) return undefined;
      input = Buffer.concat(this.#waiting, this.#waitingBytes);
      this.#waiting = [];
      this.#waitingBytes = 0;
    }
    let position = 0;
    for (;;) {
      const left = input.length - position;
      const headerBytes = left === 0 ? 1 : headerBytesOf(input[position] ?? 0);
      if (left < headerBytes) {
        this.#keep(input, position, headerBytes);
        return;
      }
      const flags = input[position] ?? 0;
      const problem = flagProblem(flags);
      if (problem !== undefined) return problem;
      const sizeBytes = bodySize(input, position, headerBytes);
      if (sizeBytes > this.#maxFrameBytes) {
        return `a frame of ${sizeBytes} bytes, the limit is ${this.#maxFrameBytes}`;
      }
      const frameBytes = headerBytes + sizeBytes;
      if (left < frameBytes) {
        this.#keep(input, position, frameBytes);
        return;
      }
      this.#onFrame({
        isCommand: (flags & FrameFlag.Command) !== 0,
        hasMore: (flags & FrameFlag.More) !== 0,
        body: input.subarray(position + headerBytes, position + frameBytes),
      });
      position += frameBytes;
    }
  }

  #keep(input: Uint8Array, position: number, wantedBytes: number): undefined {
    this.#wantedBytes = wantedBytes;
    if (position === input.length) return;
    // A copy: the rest of a chunk must not hold the whole chunk in memory.
    this.#waiting.push(input.slice(position));
    this.#waitingBytes = input.length - position;
  }
}

function headerBytesOf(flags: number): number {
  return (flags & FrameFlag.Long) === 0 ? 2 : longHeaderBytes;
}

function flagProblem(flags: number): string | undefined {
  if (flags > 7) return `frame flags 0x${flags.toString(16)}, expected at most 0x7`;
  const isCommandWithMore = (flags & FrameFlag.Command) !== 0 && (flags & FrameFlag.More) !== 0;
  return isCommandWithMore ? "a command frame that says more follows" : undefined;
}

/** Of a long frame as a double: anything beyond 2^53 is over every limit anyway. */
function bodySize(input: Uint8Array, position: number, headerBytes: number): number {
  if (headerBytes === 2) return input[position + 1] ?? 0;
  let size = 0;
  for (let i = 1; i < longHeaderBytes; i += 1) size = size * 256 + (input[position + i] ?? 0);
  return size;
}

/** One message of several frames as the bytes that go on the wire. // hot path */
export function encodeMessage(parts: readonly Uint8Array[]): Buffer {
  let total = 0;
  for (const part of parts) total += part.length + (part.length > 255 ? longHeaderBytes : 2);
  const out = Buffer.allocUnsafe(total);
  let position = 0;
  for (let i = 0; i < parts.length; i += 1) {
    const part = parts[i];
    if (part === undefined) continue;
    position = writeFrame(out, position, part, i < parts.length - 1 ? FrameFlag.More : 0);
  }
  return out;
}

export function encodeCommand(body: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(body.length + (body.length > 255 ? longHeaderBytes : 2));
  writeFrame(out, 0, body, FrameFlag.Command);
  return out;
}

function writeFrame(out: Buffer, start: number, body: Uint8Array, flags: number): number {
  let position = start;
  if (body.length > 255) {
    out[position] = flags | FrameFlag.Long;
    out.writeUInt32BE(Math.floor(body.length / 2 ** 32), position + 1);
    out.writeUInt32BE(body.length >>> 0, position + 5);
    position += longHeaderBytes;
  } else {
    out[position] = flags;
    out[position + 1] = body.length;
    position += 2;
  }
  out.set(body, position);
  return position + body.length;
}

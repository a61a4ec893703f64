import { open, type FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";
import type { Frame } from "../contract/frame.ts";
import { BridgeError, ErrorCode, errorText } from "../contract/errors.ts";
import type { Prediction } from "../contract/world-model.ts";
import {
  chunkHeadBytes,
  chunkMark,
  headerBytes,
  magic,
  recordHeadBytes,
  RecordKind,
  type RecordingHeader,
} from "./format.ts";

const chunkBytes = 256 * 1024;
/** More than this not yet on the disk: it is too slow, and records are left out rather than kept. */
const maxPendingBytes = 64 * 1024 * 1024;

/** Writes a recording. Records gather in a chunk, which goes to the file when full or flushed. */
export class RecordingWriter implements AsyncDisposable {
  readonly path: string;
  /** Records left out: the disk did not keep up, or writing has ended. */
  droppedCount = 0;
  /** Set once writing has failed; nothing is written after it. */
  failure: unknown;
  readonly #file: FileHandle;
  #chunk = Buffer.alloc(chunkBytes);
  #length = chunkHeadBytes;
  #pendingBytes = 0;
  #tail: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  private constructor(file: FileHandle, path: string) {
    this.#file = file;
    this.path = path;
  }

  /** Starts a new file, in place of one that is there. @throws BridgeError `config/unreadable`. */
  static async open(path: string, header: RecordingHeader): Promise<RecordingWriter> {
    try {
      const file = await open(path, "w");
      await file.write(headerBlock(header));
      return new RecordingWriter(file, path);
    } catch (error) {
      throw new BridgeError(ErrorCode.ConfigUnreadable, `record ${path}: ${errorText(error)}`, {
        cause: error,
      });
    }
  }

  joints(stampMs: number, row: Float64Array): void {
    this.#row(RecordKind.Joints, stampMs, row);
  }

  setpoint(stampMs: number, row: Float64Array): void {
    this.#row(RecordKind.Setpoint, stampMs, row);
  }

  /** @param bytes JPEG, or rgb8 for a picture that must come back to the bit. */
  picture(frame: Frame, bytes: Uint8Array, encoding: "jpeg" | "rgb8"): void {
    const kind = encoding === "jpeg" ? RecordKind.Jpeg : RecordKind.Rgb;
    const at = this.#begin(kind, frame.stampMs, 8 + bytes.length);
    if (at < 0) return;
    this.#chunk.writeUInt32LE(frame.sequence >>> 0, at);
    this.#chunk.writeUInt16LE(frame.widthPx, at + 4);
    this.#chunk.writeUInt16LE(frame.heightPx, at + 6);
    this.#chunk.set(bytes, at + 8);
  }

  /** Candidate 0 and the actions it is conditioned on, [step][axis]. */
  prediction(prediction: Prediction, actionsRad: Float32Array): void {
    const { stampMs, horizonSteps, axisCount, inferMs } = prediction;
    const count = horizonSteps * axisCount;
    const at = this.#begin(RecordKind.Prediction, stampMs, 16 + 5 * 4 * count);
    if (at < 0) return;
    this.#chunk.writeUInt32LE(horizonSteps, at);
    this.#chunk.writeUInt32LE(axisCount, at + 4);
    this.#chunk.writeDoubleLE(inferMs, at + 8);
    const { meanPosRad, stdPosRad, meanVelRadPerS, stdVelRadPerS } = prediction;
    let offset = at + 16;
    for (const values of [actionsRad, meanPosRad, stdPosRad, meanVelRadPerS, stdVelRadPerS]) {
      for (let index = 0; index < count; index += 1) {
        offset = this.#chunk.writeFloatLE(values[index] ?? 0, offset);
      }
    }
  }

  event(stampMs: number, event: unknown): void {
    const text = Buffer.from(JSON.stringify(event));
    const at = this.#begin(RecordKind.Event, stampMs, text.length);
    if (at >= 0) this.#chunk.set(text, at);
  }

  /** Ends the chunk: what was recorded so far survives a crash once this has resolved. */
  async flush(): Promise<void> {
    this.#endChunk();
    await this.#tail;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.flush().then(() => this.#file.close());
    await this.#closing;
  }

  #row(kind: RecordKind, stampMs: number, row: Float64Array): void {
    let at = this.#begin(kind, stampMs, 8 * row.length);
    if (at < 0) return;
    for (const value of row) at = this.#chunk.writeDoubleLE(value, at);
  }

  /** Makes room for a record and writes its head; where its body goes, or -1 if it is left out. */
  #begin(kind: RecordKind, stampMs: number, bodyBytes: number): number {
    const needed = recordHeadBytes + bodyBytes;
    if (this.#length + needed > this.#chunk.length) this.#endChunk();
    const isOver = this.failure !== undefined || this.#closing !== undefined;
    if (isOver || this.#pendingBytes > maxPendingBytes) {
      this.droppedCount += 1;
      return -1;
    }
    if (chunkHeadBytes + needed > this.#chunk.length) {
      this.#chunk = Buffer.alloc(chunkHeadBytes + needed);
    }
    const at = this.#length;
    this.#chunk.writeUInt32LE(kind, at);
    this.#chunk.writeUInt32LE(bodyBytes, at + 4);
    this.#chunk.writeDoubleLE(stampMs, at + 8);
    this.#length = at + needed;
    return at + recordHeadBytes;
  }

  #endChunk(): void {
    if (this.#length === chunkHeadBytes) return;
    const chunk = this.#chunk.subarray(0, this.#length);
    chunk.write(chunkMark, 0, "latin1");
    chunk.writeUInt32LE(chunk.length - chunkHeadBytes, 4);
    chunk.writeUInt32LE(crc32(chunk.subarray(chunkHeadBytes)), 8);
    this.#chunk = Buffer.alloc(chunkBytes);
    this.#length = chunkHeadBytes;
    this.#pendingBytes += chunk.length;
    this.#tail = this.#tail.then(() => this.#write(chunk));
  }

  async #write(chunk: Uint8Array): Promise<void> {
    try {
      if (this.failure === undefined) await this.#file.write(chunk);
    } catch (error) {
      this.failure = error;
    }
    this.#pendingBytes -= chunk.length;
  }
}

function headerBlock(header: RecordingHeader): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const head = Buffer.alloc(headerBytes);
  head.write(magic, 0, "latin1");
  head.writeUInt32LE(json.length, 8);
  head.writeUInt32LE(crc32(json), 12);
  return Buffer.concat([head, json]);
}

import { readFile } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { BridgeError, ErrorCode, errorText } from "../contract/errors.ts";
import { SampleRing } from "../contract/sample-ring.ts";
import {
  chunkHeadBytes,
  chunkMark,
  headerBytes,
  magic,
  recordHeadBytes,
  RecordKind,
  type RecordingHeader,
} from "./format.ts";

export interface RecordedPicture {
  readonly stampMs: number;
  readonly sequence: number;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly encoding: "jpeg" | "rgb8";
  /** A view of the file. */
  readonly bytes: Uint8Array;
}

export interface RecordedPrediction {
  readonly stampMs: number;
  readonly horizonSteps: number;
  readonly axisCount: number;
  readonly inferMs: number;
  /** Shape [horizonSteps, axisCount], as all below. */
  readonly actionsRad: Float32Array;
  readonly meanPosRad: Float32Array;
  readonly stdPosRad: Float32Array;
  readonly meanVelRadPerS: Float32Array;
  readonly stdVelRadPerS: Float32Array;
}

export interface Recording {
  readonly header: RecordingHeader;
  /** Rows of position, velocity, effort: to the bit as they were. */
  readonly telemetry: SampleRing;
  /** Rows of position, velocity. */
  readonly setpoints: SampleRing;
  readonly pictures: readonly RecordedPicture[];
  readonly predictions: readonly RecordedPrediction[];
  readonly events: readonly { readonly stampMs: number; readonly event: unknown }[];
  readonly chunkCount: number;
  /** Bytes after the last whole chunk: more than 0 when the writer did not get to its end. */
  readonly cutBytes: number;
}

/**
 * Reads a recording up to its last whole chunk.
 *
 * @throws BridgeError `config/unreadable` if the file cannot be read or is no recording.
 */
export async function readRecording(path: string): Promise<Recording> {
  let file: Buffer;
  try {
    file = await readFile(path);
  } catch (error) {
    throw new BridgeError(ErrorCode.ConfigUnreadable, `${path}: ${errorText(error)}`, {
      cause: error,
    });
  }
  return parseRecording(file, path);
}

/** @param source named in errors. */
export function parseRecording(file: Buffer, source: string): Recording {
  const header = readHeader(file, source);
  const rows = new RecordReader(header.axisNames.length);
  let at = headerBytes + file.readUInt32LE(8);
  let chunkCount = 0;
  for (;;) {
    const records = wholeChunk(file, at);
    if (records === undefined) break;
    rows.take(records);
    chunkCount += 1;
    at += chunkHeadBytes + records.length;
  }
  return { header, ...rows.finish(), chunkCount, cutBytes: file.length - at };
}

function readHeader(file: Buffer, source: string): RecordingHeader {
  const wrong = (text: string): BridgeError =>
    new BridgeError(ErrorCode.ConfigUnreadable, `${source} is not a recording: ${text}`);
  if (file.length < headerBytes || file.toString("latin1", 0, 8) !== magic) {
    throw wrong(`it does not begin with ${magic}`);
  }
  const length = file.readUInt32LE(8);
  const json = file.subarray(headerBytes, headerBytes + length);
  if (json.length < length || crc32(json) !== file.readUInt32LE(12)) {
    throw wrong("its header is cut or damaged");
  }
  const header = JSON.parse(json.toString()) as RecordingHeader;
  if ((header.version as number) !== 1) {
    throw wrong(`its version is ${header.version}, expected 1`);
  }
  return header;
}

/** The records of the chunk at `at`, if it is there to its end and undamaged. */
function wholeChunk(file: Buffer, at: number): Buffer | undefined {
  if (at + chunkHeadBytes > file.length) return undefined;
  if (file.toString("latin1", at, at + 4) !== chunkMark) return undefined;
  const end = at + chunkHeadBytes + file.readUInt32LE(at + 4);
  if (end > file.length) return undefined;
  const records = file.subarray(at + chunkHeadBytes, end);
  return crc32(records) === file.readUInt32LE(at + 8) ? records : undefined;
}

interface Rows {
  readonly stampsMs: number[];
  readonly values: number[];
}

/** Sorts the records of a file into what they tell. */
class RecordReader {
  readonly #axisCount: number;
  readonly #joints: Rows = { stampsMs: [], values: [] };
  readonly #setpoints: Rows = { stampsMs: [], values: [] };
  readonly #pictures: RecordedPicture[] = [];
  readonly #predictions: RecordedPrediction[] = [];
  readonly #events: { stampMs: number; event: unknown }[] = [];

  constructor(axisCount: number) {
    this.#axisCount = axisCount;
  }

  take(records: Buffer): void {
    for (let at = 0; at + recordHeadBytes <= records.length;) {
      const kind = records.readUInt8(at);
      const end = at + recordHeadBytes + records.readUInt32LE(at + 4);
      const stampMs = records.readDoubleLE(at + 8);
      this.#takeOne(kind, stampMs, records.subarray(at + recordHeadBytes, end));
      at = end;
    }
  }

  finish() {
    return {
      telemetry: ringOf(this.#joints, 3 * this.#axisCount),
      setpoints: ringOf(this.#setpoints, 2 * this.#axisCount),
      pictures: this.#pictures,
      predictions: this.#predictions,
      events: this.#events,
    };
  }

  #takeOne(kind: number, stampMs: number, body: Buffer): void {
    switch (kind) {
      case RecordKind.Joints:
        takeRow(this.#joints, stampMs, body, 3 * this.#axisCount);
        return;
      case RecordKind.Setpoint:
        takeRow(this.#setpoints, stampMs, body, 2 * this.#axisCount);
        return;
      case RecordKind.Jpeg:
      case RecordKind.Rgb:
        this.#pictures.push({
          stampMs,
          sequence: body.readUInt32LE(0),
          widthPx: body.readUInt16LE(4),
          heightPx: body.readUInt16LE(6),
          encoding: kind === RecordKind.Jpeg ? "jpeg" : "rgb8",
          bytes: body.subarray(8),
        });
        return;
      case RecordKind.Prediction:
        this.#predictions.push(readPrediction(stampMs, body));
        return;
      case RecordKind.Event:
        this.#events.push({ stampMs, event: JSON.parse(body.toString()) as unknown });
        return;
      default:
      // Of a later version.
    }
  }
}

function takeRow(rows: Rows, stampMs: number, body: Buffer, width: number): void {
  rows.stampsMs.push(stampMs);
  for (let index = 0; index < width; index += 1) rows.values.push(body.readDoubleLE(8 * index));
}

/** A ring that holds all of them: it leaves its oldest slot to a writer. */
function ringOf({ stampsMs, values }: Rows, width: number): SampleRing {
  const ring = SampleRing.create({ capacity: stampsMs.length + 2, width });
  const all = Float64Array.from(values);
  stampsMs.forEach((stampMs, index) => {
    ring.push(stampMs, all.subarray(index * width, (index + 1) * width));
  });
  return ring;
}

function readPrediction(stampMs: number, body: Buffer): RecordedPrediction {
  const horizonSteps = body.readUInt32LE(0);
  const axisCount = body.readUInt32LE(4);
  const count = horizonSteps * axisCount;
  const block = (index: number): Float32Array =>
    Float32Array.from({ length: count }, (_, k) => body.readFloatLE(16 + 4 * (index * count + k)));
  return {
    stampMs,
    horizonSteps,
    axisCount,
    inferMs: body.readDoubleLE(8),
    actionsRad: block(0),
    meanPosRad: block(1),
    stdPosRad: block(2),
    meanVelRadPerS: block(3),
    stdVelRadPerS: block(4),
  };
}

import {
  imageBytes,
  imageEncodings,
  type CameraImage,
} from "../../bridge/contract/camera-image.ts";
import type { Frame } from "../../bridge/contract/frame.ts";
import type { Observation } from "../../bridge/contract/observation.ts";
import type { Prediction, PredictRequest } from "../../bridge/contract/world-model.ts";
import { headFloats, readHeads, writeHeads } from "./head-rows.ts";

export const Operation = { Observe: 1, Predict: 2, Reset: 3 } as const;
export type Operation = (typeof Operation)[keyof typeof Operation];

export interface MailboxSize {
  readonly axisCount: number;
  readonly maxCandidateCount: number;
  readonly maxHorizonSteps: number;
  /** Bytes of the largest picture that is observed or that a preview is asked from; 0 = no pictures. */
  readonly maxFrameBytes: number;
}

const headerBytes = 128;
const fullRange = 256;
const textBytes = 2048;
const HeaderField = {
  request: 0,
  response: 1,
  operation: 2,
  candidateCount: 3,
  horizonSteps: 4,
  previewStep: 5,
  frameWidthPx: 6,
  frameHeightPx: 7,
  frameSequence: 8,
  isError: 9,
  stateSequence: 10,
  resetCount: 11,
  textLength: 12,
  /** 0: no picture. Else 1 + the index of `imageEncodings`, with 256 added for full-range YUV. */
  frameEncoding: 13,
  frameStrideBytes: 14,
  /** Bits of the heads that a prediction has besides the joints. */
  heads: 15,
} as const;
/** `oodScore` is NaN where the model has none. */
const NumberField = {
  stampMs: 0,
  frameStampMs: 1,
  stepMs: 2,
  inferMs: 3,
  oodScore: 4,
  observation: 5,
} as const;

interface WaitAsync {
  waitAsync(
    array: Int32Array,
    index: number,
    value: number,
  ): { readonly async: boolean; readonly value: Promise<string> | string };
}

/**
 * One request and its answer between the main thread and an inference worker, in shared memory. The
 * main thread fills the request part and raises `request`; the worker fills the answer part and
 * raises `response` to the same number. Between the two, the other side keeps its hands off.
 *
 * ```
 * byte 0      int32   request · response · operation · candidates · steps · preview step
 *                     · frame width · height · sequence · is error · state sequence · resets · text length
 *                     · frame encoding · stride · heads
 * byte 128    uint8   error code, newline, error text (UTF-8)          [2048]
 * byte 2176   float64 stampMs · frame stampMs · stepMs · inferMs · oodScore · observation [4][axes]
 * then        float32 actions · mean pos · std pos · mean vel · std vel [candidates][steps][axes] each
 *                     · the other heads, packed [candidates][steps][6]
 * then        uint8   the observed picture, or rgb of the preview's frame; in the answer, of the preview
 * ```
 */
export class InferenceMailbox {
  readonly buffer: SharedArrayBuffer;
  readonly size: MailboxSize;
  readonly #header: Int32Array;
  readonly #text: Buffer;
  readonly #numbers: Float64Array;
  readonly #actions: Float32Array;
  readonly #results: readonly Float32Array[];
  readonly #heads: Float32Array;
  readonly #rgb: Uint8Array;
  /** What `readObservation` gives: the picture where it lies, described anew each time. */
  readonly #image: CameraImage;

  constructor(size: MailboxSize, buffer = new SharedArrayBuffer(bytesFor(size))) {
    this.size = size;
    this.buffer = buffer;
    this.#header = new Int32Array(buffer, 0, headerBytes / 4);
    this.#text = Buffer.from(buffer, headerBytes, textBytes);
    const numberCount = NumberField.observation + 4 * size.axisCount;
    let offset = headerBytes + textBytes;
    this.#numbers = new Float64Array(buffer, offset, numberCount);
    offset += this.#numbers.byteLength;
    const rows = Array.from({ length: 5 }, () => {
      const row = new Float32Array(buffer, offset, rowLength(size));
      offset += row.byteLength;
      return row;
    });
    this.#actions = rows[0] ?? new Float32Array(0);
    this.#results = rows.slice(1);
    this.#heads = new Float32Array(buffer, offset, headsLength(size));
    offset += this.#heads.byteLength;
    this.#rgb = new Uint8Array(buffer, offset, size.maxFrameBytes);
    this.#image = {
      stampMs: 0,
      widthPx: 0,
      heightPx: 0,
      encoding: "rgb8",
      strideBytes: 0,
      data: this.#rgb,
      yuvRange: "limited",
    };
  }

  // --- main thread ---

  /** The caller has checked that `frame`, if there is one, fits. // hot path */
  writeObserve(observation: Observation, frame?: CameraImage): void {
    this.#header[HeaderField.operation] = Operation.Observe;
    this.#numbers[NumberField.stampMs] = observation.stampMs;
    for (const [index, values] of arraysOf(observation).entries()) {
      this.#numbers.set(values, NumberField.observation + index * this.size.axisCount);
    }
    if (frame === undefined) this.#header[HeaderField.frameEncoding] = 0;
    else this.#writeImage(frame);
  }

  /** The caller has checked that the request fits. */
  writePredict(request: PredictRequest): void {
    this.#header[HeaderField.operation] = Operation.Predict;
    this.#header[HeaderField.candidateCount] = request.candidateCount;
    this.#header[HeaderField.horizonSteps] = request.horizonSteps;
    this.#header[HeaderField.previewStep] = request.preview?.step ?? 0;
    this.#actions.set(request.actionsRad);
    if (request.preview !== undefined) this.#writeFrame(request.preview.frame);
  }

  writeReset(): void {
    this.#header[HeaderField.operation] = Operation.Reset;
  }

  /** Hands the request over; resolves when the worker has answered it. Never, if the worker dies. */
  async exchange(): Promise<void> {
    const request = Atomics.add(this.#header, HeaderField.request, 1) + 1;
    Atomics.notify(this.#header, HeaderField.request);
    for (;;) {
      const response = Atomics.load(this.#header, HeaderField.response);
      if (response === request) return;
      // ES2024, in Node since 16; the configured lib is ES2023.
      const waiting = (Atomics as unknown as WaitAsync).waitAsync(
        this.#header,
        HeaderField.response,
        response,
      );
      if (waiting.async) await waiting.value;
    }
  }

  /** The worker has answered the newest request, though whoever waits may not have woken yet. */
  get isAnswered(): boolean {
    const response = Atomics.load(this.#header, HeaderField.response);
    return response === Atomics.load(this.#header, HeaderField.request);
  }

  /** Wakes a worker that waits, so that it looks at its messages. */
  wake(): void {
    Atomics.notify(this.#header, HeaderField.request);
  }

  /** Undefined when the answer is no error. */
  readError(): { readonly code: string; readonly text: string } | undefined {
    if (this.#header[HeaderField.isError] !== 1) return undefined;
    const text = this.#text.toString("utf8", 0, this.#header[HeaderField.textLength]);
    const newline = text.indexOf("\n");
    return { code: text.slice(0, newline), text: text.slice(newline + 1) };
  }

  get resetCount(): number {
    return Atomics.load(this.#header, HeaderField.resetCount);
  }

  /** A prediction whose arrays are the caller's own. */
  readPrediction(): Prediction {
    const { axisCount } = this.size;
    const candidateCount = this.#at(HeaderField.candidateCount);
    const horizonSteps = this.#at(HeaderField.horizonSteps);
    const length = candidateCount * horizonSteps * axisCount;
    const [meanPosRad, stdPosRad, meanVelRadPerS, stdVelRadPerS] = this.#results.map((row) =>
      row.slice(0, length),
    ) as [Float32Array, Float32Array, Float32Array, Float32Array];
    const preview = this.#at(HeaderField.previewStep) > 0 ? this.#readFrame() : undefined;
    const oodScore = this.#number(NumberField.oodScore);
    return {
      stampMs: this.#number(NumberField.stampMs),
      stepMs: this.#number(NumberField.stepMs),
      candidateCount,
      horizonSteps,
      axisCount,
      meanPosRad,
      stdPosRad,
      meanVelRadPerS,
      stdVelRadPerS,
      stateSequence: this.#at(HeaderField.stateSequence),
      inferMs: this.#number(NumberField.inferMs),
      ...(preview === undefined ? {} : { preview }),
      ...readHeads(this.#at(HeaderField.heads), this.#heads, candidateCount * horizonSteps),
      ...(Number.isNaN(oodScore) ? {} : { oodScore }),
    };
  }

  // --- worker ---

  /** Blocks this thread until a request stands or `timeoutMs` passed; true if one stands. */
  waitForRequest(timeoutMs: number): boolean {
    const answered = Atomics.load(this.#header, HeaderField.response);
    Atomics.wait(this.#header, HeaderField.request, answered, timeoutMs);
    return Atomics.load(this.#header, HeaderField.request) !== answered;
  }

  get operation(): Operation {
    return this.#at(HeaderField.operation) as Operation;
  }

  /** The picture stays in the mailbox: valid until the answer. // hot path */
  readObservation(into: Observation): void {
    into.stampMs = this.#number(NumberField.stampMs);
    for (const [index, values] of arraysOf(into).entries()) {
      const from = NumberField.observation + index * this.size.axisCount;
      values.set(this.#numbers.subarray(from, from + this.size.axisCount));
    }
    into.frame = this.#at(HeaderField.frameEncoding) === 0 ? undefined : this.#imageBorrowed();
  }

  /** Arrays borrowed from the mailbox: valid until the answer. */
  requestBorrowed(): PredictRequest {
    const candidateCount = this.#at(HeaderField.candidateCount);
    const horizonSteps = this.#at(HeaderField.horizonSteps);
    const length = candidateCount * horizonSteps * this.size.axisCount;
    const actionsRad = this.#actions.subarray(0, length);
    const step = this.#at(HeaderField.previewStep);
    const preview = step > 0 ? { preview: { step, frame: this.#readFrame() } } : {};
    return { actionsRad, candidateCount, horizonSteps, ...preview };
  }

  writePrediction(prediction: Prediction): void {
    const { meanPosRad, stdPosRad, meanVelRadPerS, stdVelRadPerS } = prediction;
    for (const [index, row] of [meanPosRad, stdPosRad, meanVelRadPerS, stdVelRadPerS].entries()) {
      this.#results[index]?.set(row);
    }
    this.#numbers[NumberField.stampMs] = prediction.stampMs;
    this.#numbers[NumberField.stepMs] = prediction.stepMs;
    this.#numbers[NumberField.inferMs] = prediction.inferMs;
    this.#numbers[NumberField.oodScore] = prediction.oodScore ?? Number.NaN;
    this.#header[HeaderField.heads] = writeHeads(prediction, this.#heads);
    this.#header[HeaderField.stateSequence] = prediction.stateSequence;
    if (prediction.preview === undefined) this.#header[HeaderField.previewStep] = 0;
    else this.#writeFrame(prediction.preview);
  }

  writeError(code: string, text: string): void {
    this.#header[HeaderField.isError] = 1;
    this.#header[HeaderField.textLength] = this.#text.write(`${code}\n${text}`);
  }

  /** Answers the standing request. An error written before stands; without one it succeeded. */
  respond(resetCount: number, outcome: "ok" | "error"): void {
    this.#header[HeaderField.isError] = outcome === "error" ? 1 : 0;
    Atomics.store(this.#header, HeaderField.resetCount, resetCount);
    const request = Atomics.load(this.#header, HeaderField.request);
    Atomics.store(this.#header, HeaderField.response, request);
    Atomics.notify(this.#header, HeaderField.response);
  }

  #writeImage(image: CameraImage): void {
    const range = image.yuvRange === "full" ? fullRange : 0;
    this.#header[HeaderField.frameEncoding] = range + 1 + imageEncodings.indexOf(image.encoding);
    this.#header[HeaderField.frameWidthPx] = image.widthPx;
    this.#header[HeaderField.frameHeightPx] = image.heightPx;
    this.#header[HeaderField.frameStrideBytes] = image.strideBytes;
    this.#numbers[NumberField.frameStampMs] = image.stampMs;
    const length = imageBytes(image);
    this.#rgb.set(image.data.length === length ? image.data : image.data.subarray(0, length));
  }

  #imageBorrowed(): CameraImage {
    const image = this.#image;
    const code = this.#at(HeaderField.frameEncoding);
    image.encoding = imageEncodings[(code % fullRange) - 1] ?? "rgb8";
    image.yuvRange = code > fullRange ? "full" : "limited";
    image.widthPx = this.#at(HeaderField.frameWidthPx);
    image.heightPx = this.#at(HeaderField.frameHeightPx);
    image.strideBytes = this.#at(HeaderField.frameStrideBytes);
    image.stampMs = this.#number(NumberField.frameStampMs);
    return image;
  }

  #writeFrame(frame: Frame): void {
    this.#header[HeaderField.frameWidthPx] = frame.widthPx;
    this.#header[HeaderField.frameHeightPx] = frame.heightPx;
    this.#header[HeaderField.frameSequence] = frame.sequence;
    this.#numbers[NumberField.frameStampMs] = frame.stampMs;
    this.#rgb.set(frame.rgb);
  }

  #readFrame(): Frame {
    const widthPx = this.#at(HeaderField.frameWidthPx);
    const heightPx = this.#at(HeaderField.frameHeightPx);
    return {
      stampMs: this.#number(NumberField.frameStampMs),
      sequence: this.#at(HeaderField.frameSequence),
      widthPx,
      heightPx,
      rgb: this.#rgb.slice(0, widthPx * heightPx * 3),
    };
  }

  #at(index: number): number {
    return this.#header[index] ?? 0;
  }

  #number(index: number): number {
    return this.#numbers[index] ?? Number.NaN;
  }
}

const rowLength = (size: MailboxSize): number =>
  size.maxCandidateCount * size.maxHorizonSteps * size.axisCount;

const headsLength = (size: MailboxSize): number =>
  size.maxCandidateCount * size.maxHorizonSteps * headFloats;

function bytesFor(size: MailboxSize): number {
  const numbers = NumberField.observation + 4 * size.axisCount;
  const floats = 5 * rowLength(size) + headsLength(size);
  return headerBytes + textBytes + 8 * numbers + 4 * floats + size.maxFrameBytes;
}

const arraysOf = (observation: Observation): Float64Array[] => [
  observation.jointPosRad,
  observation.jointVelRadPerS,
  observation.jointEffortNm,
  observation.commandPosRad,
];

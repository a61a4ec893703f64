import type { TensorData } from "../../../bridge/contract/engine.ts";
import { BridgeError, ErrorCode } from "../../../bridge/contract/errors.ts";
import type { Observation } from "../../../bridge/contract/observation.ts";
import type { StreamSpec } from "../../package/streams.ts";
import {
  createPreprocessor,
  type ImagePreprocessor,
  type PreprocessorOptions,
} from "./preprocessor.ts";
import type { ImageTensorData } from "./tensor-rows.ts";

export interface FrameTensorOptions extends PreprocessorOptions {
  readonly stream: StreamSpec;
  /** Of a stream that names no `max_age_s`: the manifest's `timing.max_obs_age_s`. */
  readonly defaultMaxAgeS: number;
  /** What a graph's input is bound to; default a buffer of its own. */
  readonly data?: TensorData;
}

/**
 * The picture a graph sees of one camera: the tensor of role `stream:<name>`, kept up with what is
 * observed. Without a picture it is zero and `hasFrame` false.
 */
export class FrameTensor {
  /** Rewritten in place by `update`; nobody else writes anything but zeros while `hasFrame` is false. */
  readonly data: ImageTensorData;
  readonly #preprocessor: ImagePreprocessor;
  readonly #maxAgeMs: number;
  /** Stamp of the picture in `data`; NaN: none. */
  #shownStampMs = Number.NaN;
  #ageS = 0;

  /** @throws BridgeError `model/shape` when `data` is not what the stream declares. */
  constructor(options: FrameTensorOptions) {
    const { stream, defaultMaxAgeS } = options;
    this.#preprocessor = createPreprocessor(stream, options);
    this.#maxAgeMs = 1000 * (stream.max_age_s ?? defaultMaxAgeS);
    this.data = asDeclared(options.data, this.#preprocessor);
  }

  get shape(): readonly number[] {
    return this.#preprocessor.shape;
  }

  get hasFrame(): boolean {
    return !Number.isNaN(this.#shownStampMs);
  }

  /** How much older than its observation the picture is, s; 0 without one. */
  get ageS(): number {
    return this.#ageS;
  }

  /**
   * Takes over the observation's picture; one that is missing, too old or newer than the observation
   * counts as none. A picture that is there already is not made again.
   *
   * @throws BridgeError as `ImagePreprocessor.write`; there is no picture then, `data` holds anything. // hot path
   */
  update({ frame, stampMs }: Observation): void {
    const ageMs = frame === undefined ? Number.NaN : stampMs - frame.stampMs;
    if (frame === undefined || !(ageMs >= 0 && ageMs <= this.#maxAgeMs)) {
      this.clear();
      return;
    }
    this.#ageS = ageMs / 1e3;
    if (frame.stampMs === this.#shownStampMs) return;
    this.#shownStampMs = Number.NaN;
    this.#preprocessor.write(frame, this.data);
    this.#shownStampMs = frame.stampMs;
  }

  /** No picture. */
  clear(): void {
    // Also what a picture that could not be made has left.
    this.data.fill(0);
    this.#ageS = 0;
    this.#shownStampMs = Number.NaN;
  }
}

function asDeclared(
  data: TensorData | undefined,
  preprocessor: ImagePreprocessor,
): ImageTensorData {
  const own = preprocessor.makeData();
  if (data === undefined) return own;
  const isAlike = data.constructor === own.constructor && data.length === own.length;
  if (isAlike) return data as ImageTensorData;
  throw new BridgeError(
    ErrorCode.ModelShape,
    `the graph takes ${data.length} elements in a ${data.constructor.name}, ` +
      `the stream is ${preprocessor.stream.dtype} [${preprocessor.shape.join(", ")}]`,
  );
}

import type { Observation } from "../../../bridge/contract/observation.ts";
import type { StreamSpec } from "../../package/streams.ts";
import { createPreprocessor, type PreprocessorOptions } from "./preprocessor.ts";
import type { ImagePreprocessor } from "./preprocessor.ts";
import type { ImageTensorData } from "./tensor-rows.ts";

export interface StreamInputOptions extends PreprocessorOptions {
  readonly stream: StreamSpec;
  /** Of a stream that names no `max_age_s`: the manifest's `timing.max_obs_age_s`. */
  readonly defaultMaxAgeS: number;
}

/**
 * What a graph reads of one camera: the tensor of role `stream:<name>` and, for role
 * `has_frame:<name>`, one float that says whether it holds a picture. Without one the tensor is zero.
 */
export class StreamInput {
  /** Bound once; rewritten in place by `update`. */
  readonly data: ImageTensorData;
  readonly hasFrame = new Float32Array(1);
  readonly #preprocessor: ImagePreprocessor;
  readonly #maxAgeMs: number;
  #shownStampMs = Number.NaN;

  constructor(options: StreamInputOptions) {
    const { stream, defaultMaxAgeS } = options;
    this.#preprocessor = createPreprocessor(stream, options);
    this.#maxAgeMs = 1000 * (stream.max_age_s ?? defaultMaxAgeS);
    this.data = this.#preprocessor.makeData();
  }

  get shape(): readonly number[] {
    return this.#preprocessor.shape;
  }

  /**
   * Shows the graph the observation's picture; one that is missing, too old or newer than the
   * observation counts as none. A picture that is there already is not made again.
   *
   * @throws BridgeError as `ImagePreprocessor.write`. // hot path
   */
  update({ frame, stampMs }: Observation): void {
    const ageMs = frame === undefined ? Number.NaN : stampMs - frame.stampMs;
    if (frame === undefined || !(ageMs >= 0 && ageMs <= this.#maxAgeMs)) {
      this.clear();
      return;
    }
    if (frame.stampMs === this.#shownStampMs) return;
    this.#shownStampMs = Number.NaN;
    this.#preprocessor.write(frame, this.data);
    this.#shownStampMs = frame.stampMs;
    this.hasFrame[0] = 1;
  }

  /** No picture. */
  clear(): void {
    if (this.hasFrame[0] === 0) return;
    this.data.fill(0);
    this.hasFrame[0] = 0;
    this.#shownStampMs = Number.NaN;
  }
}

import type { EngineSession, Tensor, TensorData } from "../../bridge/contract/engine.ts";
import type { StreamSpec } from "../package/streams.ts";
import type { HeadName } from "../package/uncertainty.ts";

/**
 * Where a camera's tensor goes in. The owner writes `tensor.data` (models/inference/image does) and
 * sets `hasFrame` and `frameAgeS` before `observe`, which clears them again. Without a frame the tensor is zeros.
 */
export interface StreamInput {
  readonly name: string;
  readonly spec: StreamSpec;
  readonly tensor: Tensor;
  /** False: no graph is told whether there is a picture, so every observation must bring one. */
  readonly isOptional: boolean;
  hasFrame: boolean;
  /** How much older than the observation the frame is, s; for graphs that read `frame_age:<name>`. */
  frameAgeS: number;
}

/** One head's numbers, SI units: [candidateCount, horizonSteps, width], the caller's. */
export interface HeadPrediction {
  readonly mean: Float32Array;
  /** Calibrated. Undefined: the package gives no deviation for this head. */
  readonly std: Float32Array | undefined;
}

/** An rgb8 picture, row-major. */
export interface Picture {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly rgb: Uint8Array;
}

export interface ProgramPrediction {
  readonly heads: ReadonlyMap<HeadName, HeadPrediction>;
  /** The graph's own score of how unlike its training data this is. */
  readonly ood: number | undefined;
  readonly picture: Picture | undefined;
}

/** Everything a program remembers, on the host. Only a program of the same package takes it back. */
export interface ProgramSnapshot {
  readonly states: readonly TensorData[];
  readonly values: ReadonlyMap<string, Float32Array>;
}

export interface PredictSize {
  readonly candidateCount: number;
  readonly horizonSteps: number;
  /** Decode the picture predicted for candidate 0 at this step, 1-based. */
  readonly previewStep?: number;
}

/**
 * A package's graphs, wired and running. `observe` commits to the state, `predict` works on a copy of
 * it. One call at a time; the owner sees to that.
 */
export interface Program extends AsyncDisposable {
  /** By the manifest's name of the graph. */
  readonly sessions: ReadonlyMap<string, EngineSession>;
  readonly streams: readonly StreamInput[];
  /** Whether `previewStep` gives a picture. */
  readonly hasDecoder: boolean;
  /** Back to what a trajectory starts from. */
  reset(): void;
  /**
   * Commits one observation: proprio and standing command, SI units, in the package's order.
   *
   * @throws BridgeError `engine/run`, `model/output` for a state that is not finite, or
   * `model/not-ready` for a picture that is missing; the state stays as it was. // hot path
   */
  observe(proprio: ArrayLike<number>, action: ArrayLike<number>): Promise<void>;
  /**
   * @param actionsRad setpoints at steps 1..K, [candidateCount, horizonSteps, joints].
   * @throws BridgeError `engine/run`, or `model/output` for a prediction that is not finite. // hot path
   */
  predict(actionsRad: ArrayLike<number>, size: PredictSize): Promise<ProgramPrediction>;
  /** Whether every number of the live state is one; fetches it from its device. */
  hasFiniteState(): boolean;
  snapshot(): ProgramSnapshot;
  /** @throws BridgeError `model/shape` for another package's snapshot. */
  restore(snapshot: ProgramSnapshot): void;
}

import type { Frame } from "./frame.ts";
import type { GraphShare, ModelStatus } from "./model-status.ts";
import type { Observation } from "./observation.ts";

/** What a loaded model is and what runs it. Published in /healthz, /diagnostics and on the page. */
export interface WorldModelDescription {
  readonly id: string;
  readonly revision: string;
  /** sha256 of manifest.json, which holds the sha256 of every other file. */
  readonly sha256: string;
  readonly family: string;
  readonly license: string;
  readonly axisNames: readonly string[];
  /** Seconds between observations and between predicted steps. */
  readonly stepS: number;
  readonly maxHorizonSteps: number;
  readonly maxObservationAgeS: number;
  /** A gap between observations longer than this resets the recurrent state. */
  readonly stateTtlS: number;
  /** False: the model ignores actions, and candidate queries are refused with `model/unsupported`. */
  readonly actionConditioned: boolean;
  /** Cameras the model looks at, by name; absent or empty: an observation's frame is not read. */
  readonly streams?: readonly string[];
  /** How preview pictures are made: decoded by the model, or the last frame re-projected to the predicted pose. */
  readonly preview: "decoder" | "reprojection" | "none";
  /** Above this `Prediction.oodScore` the package says it is outside of what it was trained on. */
  readonly oodThreshold?: number;
  /** How the package's author suggests to search for actions with it. */
  readonly planner?: PlannerHint;
  readonly engine: {
    readonly name: string;
    readonly library: string;
    readonly version: string;
    readonly provider: string;
    /** Why a better engine or provider is not used; empty when the first choice runs. */
    readonly fallbackReasons: readonly string[];
    /** What each graph's nodes were given to; empty where nobody looked. */
    readonly graphs?: readonly GraphShare[];
    /** p99 of observe + predict as rehearsed before the provider was let in. */
    readonly rehearsedMsP99?: number;
  };
}

export interface PlannerHint {
  readonly kind: "cem" | "mppi" | "random_shooting" | "gradient";
  /** Candidates per iteration, iterations, and how many of the best are kept. */
  readonly samples: number;
  readonly iters: number;
  readonly topk?: number;
  readonly horizonSteps?: number;
}

export interface PredictRequest {
  /**
   * Position setpoints for steps 1..K after the last observation, rad.
   * Shape [candidateCount, horizonSteps, axisCount], row-major.
   */
  readonly actionsRad: Float32Array;
  readonly candidateCount: number;
  readonly horizonSteps: number;
  /** Make a preview picture of candidate 0 at this step (1-based) from this frame. Ignored where the description says `none`. */
  readonly preview?: { readonly step: number; readonly frame: Frame };
}

/** Arrays have shape [candidateCount, horizonSteps, axisCount]; index k-1 is the state at t0 + k * step. */
export interface Prediction {
  /** Monotonic ms of the observation it starts from (t0). */
  readonly stampMs: number;
  readonly stepMs: number;
  readonly candidateCount: number;
  readonly horizonSteps: number;
  readonly axisCount: number;
  readonly meanPosRad: Float32Array;
  /** Calibrated: 90 % of errors lie within 1.645 of these on held-out data. */
  readonly stdPosRad: Float32Array;
  readonly meanVelRadPerS: Float32Array;
  readonly stdVelRadPerS: Float32Array;
  /** Observations committed since the last reset. */
  readonly stateSequence: number;
  readonly inferMs: number;
  readonly preview?: Frame;
  /**
   * Direction of the target seen from the camera, where the model predicts it: [N, K, 2], rad in
   * camera_optical_frame (REP 103): atan2(x, z), positive to the right, and atan2(y, z), positive down.
   */
  readonly bearing?: { readonly meanRad: Float32Array; readonly stdRad?: Float32Array };
  /** Probability that the target is in the picture, 0..1: [N, K]. */
  readonly visibility?: { readonly mean: Float32Array; readonly std?: Float32Array };
  /**
   * How unlike its training data the model finds what it observes; compare
   * `WorldModelDescription.oodThreshold`. Absent: the model cannot say, or not yet.
   */
  readonly oodScore?: number;
}

/**
 * A learned (or exact) model of how the device moves. `observe` commits to the recurrent state;
 * `predict` works on a copy of it and changes nothing. Calls take effect in the order they are made.
 * Arrays handed in are read until the returned promise settles; those handed out are the caller's.
 *
 * @throws BridgeError `model/shape` if an array disagrees with the description, `model/closed` after disposal.
 */
export interface WorldModel extends AsyncDisposable {
  readonly description: WorldModelDescription;
  observe(observation: Observation): Promise<void>;
  predict(request: PredictRequest): Promise<Prediction>;
  /** Forgets everything observed. */
  reset(): Promise<void>;
}

/** A world model that may be exchanged while it runs. Its description is that of the one that serves now. */
export interface SupervisedModel extends WorldModel {
  readonly status: ModelStatus;
  /**
   * Brings in the package at this path while the present one serves; resolves when it has taken over.
   *
   * @throws BridgeError of the package, or that says why it does not fit; the present model then goes on.
   */
  use(packagePath: string): Promise<void>;
}

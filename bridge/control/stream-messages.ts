import type { StreamTopic } from "./messages/stream-requests.ts";
import type { DeviceMode, LeaseHolder } from "./server-messages.ts";

/**
 * What travels on `/v1/stream`. Every `stampMs` is the server's monotonic ms, so topics compare with
 * each other and with the `serverMs` of a welcome. Joint arrays are in device axis order. In JSON
 * topics a number that is not finite travels as null.
 */
export interface NdArray {
  /** Row-major. */
  readonly data: Float32Array | Float64Array | Uint8Array;
  readonly shape: readonly number[];
}

/** JSON. The joints as measured, and the setpoint that stood then. */
export interface StatePayload {
  readonly device: string;
  readonly stampMs: number;
  readonly posRad: readonly number[];
  readonly velRadPerS: readonly number[];
  readonly setpointRad: readonly number[];
}

/** msgpack. Row k-1 is the state expected at `stampMs + k * stepMs`. */
export interface PredictionPayload {
  readonly device: string;
  /** t0: the observation it starts from. */
  readonly stampMs: number;
  readonly stepMs: number;
  readonly horizonSteps: number;
  readonly axisNames: readonly string[];
  /** float32 [horizonSteps, axes]. */
  readonly meanPosRad: NdArray;
  /** float32 [horizonSteps, axes]; calibrated, 90 % of errors lie within 1.645 of these. */
  readonly stdPosRad: NdArray;
  readonly meanVelRadPerS?: NdArray;
  readonly stdVelRadPerS?: NdArray;
  /** float32 [horizonSteps, axes]: the setpoints it is conditioned on. */
  readonly setpointRad?: NdArray;
  /** Where the camera will look, to draw the expectation into a picture. */
  readonly camera?: CameraPathPayload;
  /** Where the target will be in the picture, of a model that predicts it. */
  readonly target?: TargetPayload;
  readonly inferMs: number;
  /** The step that compensates the measured command-to-motion delay. */
  readonly lookaheadMs: number;
}

export interface CameraPathPayload {
  readonly verticalFovRad: number;
  /** float32 [horizonSteps + 1, 4]: base from optical frame (x right, y down, z forward), xyzw; row 0 at `stampMs`. */
  readonly baseFromOpticalXyzw: NdArray;
  /** float32 [horizonSteps + 1, 3]: covariance xx, xy, yy of the optical axis, rad², right and down in that step's picture. */
  readonly covarianceRad2: NdArray;
}

export interface TargetPayload {
  /** float32 [horizonSteps, 2]: to the right and down of the optical axis in that step's picture, rad: atan2(x, z), atan2(y, z). */
  readonly meanRad: NdArray;
  /** float32 [horizonSteps, 2]; calibrated like `stdPosRad`. */
  readonly stdRad?: NdArray;
  /** float32 [horizonSteps]: probability that it is in the picture, 0..1. */
  readonly visibility?: NdArray;
}

/** msgpack. One picture. */
export interface CameraPayload {
  readonly stampMs: number;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly jpeg: Uint8Array;
}

/** msgpack. The picture expected `aheadMs` after `stampMs`. */
export interface PredictedCameraPayload extends CameraPayload {
  readonly aheadMs: number;
  /** Part of the picture that the source frame showed; the rest is unknown. 0..1 */
  readonly knownRatio?: number;
}

/** Errors of one horizon over the rolling window, against the two baselines on the same data. */
export interface HorizonScore {
  readonly horizonMs: number;
  readonly count: number;
  readonly modelRmsRad: number;
  readonly holdRmsRad: number;
  readonly constantVelocityRmsRad: number;
  /** Part of the errors within the 90 % band; 0.9 is right. */
  readonly coverageRatio: number;
}

/** JSON. How good the predictions have been lately. */
export interface ScorePayload {
  readonly stampMs: number;
  readonly windowS: number;
  readonly horizons: readonly HorizonScore[];
  /** Over the horizons that were judged; null (JSON has no NaN) while none was. */
  readonly coverageRatio: number;
  readonly degraded: boolean;
}

/** JSON, about once a second. What runs, and why: no fallback is silent. */
export interface StatusPayload {
  readonly stampMs: number;
  readonly uptimeS: number;
  readonly health: "ok" | "degraded" | "failed";
  /** Sentences for people; empty when all is as wished. */
  readonly reasons: readonly string[];
  readonly device: { readonly id: string; readonly axisNames: readonly string[] };
  readonly simulator: string | null;
  readonly model: {
    readonly id: string;
    readonly revision: string;
    readonly sha256: string;
    readonly family: string;
    readonly stepMs: number;
    readonly preview: "decoder" | "reprojection" | "none";
  } | null;
  readonly engine: {
    readonly name: string;
    readonly provider: string;
    readonly version: string;
    readonly fallbackReasons: readonly string[];
  } | null;
  readonly ros: {
    readonly transport: string;
    readonly reason: string;
    readonly domainId: number;
    readonly discoveryRange: string;
    readonly peerCount: number;
  } | null;
  readonly loop: {
    readonly predictionsPublished: number;
    readonly lastPredictionAgeMs: number | null;
    readonly inferMsP50: number | null;
    readonly inferMsP99: number | null;
    readonly heldCount: number;
    readonly lookaheadMs: number;
  };
  readonly actuation: {
    readonly mode: DeviceMode;
    readonly tickLateMsP99: number;
    readonly expiredCount: number;
    readonly limitedCount: number;
  };
  readonly authority: { readonly owner: LeaseHolder | null; readonly latched: boolean };
}

export interface StreamPayloads {
  readonly state: StatePayload;
  readonly prediction: PredictionPayload;
  readonly camera: CameraPayload;
  readonly "camera.predicted": PredictedCameraPayload;
  readonly score: ScorePayload;
  readonly status: StatusPayload;
}

/** A payload on the wire: JSON text, or msgpack with ndarrays in the convention of openpi. */
export interface StreamData<T extends StreamTopic = StreamTopic> {
  readonly type: "data";
  readonly topic: T;
  /** Counts the publications of the topic; a gap is a message that was not sent to this client. */
  readonly seq: number;
  readonly data: StreamPayloads[T];
}

/** Always JSON text, beside the data. */
export type StreamNotice =
  | { readonly type: "subscribed"; readonly topics: readonly StreamTopic[] }
  /** Messages of the topic that this client did not read in time. Rate limits it asked for do not count. */
  | { readonly type: "lost"; readonly topic: StreamTopic; readonly count: number }
  | {
      readonly type: "error";
      readonly code: string;
      readonly message: string;
      readonly path?: string;
    };

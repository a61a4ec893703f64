import type { Prediction, WorldModelDescription } from "../../bridge/contract/world-model.ts";
import type { PredictedStep, WorldModelPrediction } from "./graph-messages.ts";
import { headerMessage, rosDuration, type Stamped } from "./message-mapping.ts";

const noNumbers = new Float64Array(0);

/**
 * Candidate 0 in full: mean and deviation of every step, and which model says so. What the model does
 * not predict is empty or NaN, as kairos_msgs says. `at.stamp` must be t0.
 *
 * @param nowMs monotonic, for the age.
 */
export function worldModelPredictionMessage(
  at: Stamped,
  prediction: Prediction,
  {
    axisNames,
    model,
    nowMs,
  }: {
    readonly axisNames: readonly string[];
    readonly model: WorldModelDescription;
    readonly nowMs: number;
  },
): WorldModelPrediction {
  const { horizonSteps, stampMs, inferMs, stateSequence, oodScore } = prediction;
  return {
    header: headerMessage(at),
    age: (nowMs - stampMs) / 1000,
    inference_time: inferMs / 1000,
    observation_count: BigInt(stateSequence),
    joint_names: axisNames,
    steps: Array.from({ length: horizonSteps }, (_, index) => stepMessage(prediction, index)),
    ood_score: oodScore ?? Number.NaN,
    ood_threshold: model.oodThreshold ?? Number.NaN,
    model: {
      id: model.id,
      revision: model.revision,
      sha256: model.sha256,
      family: model.family,
      provider: model.engine.provider,
    },
  };
}

function stepMessage(prediction: Prediction, index: number): PredictedStep {
  const { axisCount, stepMs, bearing, visibility } = prediction;
  const ofAxes = (values: Float32Array): Float64Array => row(values, index, axisCount);
  const ofBearing = (values: Float32Array | undefined): Float64Array =>
    values === undefined ? noNumbers : row(values, index, 2);
  return {
    time_from_start: rosDuration((index + 1) * stepMs),
    position_mean: ofAxes(prediction.meanPosRad),
    position_std: ofAxes(prediction.stdPosRad),
    velocity_mean: ofAxes(prediction.meanVelRadPerS),
    velocity_std: ofAxes(prediction.stdVelRadPerS),
    bearing_mean: ofBearing(bearing?.meanRad),
    bearing_std: ofBearing(bearing?.stdRad),
    visibility_mean: visibility?.mean[index] ?? Number.NaN,
    visibility_std: visibility?.std?.[index] ?? Number.NaN,
  };
}

const row = (values: Float32Array, index: number, width: number): Float64Array =>
  Float64Array.from(values.subarray(index * width, (index + 1) * width));

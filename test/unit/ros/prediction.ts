import type { Prediction } from "../../../bridge/contract/world-model.ts";

export interface PredictionShape {
  readonly stampMs?: number;
  readonly stepMs?: number;
  readonly candidateCount?: number;
  readonly axisCount?: number;
  /** [candidateCount, horizonSteps, axisCount] */
  readonly posRad: readonly number[];
  readonly velRadPerS: readonly number[];
}

/** A prediction of two axes unless told otherwise; the horizon follows from the array's length. */
export function prediction(shape: PredictionShape): Prediction {
  const { stampMs = 0, stepMs = 40, candidateCount = 1, axisCount = 2 } = shape;
  return {
    stampMs,
    stepMs,
    candidateCount,
    horizonSteps: shape.posRad.length / axisCount / candidateCount,
    axisCount,
    meanPosRad: Float32Array.from(shape.posRad),
    stdPosRad: new Float32Array(shape.posRad.length),
    meanVelRadPerS: Float32Array.from(shape.velRadPerS),
    stdVelRadPerS: new Float32Array(shape.posRad.length),
    stateSequence: 1,
    inferMs: 1,
  };
}

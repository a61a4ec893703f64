import { checkImage, imageBytes, type CameraImage } from "../bridge/contract/camera-image.ts";
import { BridgeError, ErrorCode } from "../bridge/contract/errors.ts";
import type { Observation } from "../bridge/contract/observation.ts";
import type { PredictRequest } from "../bridge/contract/world-model.ts";

export interface RequestLimits {
  readonly axisCount: number;
  readonly maxCandidateCount: number;
  readonly maxHorizonSteps: number;
}

/** @throws BridgeError `model/shape` when a request does not fit the limits or its own counts. */
export function checkRequest(request: PredictRequest, limits: RequestLimits): void {
  const { actionsRad, candidateCount, horizonSteps, preview } = request;
  mustBeCount("candidateCount", candidateCount, limits.maxCandidateCount);
  mustBeCount("horizonSteps", horizonSteps, limits.maxHorizonSteps);
  if (preview !== undefined) {
    mustBeCount("preview.step", preview.step, horizonSteps);
    const { widthPx, heightPx, rgb } = preview.frame;
    mustHaveLength("preview.frame.rgb", rgb, widthPx * heightPx * 3);
  }
  mustHaveLength("actionsRad", actionsRad, candidateCount * horizonSteps * limits.axisCount);
}

/** @throws BridgeError `model/shape` for an array of another length or a number that is not finite. */
export function checkObservation(observation: Observation, axisCount: number): void {
  checkRow("jointPosRad", observation.jointPosRad, axisCount);
  checkRow("jointVelRadPerS", observation.jointVelRadPerS, axisCount);
  checkRow("jointEffortNm", observation.jointEffortNm, axisCount);
  checkRow("commandPosRad", observation.commandPosRad, axisCount);
}

/**
 * @param maxFrameBytes of memory kept for a picture on its way to the model.
 * @throws BridgeError `model/shape` for a picture that is not whole or too large.
 */
export function checkFrame(frame: CameraImage, maxFrameBytes: number): void {
  checkImage(frame);
  const bytes = imageBytes(frame);
  if (bytes > maxFrameBytes) {
    const text = `the observation's picture has ${bytes} bytes, limit is ${maxFrameBytes}`;
    throw new BridgeError(ErrorCode.ModelShape, text);
  }
}

function checkRow(name: string, values: Float64Array, length: number): void {
  mustHaveLength(name, values, length);
  for (const value of values) {
    if (Number.isFinite(value)) continue;
    throw new BridgeError(ErrorCode.ModelShape, `${name} holds ${value}, expected finite numbers`);
  }
}

function mustBeCount(name: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= max) return;
  throw new BridgeError(ErrorCode.ModelShape, `${name} is ${value}, expected 1 to ${max}`);
}

function mustHaveLength(name: string, values: { readonly length: number }, expected: number): void {
  if (values.length === expected) return;
  throw new BridgeError(
    ErrorCode.ModelShape,
    `${name} has ${values.length} elements, expected ${expected}`,
  );
}

import type { Config } from "./config.ts";
import { BridgeError, ErrorCode } from "./contract/errors.ts";
import type { WorldModel } from "./contract/world-model.ts";

/** @throws BridgeError `config/invalid` when the model was not made to look that far. */
export function checkHorizon(config: Config, model: WorldModel): void {
  const { horizonSteps, previewAheadMs } = config.model;
  const { maxHorizonSteps, stepS, id } = model.description;
  if (horizonSteps > maxHorizonSteps) {
    throw new BridgeError(
      ErrorCode.ConfigInvalid,
      `model.horizonSteps is ${horizonSteps}, ${id} predicts at most ${maxHorizonSteps}`,
      { details: { horizonSteps, maxHorizonSteps } },
    );
  }
  const horizonMs = horizonSteps * stepS * 1000;
  if (previewAheadMs >= stepS * 500 && previewAheadMs <= horizonMs) return;
  throw new BridgeError(
    ErrorCode.ConfigInvalid,
    `model.previewAheadMs is ${previewAheadMs}, expected ${stepS * 1000} to ${horizonMs} ms, the horizon`,
    { details: { previewAheadMs, horizonMs } },
  );
}

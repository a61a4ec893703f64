import type { Config } from "./config.ts";
import { BridgeError, ErrorCode } from "./contract/errors.ts";
import type { WorldModelDescription } from "./contract/world-model.ts";

/** @throws BridgeError `config/invalid` when the model was not made to look that far. */
export function checkHorizon(config: Config, description: WorldModelDescription): void {
  const { horizonSteps, previewAheadMs } = config.model;
  const { maxHorizonSteps, stepS, id } = description;
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

/**
 * May this model take the running one's place? The loop's step, the scores and the device's axes were
 * fixed at start.
 *
 * @throws BridgeError `model/unsupported` or `config/invalid` that says what differs.
 */
export function checkFit(
  config: Config,
  running: WorldModelDescription,
  next: WorldModelDescription,
): void {
  const differs = (what: string, found: string, expected: string): BridgeError => {
    const text = `${next.id} has ${what} ${found}, the running service has ${expected}`;
    return new BridgeError(ErrorCode.ModelUnsupported, text);
  };
  const [found, expected] = [next.axisNames.join(", "), running.axisNames.join(", ")];
  if (found !== expected) throw differs("the joints", found, expected);
  if (next.stepS !== running.stepS) {
    throw differs("a step of", `${next.stepS} s`, `${running.stepS} s`);
  }
  checkHorizon(config, next);
}

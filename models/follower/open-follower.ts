import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import type { ModelStatus } from "../../bridge/contract/model-status.ts";
import type { SupervisedModel } from "../../bridge/contract/world-model.ts";
import { SetpointFollower, type SetpointFollowerOptions } from "./setpoint-follower.ts";

/** The follower in this thread: there is nothing that could die or be late, and no package to exchange. */
export function openFollower(options: SetpointFollowerOptions): SupervisedModel {
  const model = new SetpointFollower(options);
  const { description } = model;
  let state: ModelStatus["state"] = "serving";
  let lastUseError: string | undefined;
  return {
    description,
    observe: (observation) => model.observe(observation),
    predict: (request) => model.predict(request),
    reset: () => model.reset(),
    use: (packagePath) => {
      const text = `${description.id} serves, which is no package and cannot be exchanged: start with model.package: ${packagePath}`;
      lastUseError = text;
      return Promise.reject(new BridgeError(ErrorCode.ModelUnsupported, text));
    },
    get status() {
      return {
        state,
        building: undefined,
        refusals: [],
        swapCount: 0,
        restartCount: 0,
        missedCount: 0,
        terminatedCount: 0,
        abandonedCount: 0,
        tickBudgetMs: description.stepS * 1000,
        lastUseError,
      };
    },
    async [Symbol.asyncDispose]() {
      state = "closed";
      await model[Symbol.asyncDispose]();
    },
  };
}

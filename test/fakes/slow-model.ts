import { setTimeout as sleep } from "node:timers/promises";
import type { WorldModel } from "../../bridge/contract/world-model.ts";

/** The same model on a machine that takes its time over every prediction. */
export function slowModel(inner: WorldModel, thinkMs: number): WorldModel {
  return {
    description: inner.description,
    observe: (observation) => inner.observe(observation),
    predict: async (request) => {
      await sleep(thinkMs);
      return await inner.predict(request);
    },
    reset: () => inner.reset(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

import { BridgeError } from "../../bridge/contract/errors.ts";
import type { RungRefusal } from "../../bridge/contract/model-status.ts";
import type { WorldModel } from "../../bridge/contract/world-model.ts";
import type { Rung } from "../ladder/rung.ts";
import type { ObservationHistory } from "./observation-history.ts";

/** A model in a worker of its own, as its supervisor sees it: `InferenceClient`. */
export interface MortalWorldModel extends WorldModel {
  /** Resolves when it is gone, with the error if it died by itself. */
  readonly exited: Promise<BridgeError | undefined>;
  readonly refusals: readonly RungRefusal[];
  /** Providers its engine was built with; nothing else can be tried there without a plugin. */
  readonly builtInProviders: readonly string[];
  readonly counters: { readonly missedCount: number; readonly terminatedCount: number };
  readonly tickBudgetMs: number;
  /** True when its thread could not be ended. */
  readonly isAbandoned: boolean;
}

export interface OpenOrder {
  readonly packagePath: string;
  readonly rungs: readonly Rung[];
  /** `background`: another model serves meanwhile, so building an engine may take its time. */
  readonly place: "foreground" | "background";
  /** Its last rung is taken even if its ticks are late: nothing else would serve. */
  readonly isLastResort: boolean;
  readonly signal: AbortSignal;
}

export type OpenModel = (order: OpenOrder) => Promise<MortalWorldModel>;

/**
 * Feeds a fresh model what was observed lately until it has seen everything; gives the number of the
 * next observation. Observations that come meanwhile are included.
 *
 * @throws BridgeError of the model, when it refuses an observation or dies of one.
 */
export async function catchUp(model: WorldModel, history: ObservationHistory): Promise<number> {
  let epoch = history.epoch;
  let index = history.firstIndex;
  while (index < history.nextIndex) {
    if (history.epoch !== epoch) {
      await model.reset();
      epoch = history.epoch;
    }
    index = Math.max(index, history.firstIndex);
    const observation = history.at(index);
    if (observation === undefined) break;
    await model.observe(observation);
    index += 1;
  }
  return index;
}

import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import type { RungRefusal } from "../../bridge/contract/model-status.ts";
import type { Observation } from "../../bridge/contract/observation.ts";
import type {
  Prediction,
  PredictRequest,
  WorldModelDescription,
} from "../../bridge/contract/world-model.ts";
import type { MortalWorldModel } from "../../models/inference/candidate.ts";

export interface ScriptedModelOptions {
  readonly provider?: string;
  readonly sha256?: string;
  readonly id?: string;
  readonly axisNames?: readonly string[];
  readonly builtInProviders?: readonly string[];
  readonly refusals?: readonly RungRefusal[];
  /** Dies when it observes this stamp. */
  readonly diesOfStampMs?: number;
}

/** A model without a worker: remembers what it was fed, answers with it, and dies when it is told to. */
export class ScriptedModel implements MortalWorldModel {
  readonly description: WorldModelDescription;
  readonly exited: Promise<BridgeError | undefined>;
  readonly refusals: readonly RungRefusal[];
  readonly builtInProviders: readonly string[];
  readonly counters = { missedCount: 0, terminatedCount: 0 };
  readonly tickBudgetMs = 40;
  readonly isAbandoned = false;
  readonly seenMs: number[] = [];
  isClosed = false;
  readonly #options: ScriptedModelOptions;
  #end: (error: BridgeError | undefined) => void = () => undefined;
  #deadBy: BridgeError | undefined;

  constructor(options: ScriptedModelOptions = {}) {
    const { provider = "cpu", sha256 = "0", id = "scripted" } = options;
    this.#options = options;
    this.refusals = options.refusals ?? [];
    this.builtInProviders = options.builtInProviders ?? ["cpu"];
    this.description = {
      id,
      sha256,
      axisNames: options.axisNames ?? ["yaw"],
      stepS: 0.04,
      engine: { provider },
    } as unknown as WorldModelDescription;
    this.exited = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  die(text = "the scripted death"): void {
    this.#deadBy = new BridgeError(ErrorCode.ThreadFailed, text);
    this.#end(this.#deadBy);
  }

  async observe({ stampMs }: Observation): Promise<void> {
    await this.#turn();
    if (stampMs === this.#options.diesOfStampMs) {
      this.die(`died of ${stampMs}`);
      await this.#turn();
    }
    this.seenMs.push(stampMs);
  }

  /** Its state sequence is how many observations it has seen. */
  async predict({ horizonSteps }: PredictRequest): Promise<Prediction> {
    await this.#turn();
    return { horizonSteps, stateSequence: this.seenMs.length } as Prediction;
  }

  async reset(): Promise<void> {
    await this.#turn();
    this.seenMs.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isClosed = true;
    this.#end(undefined);
    await Promise.resolve();
  }

  async #turn(): Promise<void> {
    await Promise.resolve();
    if (this.#deadBy !== undefined) throw this.#deadBy;
  }
}

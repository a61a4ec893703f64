import { BridgeError, ErrorCode } from "../../contract/errors.ts";
import type { Observation } from "../../contract/observation.ts";
import type {
  PredictRequest,
  Prediction,
  WorldModel,
  WorldModelDescription,
} from "../../contract/world-model.ts";
import type { FaultLine, FaultPlan } from "./fault-plan.ts";

export interface FaultyModelOptions {
  readonly plan: FaultPlan;
  readonly monotonicMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

/** A world model that is late, fails, or answers nonsense, as the plan says. */
export class FaultyModel implements WorldModel {
  readonly description: WorldModelDescription;
  readonly #inner: WorldModel;
  readonly #line: FaultLine;
  readonly #now: () => number;
  readonly #sleep: (ms: number) => Promise<void>;
  #frozen: Prediction | undefined;

  constructor(inner: WorldModel, options: FaultyModelOptions) {
    this.description = inner.description;
    this.#inner = inner;
    this.#line = options.plan.at("model");
    this.#now = options.monotonicMs;
    this.#sleep = options.sleep;
  }

  async observe(observation: Observation): Promise<void> {
    this.#failIfTimedOut();
    await this.#inner.observe(observation);
  }

  async predict(request: PredictRequest): Promise<Prediction> {
    const nowMs = this.#now();
    this.#failIfTimedOut();
    if (this.#line.strikeByChance("loss", nowMs)) {
      throw new BridgeError(ErrorCode.EngineRun, "a run failed, as the fault layer was told");
    }
    const delayMs = this.#line.delayMs(nowMs);
    const prediction = this.#asAnswered(await this.#inner.predict(request), nowMs);
    if (delayMs > 0) await this.#sleep(delayMs);
    return prediction;
  }

  async reset(): Promise<void> {
    await this.#inner.reset();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inner[Symbol.asyncDispose]();
  }

  #failIfTimedOut(): void {
    if (this.#line.strike("timeout", this.#now()) === undefined) return;
    throw new BridgeError(ErrorCode.ThreadTimeout, "no answer, as the fault layer was told");
  }

  #asAnswered(fresh: Prediction, nowMs: number): Prediction {
    let answer = fresh;
    if (this.#line.strike("freeze", nowMs) === undefined) this.#frozen = fresh;
    else if (this.#frozen?.meanPosRad.length === fresh.meanPosRad.length) {
      answer = { ...this.#frozen, stampMs: fresh.stampMs, stateSequence: fresh.stateSequence };
    }
    return this.#withNaN(answer, nowMs);
  }

  #withNaN(answer: Prediction, nowMs: number): Prediction {
    const { axisNames } = this.description;
    const bad = axisNames.map((name) => this.#line.strike("nan", nowMs, name) !== undefined);
    if (!bad.includes(true)) return answer;
    const spoil = (values: Float32Array): Float32Array =>
      values.map((value, index) => (bad[index % bad.length] === true ? Number.NaN : value));
    return {
      ...answer,
      meanPosRad: spoil(answer.meanPosRad),
      meanVelRadPerS: spoil(answer.meanVelRadPerS),
    };
  }
}

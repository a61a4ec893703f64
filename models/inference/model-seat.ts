import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import type { Log } from "../../bridge/contract/log.ts";
import type { Observation } from "../../bridge/contract/observation.ts";
import type {
  Prediction,
  PredictRequest,
  WorldModel,
  WorldModelDescription,
} from "../../bridge/contract/world-model.ts";
import { catchUp, type MortalWorldModel } from "./candidate.ts";
import { ObservationHistory } from "./observation-history.ts";

/** With no observation to mark a step, a model that is ready takes over after this long. */
const idleSwapMs = 500;

export interface ModelSeatOptions {
  readonly historyLength: number;
  readonly log: Log;
  /** The model that served died by itself; the seat is empty. */
  readonly onDeath: (error: BridgeError, model: MortalWorldModel) => void;
}

interface Ready {
  readonly model: MortalWorldModel;
  /** Number of the observation it has to see next. */
  readonly nextIndex: number;
  readonly epoch: number;
  readonly settle: (error?: BridgeError) => void;
}

/**
 * Where the serving model sits, and how another takes its place: it is fed what was observed lately, then
 * takes over between two steps. The old one answers what is in flight before it is closed.
 *
 * Calls while the seat is empty are refused with the error of `vacate`, or of the death.
 */
export class ModelSeat implements WorldModel {
  readonly #history: ObservationHistory;
  readonly #log: Log;
  readonly #onDeath: ModelSeatOptions["onDeath"];
  readonly #calls = new Set<Promise<unknown>>();
  readonly #retired = { missedCount: 0, terminatedCount: 0, abandonedCount: 0 };
  #description: WorldModelDescription;
  #tickBudgetMs = 0;
  #model: MortalWorldModel | undefined;
  #ready: Ready | undefined;
  #emptyBy = closedError();
  #swapCount = 0;
  #idleTimer: NodeJS.Timeout | undefined;
  #isOpen = true;

  constructor(model: MortalWorldModel, { historyLength, log, onDeath }: ModelSeatOptions) {
    this.#history = new ObservationHistory(historyLength);
    this.#log = log;
    this.#onDeath = onDeath;
    this.#description = model.description;
    this.seat(model);
  }

  /** Of the model that serves, or served last. */
  get description(): WorldModelDescription {
    return this.#description;
  }

  get tickBudgetMs(): number {
    return this.#tickBudgetMs;
  }

  get isEmpty(): boolean {
    return this.#model === undefined;
  }

  get swapCount(): number {
    return this.#swapCount;
  }

  /** Over all models that ever sat here. */
  get counters(): {
    readonly missedCount: number;
    readonly terminatedCount: number;
    readonly abandonedCount: number;
  } {
    const { missedCount = 0, terminatedCount = 0 } = this.#model?.counters ?? {};
    const retired = this.#retired;
    return {
      missedCount: retired.missedCount + missedCount,
      terminatedCount: retired.terminatedCount + terminatedCount,
      abandonedCount: retired.abandonedCount,
    };
  }

  async observe(observation: Observation): Promise<void> {
    // Between two steps: the one before is answered, this one has not begun.
    if (this.#ready !== undefined) this.#takeOver(this.#ready);
    this.#history.push(observation);
    await this.#call(this.#living().observe(observation));
  }

  async predict(request: PredictRequest): Promise<Prediction> {
    return await this.#call(this.#living().predict(request));
  }

  async reset(): Promise<void> {
    this.#history.clear();
    await this.#call(this.#living().reset());
  }

  /** Puts `model` in at once, as it is. */
  seat(model: MortalWorldModel): void {
    this.#model = model;
    this.#description = model.description;
    this.#tickBudgetMs = model.tickBudgetMs;
    void model.exited.then((error) => {
      if (error === undefined || this.#model !== model || !this.#isOpen) return;
      this.#count(model);
      this.vacate(error);
      this.#onDeath(error, model);
    });
  }

  /** Nobody serves; calls are refused with `error`. */
  vacate(error: BridgeError): void {
    this.#model = undefined;
    this.#emptyBy = error;
  }

  /** What was observed so far is fed to nobody any more. */
  forget(): void {
    this.#history.clear();
  }

  /** Feeds `model` what was observed lately. @throws BridgeError of the model. */
  async warm(model: MortalWorldModel): Promise<void> {
    await catchUp(model, this.#history);
  }

  /**
   * Feeds the model and lets it take over at the next step. Resolves when it serves.
   *
   * @throws BridgeError of the model, or `model/superseded` when another came; the reason of `signal`.
   */
  async install(model: MortalWorldModel, signal: AbortSignal): Promise<void> {
    const { epoch } = this.#history;
    const nextIndex = await catchUp(model, this.#history);
    if (signal.aborted || !this.#isOpen) throw signal.reason ?? closedError();
    if (this.#ready !== undefined) this.#ready.settle(supersededError());
    await new Promise<void>((resolve, reject) => {
      const settle = (error?: BridgeError): void => {
        if (error === undefined) resolve();
        else reject(error);
      };
      const ready: Ready = { model, nextIndex, epoch, settle };
      this.#ready = ready;
      void model.exited.then((error) => {
        if (this.#ready !== ready) return;
        this.#ready = undefined;
        settle(error ?? closedError());
      });
      if (this.#model === undefined) this.#takeOver(ready);
      else this.#takeOverWhenIdle(ready);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOpen = false;
    clearTimeout(this.#idleTimer);
    this.#ready?.settle(closedError());
    const [model, ready] = [this.#model, this.#ready?.model];
    this.vacate(closedError());
    await Promise.allSettled([model?.[Symbol.asyncDispose](), ready?.[Symbol.asyncDispose]()]);
  }

  #living(): MortalWorldModel {
    if (this.#model === undefined || !this.#isOpen) throw this.#emptyBy;
    return this.#model;
  }

  /** Remembers what is in flight: a model that is replaced answers it before it is closed. */
  async #call<T>(call: Promise<T>): Promise<T> {
    this.#calls.add(call);
    try {
      return await call;
    } finally {
      this.#calls.delete(call);
    }
  }

  #takeOverWhenIdle(ready: Ready): void {
    this.#idleTimer = setTimeout(() => {
      if (this.#ready === ready && this.#calls.size === 0) this.#takeOver(ready);
    }, idleSwapMs);
  }

  #takeOver(ready: Ready): void {
    clearTimeout(this.#idleTimer);
    this.#ready = undefined;
    this.#feedRest(ready);
    const old = this.#model;
    this.seat(ready.model);
    this.#swapCount += 1;
    if (old !== undefined) void this.#retire(old);
    const { id, engine } = ready.model.description;
    this.#log.info({ model: id, provider: engine.provider }, "took over at a step");
    ready.settle();
  }

  /** What came since it had caught up. Calls take effect in the order they are made, so nobody waits. */
  #feedRest({ model, nextIndex, epoch }: Ready): void {
    const ignore = (): void => undefined;
    if (epoch !== this.#history.epoch) model.reset().catch(ignore);
    const first = Math.max(nextIndex, this.#history.firstIndex);
    for (let index = first; index < this.#history.nextIndex; index += 1) {
      const observation = this.#history.at(index);
      if (observation !== undefined) model.observe(observation).catch(ignore);
    }
  }

  async #retire(old: MortalWorldModel): Promise<void> {
    await Promise.allSettled(this.#calls);
    await old[Symbol.asyncDispose]();
    this.#count(old);
  }

  #count(model: MortalWorldModel): void {
    this.#retired.missedCount += model.counters.missedCount;
    this.#retired.terminatedCount += model.counters.terminatedCount;
    if (model.isAbandoned) this.#retired.abandonedCount += 1;
  }
}

export const closedError = (): BridgeError =>
  new BridgeError(ErrorCode.ModelClosed, "the world model is closed");

const supersededError = (): BridgeError =>
  new BridgeError(ErrorCode.ModelSuperseded, "another model took its place");

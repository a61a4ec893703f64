import { BridgeError, ErrorCode, errorText } from "../../bridge/contract/errors.ts";
import type { Log } from "../../bridge/contract/log.ts";
import {
  refusalText,
  type ModelStatus,
  type RungRefusal,
} from "../../bridge/contract/model-status.ts";
import type { Observation } from "../../bridge/contract/observation.ts";
import type {
  Prediction,
  PredictRequest,
  SupervisedModel,
  WorldModelDescription,
} from "../../bridge/contract/world-model.ts";
import { siftPresent } from "../ladder/presence.ts";
import { isCpu, type Rung } from "../ladder/rung.ts";
import { catchUp, type MortalWorldModel, type OpenModel } from "./candidate.ts";
import { ObservationHistory } from "./observation-history.ts";

/** Deaths on one provider after which it is not tried again in this run of the service. */
const deathsPerProvider = 2;
/** With no observation to mark a step, a model that is ready takes over after this long. */
const idleSwapMs = 500;
const defaultHistoryLength = 64;

export interface ModelSupervisorOptions {
  readonly packagePath: string;
  /** Best first. Those before cpu are climbed in the background while cpu serves. */
  readonly rungs: readonly Rung[];
  readonly open: OpenModel;
  readonly exists: (path: string) => boolean;
  readonly log: Log;
  /** Refuses another package that does not fit the running service; throws a BridgeError that says why. */
  readonly requireFit?: (running: WorldModelDescription, next: WorldModelDescription) => void;
  /** Observations a fresh worker is fed; default 64, 2.5 s at the embedded model's step. */
  readonly historyLength?: number;
  /** Deaths in a row that are answered with a new worker; default 5. A prediction ends the row. */
  readonly maxRestarts?: number;
  /** Wait before the second restart in a row, the first is at once; doubles from then on. Default 250. */
  readonly backoffMs?: number;
}

interface Ready {
  readonly model: MortalWorldModel;
  /** Number of the observation it has to see next. */
  readonly nextIndex: number;
  readonly epoch: number;
  readonly settle: (error?: BridgeError) => void;
}

interface Climb {
  readonly stop: AbortController;
  readonly providers: readonly string[];
  readonly sinceMs: number;
}

/**
 * One running model, whatever workers come and go behind it.
 *
 * - cpu serves at once; a second worker climbs the better rungs, is fed what was observed lately, and
 *   takes over between two steps. A rung that fails leaves its reason in `status.refusals`.
 * - `use` brings in another package the same way; one that is wrong leaves the old one serving.
 * - A worker that dies is replaced on the quick rungs, fed, and the better ones are climbed again. After
 *   too many deaths in a row it stays down and `gaveUp` resolves.
 *
 * Calls while no worker serves are refused with the error the last one died of.
 */
export class ModelSupervisor implements SupervisedModel {
  readonly gaveUp: Promise<BridgeError>;
  readonly #options: ModelSupervisorOptions;
  readonly #history: ObservationHistory;
  readonly #abort = new AbortController();
  readonly #calls = new Set<Promise<unknown>>();
  readonly #deathsOn = new Map<string, number>();
  readonly #retired = { missedCount: 0, terminatedCount: 0, abandonedCount: 0 };
  #reportGivingUp: (error: BridgeError) => void = () => undefined;
  #packagePath: string;
  #rungs: readonly Rung[];
  #description: WorldModelDescription;
  #model: MortalWorldModel | undefined;
  #ready: Ready | undefined;
  #climb: Climb | undefined;
  #refusals: readonly RungRefusal[] = [];
  #using = false;
  #tickBudgetMs = 0;
  #downBy = closedError();
  #deathsInARow = 0;
  #swapCount = 0;
  #restartCount = 0;
  #lastUseError: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #background: Promise<unknown> = Promise.resolve();
  #isOpen = true;

  private constructor(options: ModelSupervisorOptions, model: MortalWorldModel) {
    this.#options = options;
    this.#packagePath = options.packagePath;
    this.#rungs = options.rungs;
    this.#history = new ObservationHistory(options.historyLength ?? defaultHistoryLength);
    this.#description = model.description;
    this.gaveUp = new Promise((resolve) => {
      this.#reportGivingUp = resolve;
    });
    this.#attend(model);
    this.#climbFrom(model);
  }

  /** @throws whatever the first opening throws: a model that never ran is not restarted. */
  static async open(options: ModelSupervisorOptions): Promise<ModelSupervisor> {
    const { packagePath, rungs, exists } = options;
    const present = siftPresent(quickRungs(rungs), { exists, builtIn: undefined }).present;
    const signal = new AbortController().signal;
    const order = { packagePath, rungs: present, signal, isLastResort: true } as const;
    return new ModelSupervisor(options, await options.open({ ...order, place: "foreground" }));
  }

  get description(): WorldModelDescription {
    return this.#description;
  }

  get restartCount(): number {
    return this.#restartCount;
  }

  get status(): ModelStatus {
    const counters = this.#model?.counters ?? { missedCount: 0, terminatedCount: 0 };
    const climb = this.#climb;
    return {
      state: !this.#isOpen ? "closed" : this.#model === undefined ? "absent" : "serving",
      building:
        climb === undefined
          ? undefined
          : {
              packagePath: this.#packagePath,
              providers: climb.providers,
              forMs: Math.round(performance.now() - climb.sinceMs),
            },
      refusals: this.#refusals,
      swapCount: this.#swapCount,
      restartCount: this.#restartCount,
      missedCount: this.#retired.missedCount + counters.missedCount,
      terminatedCount: this.#retired.terminatedCount + counters.terminatedCount,
      abandonedCount: this.#retired.abandonedCount,
      tickBudgetMs: this.#tickBudgetMs,
      lastUseError: this.#lastUseError,
    };
  }

  async observe(observation: Observation): Promise<void> {
    // Between two steps: the one before is answered, this one has not begun.
    if (this.#ready !== undefined) this.#takeOver(this.#ready);
    this.#history.push(observation);
    await this.#call(this.#living().observe(observation));
  }

  async predict(request: PredictRequest): Promise<Prediction> {
    const prediction = await this.#call(this.#living().predict(request));
    this.#deathsInARow = 0;
    return prediction;
  }

  async reset(): Promise<void> {
    this.#history.clear();
    await this.#call(this.#living().reset());
  }

  /**
   * Brings in another package, or the same one anew with other rungs, while this one serves. Resolves when
   * it has taken over.
   *
   * @throws BridgeError of the package or of `requireFit`; the running model then goes on.
   */
  async use(packagePath: string, rungs: readonly Rung[] = this.#rungs): Promise<void> {
    if (this.#using) {
      throw new BridgeError(ErrorCode.ModelNotReady, "another package is just being brought in");
    }
    this.#using = true;
    try {
      await this.#bringIn(packagePath, rungs);
      this.#lastUseError = undefined;
    } catch (error) {
      this.#lastUseError = `${packagePath}: ${errorText(error)}`;
      this.#options.log.warn(
        { packagePath, error: errorText(error) },
        "the package is not taken, the running model stays",
      );
      throw error;
    } finally {
      this.#using = false;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOpen = false;
    this.#downBy = closedError();
    clearTimeout(this.#timer);
    clearTimeout(this.#idleTimer);
    this.#abort.abort(closedError());
    this.#climb?.stop.abort(closedError());
    this.#ready?.settle(closedError());
    const [model, ready] = [this.#model, this.#ready?.model];
    this.#model = undefined;
    await Promise.allSettled([
      model?.[Symbol.asyncDispose](),
      ready?.[Symbol.asyncDispose](),
      this.#background,
    ]);
  }

  #living(): MortalWorldModel {
    if (this.#model === undefined || !this.#isOpen) throw this.#downBy;
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

  #attend(model: MortalWorldModel): void {
    this.#model = model;
    this.#description = model.description;
    this.#tickBudgetMs = model.tickBudgetMs;
    void model.exited.then((error) => {
      if (error === undefined || this.#model !== model || !this.#isOpen) return;
      this.#count(model);
      this.#mourn(error, model);
    });
  }

  #count(model: MortalWorldModel): void {
    this.#retired.missedCount += model.counters.missedCount;
    this.#retired.terminatedCount += model.counters.terminatedCount;
    if (model.isAbandoned) this.#retired.abandonedCount += 1;
  }

  // --- the better rungs, and other packages ---

  /** Sorts out what this machine or library cannot have, at no cost, and climbs the rest in the background. */
  #climbFrom(quick: MortalWorldModel): void {
    const { exists, log } = this.#options;
    const better = this.#rungs.slice(0, this.#rungs.length - quickRungs(this.#rungs).length);
    const sifted = siftPresent(better, { exists, builtIn: quick.builtInProviders });
    const dead = sifted.present.filter((rung) => this.#hasDiedOn(rung.request.name));
    this.#refusals = [...sifted.refusals, ...dead.map(diedAtWork), ...quick.refusals];
    for (const refusal of this.#refusals) {
      log.warn({ ...refusal }, "a provider is not used");
    }
    const rungs = sifted.present.filter((rung) => !dead.includes(rung));
    if (rungs.length > 0) this.#background = this.#climbRungs(rungs);
  }

  async #climbRungs(rungs: readonly Rung[]): Promise<void> {
    const { log } = this.#options;
    const stop = new AbortController();
    const providers = rungs.map((rung) => rung.request.name);
    const climb = { stop, providers, sinceMs: performance.now() };
    this.#climb = climb;
    log.info({ providers }, "trying better providers while this one serves");
    for (const rung of rungs) {
      if (stop.signal.aborted || (await this.#tryRung(rung, stop.signal))) break;
    }
    if (this.#climb === climb) this.#climb = undefined;
  }

  /** A worker per rung: one that hangs or dies costs its own rung only. True when it serves. */
  async #tryRung(rung: Rung, signal: AbortSignal): Promise<boolean> {
    const packagePath = this.#packagePath;
    const order = { packagePath, rungs: [rung], signal, isLastResort: false } as const;
    let model: MortalWorldModel | undefined;
    try {
      model = await this.#options.open({ ...order, place: "background" });
      this.#requireSame(model);
      await this.#install(model, signal);
      return true;
    } catch (error) {
      await model?.[Symbol.asyncDispose]();
      if (isAbandonment(error)) this.#retired.abandonedCount += 1;
      if (!signal.aborted) this.#refuse(refusalsOf(rung, error));
      return false;
    }
  }

  #refuse(refusals: readonly RungRefusal[]): void {
    this.#refusals = [...this.#refusals, ...refusals];
    for (const refusal of refusals) {
      this.#options.log.warn({ ...refusal, text: refusalText(refusal) }, "a provider is refused");
    }
  }

  #requireSame(model: MortalWorldModel): void {
    if (model.description.sha256 === this.#description.sha256) return;
    throw new BridgeError(ErrorCode.ModelHash, "the package changed while the service ran");
  }

  async #bringIn(packagePath: string, rungs: readonly Rung[]): Promise<void> {
    const { open, exists, requireFit, log } = this.#options;
    const quick = siftPresent(quickRungs(rungs), { exists, builtIn: undefined }).present;
    const { signal } = this.#abort;
    const order = { packagePath, rungs: quick, signal, isLastResort: true } as const;
    const model = await open({ ...order, place: "background" });
    try {
      requireFit?.(this.#description, model.description);
      this.#climb?.stop.abort(new BridgeError(ErrorCode.ModelSuperseded, "another package came"));
      this.#climb = undefined;
      await this.#install(model, signal);
    } catch (error) {
      await model[Symbol.asyncDispose]();
      throw error;
    }
    this.#packagePath = packagePath;
    this.#rungs = rungs;
    this.#deathsOn.clear();
    log.info({ packagePath, id: model.description.id }, "another package serves");
    this.#climbFrom(model);
  }

  /** Feeds the model and lets it take over at the next step. Resolves when it serves. */
  async #install(model: MortalWorldModel, signal: AbortSignal): Promise<void> {
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
    this.#attend(ready.model);
    this.#swapCount += 1;
    if (old !== undefined) void this.#retire(old);
    const { id, engine } = ready.model.description;
    this.#options.log.info({ model: id, provider: engine.provider }, "took over at a step");
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

  // --- deaths ---

  #hasDiedOn(provider: string): boolean {
    return (this.#deathsOn.get(provider) ?? 0) >= deathsPerProvider;
  }

  #mourn(error: BridgeError, model?: MortalWorldModel): void {
    const { log, maxRestarts = 5, backoffMs = 250 } = this.#options;
    this.#model = undefined;
    this.#downBy = error;
    this.#deathsInARow += 1;
    if (model !== undefined) this.#blame(model);
    const fields = { error: error.message, deathsInARow: this.#deathsInARow, maxRestarts };
    if (this.#deathsInARow > maxRestarts) {
      log.error(fields, "the world model died too often and stays down");
      this.#reportGivingUp(error);
      return;
    }
    log.warn(fields, "the world model died, starting it again");
    // An observation the worker died of must not kill the next one too.
    if (this.#deathsInARow > 1) this.#history.clear();
    const waitMs = this.#deathsInARow === 1 ? 0 : backoffMs * 2 ** (this.#deathsInARow - 2);
    this.#timer = setTimeout(() => {
      this.#background = Promise.all([this.#background, this.#reopen()]);
    }, waitMs);
  }

  /** A hang leaves a thread behind for good: once is enough. */
  #blame({ description, isAbandoned }: MortalWorldModel): void {
    const { provider } = description.engine;
    const deaths = isAbandoned ? deathsPerProvider : (this.#deathsOn.get(provider) ?? 0) + 1;
    this.#deathsOn.set(provider, deaths);
  }

  async #reopen(): Promise<void> {
    const { open, exists } = this.#options;
    let model: MortalWorldModel | undefined;
    try {
      const rungs = siftPresent(quickRungs(this.#rungs), { exists, builtIn: undefined }).present;
      const { signal } = this.#abort;
      const packagePath = this.#packagePath;
      const order = { packagePath, rungs, signal, isLastResort: true } as const;
      model = await open({ ...order, place: "foreground" });
      this.#requireSame(model);
      await catchUp(model, this.#history);
      this.#restartCount += 1;
      // A better rung may have taken over meanwhile.
      if (this.#model !== undefined || !this.#isOpen) {
        await model[Symbol.asyncDispose]();
        return;
      }
      this.#attend(model);
      if (this.#climb === undefined) this.#climbFrom(model);
    } catch (error) {
      await model?.[Symbol.asyncDispose]();
      if (this.#isOpen && this.#model === undefined) this.#mourn(asBridgeError(error));
    }
  }
}

/** cpu and what stands below it: there at once. All of them where cpu is not wanted. */
function quickRungs(rungs: readonly Rung[]): readonly Rung[] {
  const cpu = rungs.findIndex(isCpu);
  return cpu === -1 ? rungs : rungs.slice(cpu);
}

/** What its worker said of the rung; of one that hung or died, what became of it. */
function refusalsOf(rung: Rung, error: unknown): readonly RungRefusal[] {
  const said = error instanceof BridgeError ? error.details["refusals"] : undefined;
  if (said !== undefined) return said as readonly RungRefusal[];
  const expected = "a worker that gets ready";
  return [{ provider: rung.request.name, gate: "loads", found: errorText(error), expected }];
}

/** The worker hangs in native code and could not be ended. */
const isAbandonment = (error: unknown): boolean =>
  error instanceof BridgeError && error.details["abandoned"] === true;

const diedAtWork = (rung: Rung): RungRefusal => ({
  provider: rung.request.name,
  gate: "serves",
  found: `its worker died ${deathsPerProvider} times or hung at work`,
  expected: "a worker that lives",
});

function asBridgeError(error: unknown): BridgeError {
  if (error instanceof BridgeError) return error;
  return new BridgeError(ErrorCode.ThreadFailed, errorText(error), { cause: error });
}

const closedError = (): BridgeError =>
  new BridgeError(ErrorCode.ModelClosed, "the world model is closed");

const supersededError = (): BridgeError =>
  new BridgeError(ErrorCode.ModelSuperseded, "another model took its place");

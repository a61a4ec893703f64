import { BridgeError, ErrorCode, errorText } from "../../bridge/contract/errors.ts";
import type { Log } from "../../bridge/contract/log.ts";
import type { ModelStatus } from "../../bridge/contract/model-status.ts";
import type { Observation } from "../../bridge/contract/observation.ts";
import type {
  Prediction,
  PredictRequest,
  SupervisedModel,
  WorldModelDescription,
} from "../../bridge/contract/world-model.ts";
import type { Rung } from "../ladder/rung.ts";
import { BackgroundClimb } from "./background-climb.ts";
import type { MortalWorldModel, OpenModel } from "./candidate.ts";
import { closedError, ModelSeat } from "./model-seat.ts";
import { openQuickly } from "./quick-rungs.ts";
import { RestartPolicy, type RestartLimits } from "./restart-policy.ts";

const defaultHistoryLength = 64;

export interface ModelSupervisorOptions extends RestartLimits {
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
  readonly #seat: ModelSeat;
  readonly #restarts: RestartPolicy;
  readonly #climb: BackgroundClimb;
  readonly #abort = new AbortController();
  #reportGivingUp: (error: BridgeError) => void = () => undefined;
  #packagePath: string;
  #rungs: readonly Rung[];
  #using = false;
  #lastUseError: string | undefined;
  #restartCount = 0;
  #restartTimer: NodeJS.Timeout | undefined;
  #reopened: Promise<unknown> = Promise.resolve();
  #isOpen = true;

  private constructor(options: ModelSupervisorOptions, model: MortalWorldModel) {
    const { open, exists, log, historyLength = defaultHistoryLength } = options;
    this.#options = options;
    this.#packagePath = options.packagePath;
    this.#rungs = options.rungs;
    this.gaveUp = new Promise((resolve) => {
      this.#reportGivingUp = resolve;
    });
    this.#restarts = new RestartPolicy(options);
    const onDeath = this.#mourn.bind(this);
    this.#seat = new ModelSeat(model, { historyLength, log, onDeath });
    this.#climb = new BackgroundClimb({
      open,
      exists,
      log,
      refusalOf: (provider) => this.#restarts.refusalOf(provider),
      install: async (better, signal) => {
        this.#requireSame(better);
        await this.#seat.install(better, signal);
      },
    });
    this.#climb.start(this.#packagePath, this.#rungs, model);
  }

  /** @throws whatever the first opening throws: a model that never ran is not restarted. */
  static async open(options: ModelSupervisorOptions): Promise<ModelSupervisor> {
    const { packagePath, rungs } = options;
    const { signal } = new AbortController();
    const order = { packagePath, rungs, signal, place: "foreground" } as const;
    return new ModelSupervisor(options, await openQuickly(options, order));
  }

  get description(): WorldModelDescription {
    return this.#seat.description;
  }

  get restartCount(): number {
    return this.#restartCount;
  }

  get status(): ModelStatus {
    const { counters, isEmpty, swapCount, tickBudgetMs } = this.#seat;
    return {
      state: !this.#isOpen ? "closed" : isEmpty ? "absent" : "serving",
      building: this.#climb.building,
      refusals: this.#climb.refusals,
      swapCount,
      restartCount: this.#restartCount,
      missedCount: counters.missedCount,
      terminatedCount: counters.terminatedCount,
      abandonedCount: counters.abandonedCount + this.#climb.abandonedCount,
      tickBudgetMs,
      lastUseError: this.#lastUseError,
    };
  }

  async observe(observation: Observation): Promise<void> {
    await this.#seat.observe(observation);
  }

  async predict(request: PredictRequest): Promise<Prediction> {
    const prediction = await this.#seat.predict(request);
    this.#restarts.endRow();
    return prediction;
  }

  async reset(): Promise<void> {
    await this.#seat.reset();
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
    clearTimeout(this.#restartTimer);
    this.#abort.abort(closedError());
    this.#climb.stop(closedError());
    await Promise.allSettled([
      this.#seat[Symbol.asyncDispose](),
      this.#climb.ended,
      this.#reopened,
    ]);
  }

  async #bringIn(packagePath: string, rungs: readonly Rung[]): Promise<void> {
    const { requireFit, log } = this.#options;
    const { signal } = this.#abort;
    const order = { packagePath, rungs, signal, place: "background" } as const;
    const model = await openQuickly(this.#options, order);
    try {
      requireFit?.(this.#seat.description, model.description);
      this.#climb.stop(new BridgeError(ErrorCode.ModelSuperseded, "another package came"));
      await this.#seat.install(model, signal);
    } catch (error) {
      await model[Symbol.asyncDispose]();
      throw error;
    }
    this.#packagePath = packagePath;
    this.#rungs = rungs;
    this.#restarts.forgive();
    log.info({ packagePath, id: model.description.id }, "another package serves");
    this.#climb.start(packagePath, rungs, model);
  }

  #requireSame(model: MortalWorldModel): void {
    if (model.description.sha256 === this.#seat.description.sha256) return;
    throw new BridgeError(ErrorCode.ModelHash, "the package changed while the service ran");
  }

  #mourn(error: BridgeError, model?: MortalWorldModel): void {
    const { log } = this.#options;
    const restart = this.#restarts.afterDeath(model);
    const { deathsInARow, maxRestarts } = this.#restarts;
    const fields = { error: error.message, deathsInARow, maxRestarts };
    if (restart === undefined) {
      log.error(fields, "the world model died too often and stays down");
      this.#reportGivingUp(error);
      return;
    }
    log.warn(fields, "the world model died, starting it again");
    if (restart.forgetsHistory) this.#seat.forget();
    this.#restartTimer = setTimeout(() => {
      this.#reopened = Promise.all([this.#reopened, this.#reopen()]);
    }, restart.waitMs);
  }

  async #reopen(): Promise<void> {
    const { signal } = this.#abort;
    const order = { packagePath: this.#packagePath, rungs: this.#rungs, signal } as const;
    let model: MortalWorldModel | undefined;
    try {
      model = await openQuickly(this.#options, { ...order, place: "foreground" });
      this.#requireSame(model);
      await this.#seat.warm(model);
      this.#restartCount += 1;
      // A better rung may have taken over meanwhile.
      if (!this.#seat.isEmpty || !this.#isOpen) {
        await model[Symbol.asyncDispose]();
        return;
      }
      this.#seat.seat(model);
      if (this.#climb.building === undefined) {
        this.#climb.start(this.#packagePath, this.#rungs, model);
      }
    } catch (error) {
      await model?.[Symbol.asyncDispose]();
      if (!this.#isOpen || !this.#seat.isEmpty) return;
      const cause = asBridgeError(error);
      this.#seat.vacate(cause);
      this.#mourn(cause);
    }
  }
}

function asBridgeError(error: unknown): BridgeError {
  if (error instanceof BridgeError) return error;
  return new BridgeError(ErrorCode.ThreadFailed, errorText(error), { cause: error });
}

import { BridgeError, ErrorCode, errorText } from "../../bridge/contract/errors.ts";
import type { Log } from "../../bridge/contract/log.ts";
import type { Observation } from "../../bridge/contract/observation.ts";
import type {
  Prediction,
  PredictRequest,
  WorldModel,
  WorldModelDescription,
} from "../../bridge/contract/world-model.ts";

/** A model that can die under its owner: `InferenceClient`. */
export interface MortalWorldModel extends WorldModel {
  /** Resolves when it is gone, with the error if it died by itself. */
  readonly exited: Promise<BridgeError | undefined>;
}

export interface RestartingModelOptions {
  readonly open: () => Promise<MortalWorldModel>;
  readonly log: Log;
  /** Deaths in a row that are answered with a new worker; default 5. A prediction ends the row. */
  readonly maxRestarts?: number;
  /** Wait before the first restart; doubles with every death in a row. Default 250. */
  readonly backoffMs?: number;
}

/**
 * Opens a dead inference worker again. While there is none, calls are refused with the error it died
 * of; the new one starts without a state, so predictions come again after the next observation.
 * After too many deaths in a row it stays down and `gaveUp` resolves.
 */
export class RestartingWorldModel implements WorldModel {
  readonly description: WorldModelDescription;
  readonly gaveUp: Promise<BridgeError>;
  readonly #options: RestartingModelOptions;
  #reportGivingUp: (error: BridgeError) => void = () => undefined;
  #model: MortalWorldModel | undefined;
  #downBy = new BridgeError(ErrorCode.ModelClosed, "the world model is closed");
  #deathsInARow = 0;
  #restartCount = 0;
  #timer: NodeJS.Timeout | undefined;
  #reopening: Promise<void> = Promise.resolve();
  #isOpen = true;

  private constructor(options: RestartingModelOptions, model: MortalWorldModel) {
    this.#options = options;
    this.description = model.description;
    this.gaveUp = new Promise((resolve) => {
      this.#reportGivingUp = resolve;
    });
    this.#attend(model);
  }

  /** @throws whatever the first opening throws: a model that never ran is not restarted. */
  static async open(options: RestartingModelOptions): Promise<RestartingWorldModel> {
    return new RestartingWorldModel(options, await options.open());
  }

  get restartCount(): number {
    return this.#restartCount;
  }

  async observe(observation: Observation): Promise<void> {
    await this.#living().observe(observation);
  }

  async predict(request: PredictRequest): Promise<Prediction> {
    const prediction = await this.#living().predict(request);
    this.#deathsInARow = 0;
    return prediction;
  }

  async reset(): Promise<void> {
    await this.#living().reset();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOpen = false;
    clearTimeout(this.#timer);
    await this.#reopening;
    await this.#model?.[Symbol.asyncDispose]();
    this.#model = undefined;
    this.#downBy = new BridgeError(ErrorCode.ModelClosed, "the world model is closed");
  }

  #living(): MortalWorldModel {
    if (this.#model === undefined || !this.#isOpen) throw this.#downBy;
    return this.#model;
  }

  #attend(model: MortalWorldModel): void {
    this.#model = model;
    void model.exited.then((error) => {
      if (error !== undefined && this.#isOpen) this.#mourn(error);
    });
  }

  #mourn(error: BridgeError): void {
    const { log, maxRestarts = 5, backoffMs = 250 } = this.#options;
    this.#model = undefined;
    this.#downBy = error;
    this.#deathsInARow += 1;
    const fields = { error: error.message, deathsInARow: this.#deathsInARow, maxRestarts };
    if (this.#deathsInARow > maxRestarts) {
      log.error(fields, "the world model died too often and stays down");
      this.#reportGivingUp(error);
      return;
    }
    log.warn(fields, "the world model died, starting it again");
    const waitMs = backoffMs * 2 ** (this.#deathsInARow - 1);
    this.#timer = setTimeout(() => {
      this.#reopening = this.#reopen();
    }, waitMs);
  }

  async #reopen(): Promise<void> {
    try {
      const model = await this.#options.open();
      if (model.description.sha256 !== this.description.sha256) {
        await model[Symbol.asyncDispose]();
        throw new BridgeError(ErrorCode.ModelHash, "the package changed while the service ran");
      }
      this.#restartCount += 1;
      this.#attend(model);
    } catch (error) {
      const failure =
        error instanceof BridgeError
          ? error
          : new BridgeError(ErrorCode.ThreadFailed, errorText(error), { cause: error });
      if (this.#isOpen) this.#mourn(failure);
    }
  }
}

import { imageOfFrame, type CameraImage } from "../contract/camera-image.ts";
import type { Clock } from "../contract/clock.ts";
import { BridgeError, ErrorCode, errorText } from "../contract/errors.ts";
import {
  makeObservation,
  type Observation,
  type ObservationSource,
} from "../contract/observation.ts";
import type { PredictRequest, Prediction, WorldModel } from "../contract/world-model.ts";
import { systemTimers, type Timer, type Timers } from "./timers.ts";

/** Setpoints the shaper will command at given times: what a prediction is conditioned on. */
export interface ActionPlan {
  /** Writes the setpoints at `startMs + k * stepMs`, k = 1..horizonSteps, as [k][axis]; false if there is no plan. */
  fill(startMs: number, stepMs: number, horizonSteps: number, out: Float32Array): boolean;
}

/** Why a tick made no prediction. */
export type HeldReason =
  "observation-late" | "observation-stale" | "no-plan" | "model-late" | "model-error";

export interface PredictionLoopOptions {
  readonly source: ObservationSource;
  readonly model: WorldModel;
  readonly plan: ActionPlan;
  readonly clock: Clock;
  /** Default: Node's. They and the clock have to tell the same time. */
  readonly timers?: Timers;
  readonly horizonSteps: number;
  /** 1-based step whose picture is made when `previewWanted()`; asked anew for each. */
  readonly previewStep: () => number;
  readonly previewWanted: () => boolean;
  /** Each step's observation, in order, also of steps that were caught up. Borrowed. */
  readonly onObservation: (observation: Observation) => void;
  /** `actionsRad`, [step][axis], is what the prediction is conditioned on. Borrowed, as the observation. */
  readonly onPrediction: (
    prediction: Prediction,
    observation: Observation,
    actionsRad: Float32Array,
  ) => void;
  readonly onHeld: (reason: HeldReason, text: string) => void;
}

export interface PredictionLoopStats {
  readonly predictedCount: number;
  readonly heldCount: number;
  /** Steps observed late from the history because the thread was busy. */
  readonly caughtUpCount: number;
  /** Steps lost beyond the history; the model state was reset. */
  readonly resetCount: number;
  readonly lastPredictionMs: number;
  readonly lateMsMax: number;
}

const isLate = (error: unknown): boolean =>
  error instanceof BridgeError && error.code === ErrorCode.ModelDeadline;

/** The newest samples are written a few ms after the instant they describe. */
const settleMs = 4;
const retryMs = 2;
/** Until then a late sample is waited for and nothing is lost; beyond it the source has failed. */
const lateLimitMs = 200;

/**
 * Observes at every model step and predicts from the newest. The steps lie on a fixed grid
 * (`start + n * step`), so the loop does not drift; when the thread was busy the missed steps are
 * observed from the history, one prediction is made for the last, and nothing piles up.
 */
export class PredictionLoop {
  readonly #options: PredictionLoopOptions;
  readonly #stepMs: number;
  readonly #observation: Observation;
  readonly #actions: Float32Array;
  readonly #timers: Timers;
  readonly #stats = {
    predictedCount: 0,
    heldCount: 0,
    caughtUpCount: 0,
    resetCount: 0,
    lastPredictionMs: 0,
    lateMsMax: 0,
  };
  #nextStepMs = 0;
  #timer: Timer | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = true;

  constructor(options: PredictionLoopOptions) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#stepMs = options.model.description.stepS * 1000;
    this.#observation = makeObservation(options.source.axisNames.length);
    this.#actions = new Float32Array(options.horizonSteps * options.source.axisNames.length);
  }

  get stats(): PredictionLoopStats {
    return this.#stats;
  }

  /** Resolves when the tick in flight, if any, has ended. */
  get settled(): Promise<void> {
    return this.#running;
  }

  /** @param firstStepMs where the grid of steps begins; default one step from now. */
  start(firstStepMs = this.#options.clock.monotonicMs() + this.#stepMs): void {
    this.#stopped = false;
    this.#nextStepMs = firstStepMs;
    this.#schedule();
  }

  /** Resolves when the tick in flight has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  #schedule(delayMs?: number): void {
    if (this.#stopped) return;
    const untilMs = this.#nextStepMs + settleMs - this.#options.clock.monotonicMs();
    this.#timer = this.#timers.after(Math.max(0, delayMs ?? untilMs), () => {
      this.#running = this.#tick().then((again) => {
        this.#schedule(again);
      });
    });
  }

  /** Returns ms to wait before trying the same step again, or undefined to go on with the next. */
  async #tick(): Promise<number | undefined> {
    const { clock, model } = this.#options;
    const nowMs = clock.monotonicMs();
    const lateMs = nowMs - this.#nextStepMs;
    try {
      if (lateMs > model.description.stateTtlS * 1000) await this.#startAnew(nowMs);
      else this.#stats.lateMsMax = Math.max(this.#stats.lateMsMax, lateMs);
      return await this.#observeDueSteps();
    } catch (error) {
      this.#nextStepMs += this.#stepMs;
      this.#hold(isLate(error) ? "model-late" : "model-error", errorText(error));
      return undefined;
    }
  }

  async #startAnew(nowMs: number): Promise<void> {
    this.#stats.resetCount += 1;
    await this.#options.model.reset();
    this.#nextStepMs += Math.ceil((nowMs - this.#nextStepMs) / this.#stepMs) * this.#stepMs;
  }

  async #observeDueSteps(): Promise<number | undefined> {
    const { source, model, clock, onObservation } = this.#options;
    for (let steps = 0; ; steps += 1) {
      const outcome = source.observeAt(this.#nextStepMs, this.#observation);
      const nowMs = clock.monotonicMs();
      if (outcome === "ahead" && nowMs - this.#nextStepMs < lateLimitMs) {
        // A source that lags by more than a step never catches up with the clock: this is its newest.
        if (steps > 0) {
          this.#stats.caughtUpCount += steps - 1;
          await this.#predict();
        }
        return retryMs;
      }
      if (outcome !== "ok") {
        this.#nextStepMs += this.#stepMs;
        this.#hold(
          outcome === "ahead" ? "observation-late" : "observation-stale",
          `no sample covers a step that is ${Math.round(nowMs - this.#nextStepMs + this.#stepMs)} ms old`,
        );
        return undefined;
      }
      this.#observation.frame = this.#frameAt(this.#nextStepMs);
      // Whoever watches the joints goes on doing so when the model fails.
      onObservation(this.#observation);
      await model.observe(this.#observation);
      this.#nextStepMs += this.#stepMs;
      if (this.#nextStepMs + settleMs > clock.monotonicMs()) {
        this.#stats.caughtUpCount += steps;
        await this.#predict();
        return undefined;
      }
    }
  }

  /** Only for a model that looks: no picture is copied for one that does not. */
  #frameAt(timeMs: number): CameraImage | undefined {
    const { model, source } = this.#options;
    if ((model.description.streams ?? []).length === 0) return undefined;
    const frame = source.frameBorrowed(timeMs);
    return frame === undefined ? undefined : imageOfFrame(frame);
  }

  async #predict(): Promise<void> {
    const { plan, model, clock, horizonSteps, onPrediction } = this.#options;
    const stampMs = this.#observation.stampMs;
    if (!plan.fill(stampMs, this.#stepMs, horizonSteps, this.#actions)) {
      this.#hold("no-plan", "the actuation worker has not published what it will command");
      return;
    }
    const request: PredictRequest = {
      actionsRad: this.#actions,
      candidateCount: 1,
      horizonSteps,
      ...this.#preview(),
    };
    const prediction = await model.predict(request);
    if (!isFinitePrediction(prediction)) {
      this.#hold("model-error", "the prediction holds numbers that are not finite");
      return;
    }
    this.#stats.predictedCount += 1;
    this.#stats.lastPredictionMs = clock.monotonicMs();
    onPrediction(prediction, this.#observation, this.#actions);
  }

  #preview(): Pick<PredictRequest, "preview"> {
    const { previewWanted, previewStep, source } = this.#options;
    if (!previewWanted()) return {};
    const frame = source.frameBorrowed(Number.POSITIVE_INFINITY);
    return frame === undefined ? {} : { preview: { step: previewStep(), frame } };
  }

  #hold(reason: HeldReason, text: string): void {
    this.#stats.heldCount += 1;
    this.#options.onHeld(reason, text);
  }
}

/** Whatever stands between us and the model: nonsense is not published, nor scored. // hot path */
function isFinitePrediction({ meanPosRad, stdPosRad, meanVelRadPerS, stdVelRadPerS }: Prediction) {
  return [meanPosRad, stdPosRad, meanVelRadPerS, stdVelRadPerS].every((values) => {
    // One sum instead of a test per number: a NaN or an infinity survives every addition.
    let sum = 0;
    for (const value of values) sum += value * 0;
    return sum === 0;
  });
}

import type { Engine, ProviderRequest } from "../bridge/contract/engine.ts";
import { BridgeError, ErrorCode } from "../bridge/contract/errors.ts";
import type { Frame } from "../bridge/contract/frame.ts";
import type { Observation } from "../bridge/contract/observation.ts";
import type {
  Prediction,
  PredictRequest,
  WorldModel,
  WorldModelDescription,
} from "../bridge/contract/world-model.ts";
import { checkObservation, checkRequest } from "./check-request.ts";
import { describeModel, requireVersion } from "./describe-model.ts";
import { checkGolden } from "./package/golden.ts";
import type { ModelPackage } from "./package/load-package.ts";
import { PoseHistory } from "./pose-history.ts";
import { ProprioLayout } from "./proprio-layout.ts";
import { RecurrentProgram, type RolloutResult } from "./recurrent-program.ts";

/** More candidates in one batch than any planner here asks for; a bound on memory, not on skill. */
const maxCandidateCount = 256;

/** The picture a camera at `toPosRad` would see, made from one taken at `fromPosRad`. */
export type Reproject = (frame: Frame, fromPosRad: Float64Array, toPosRad: Float64Array) => Frame;

export interface OnnxWorldModelOptions {
  /** Borrowed: the caller disposes it after the model. */
  readonly engine: Engine;
  readonly pack: ModelPackage;
  readonly provider?: ProviderRequest;
  /** Why no better provider is used, as it is published. */
  readonly fallbackReasons?: readonly string[];
  /** Makes preview pictures for packages without a decoder. */
  readonly reproject?: Reproject;
}

/**
 * A recurrent-latent package as a `WorldModel`. Calls are served one after another in the order they
 * were made, so a prediction starts from exactly the observations made before it.
 *
 * A gap between observations longer than the package's `state_ttl_s`, or a stamp that does not rise,
 * forgets the state: the observation then starts a new one, `resetCount` rises and `stateSequence`
 * starts again at 1.
 */
export class OnnxWorldModel implements WorldModel {
  readonly description: WorldModelDescription;
  readonly #program: RecurrentProgram;
  readonly #layout: ProprioLayout;
  readonly #reproject: Reproject | undefined;
  readonly #proprio: Float64Array;
  readonly #poses: PoseHistory;
  #tail: Promise<unknown> = Promise.resolve();
  #lastStampMs = Number.NaN;
  #stateSequence = 0;
  #resetCount = 0;
  #isOpen = true;

  private constructor(
    program: RecurrentProgram,
    description: WorldModelDescription,
    layout: ProprioLayout,
    reproject: Reproject | undefined,
  ) {
    this.#program = program;
    this.description = description;
    this.#layout = layout;
    this.#reproject = reproject;
    this.#proprio = new Float64Array(program.proprioWidth);
    this.#poses = new PoseHistory(program.jointCount);
  }

  /**
   * Builds the sessions and proves them on the package's golden rollout.
   *
   * @throws BridgeError `engine/session`, `model/shape`, `model/unsupported` or `model/golden`.
   */
  static async open(options: OnnxWorldModelOptions): Promise<OnnxWorldModel> {
    const { engine, pack, reproject } = options;
    requireVersion(pack.manifest, engine.info);
    const program = await RecurrentProgram.open(engine, pack, options.provider);
    try {
      await checkGolden(pack, program);
    } catch (error) {
      await program[Symbol.asyncDispose]();
      throw error;
    }
    const preview = reproject === undefined ? "none" : "reprojection";
    const description = describeModel(pack, engine.info, program.sessions, {
      preview,
      fallbackReasons: options.fallbackReasons ?? [],
    });
    const layout = new ProprioLayout(pack.manifest.embodiment);
    return new OnnxWorldModel(program, description, layout, reproject);
  }

  /** How often a gap in the observations made the model forget. */
  get resetCount(): number {
    return this.#resetCount;
  }

  observe(observation: Observation): Promise<void> {
    return this.#inTurn(async () => {
      checkObservation(observation, this.#program.jointCount);
      this.#layout.write(observation, this.#proprio);
      const gapMs = observation.stampMs - this.#lastStampMs;
      if (gapMs > this.description.stateTtlS * 1e3 || gapMs <= 0) {
        this.#forget();
        this.#resetCount += 1;
      }
      await this.#program.observe(this.#proprio, observation.commandPosRad);
      this.#lastStampMs = observation.stampMs;
      this.#stateSequence += 1;
      this.#poses.push(observation.stampMs, observation.jointPosRad);
    });
  }

  predict(request: PredictRequest): Promise<Prediction> {
    return this.#inTurn(async () => {
      this.#checkRequest(request);
      const { actionsRad, candidateCount, horizonSteps } = request;
      const startMs = performance.now();
      const result = await this.#program.rollout(actionsRad, candidateCount, horizonSteps);
      const inferMs = performance.now() - startMs;
      return this.#predictionOf(request, result, inferMs);
    });
  }

  reset(): Promise<void> {
    return this.#inTurn(() => {
      this.#forget();
      return Promise.resolve();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOpen = false;
    await this.#tail;
    await this.#program[Symbol.asyncDispose]();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#isOpen) {
      return Promise.reject(new BridgeError(ErrorCode.ModelClosed, "the world model is closed"));
    }
    const done = this.#tail.then(work);
    this.#tail = done.catch(() => undefined);
    return done;
  }

  #forget(): void {
    this.#program.reset();
    this.#poses.clear();
    this.#lastStampMs = Number.NaN;
    this.#stateSequence = 0;
  }

  #checkRequest(request: PredictRequest): void {
    const { maxHorizonSteps, actionConditioned, id } = this.description;
    const { jointCount: axisCount } = this.#program;
    checkRequest(request, { axisCount, maxHorizonSteps, maxCandidateCount });
    if (request.candidateCount > 1 && !actionConditioned) {
      const text = `${id} does not read actions and cannot compare candidates`;
      throw new BridgeError(ErrorCode.ModelUnsupported, text);
    }
    if (this.#stateSequence === 0) {
      throw new BridgeError(ErrorCode.ModelNotReady, "nothing has been observed yet");
    }
  }

  #predictionOf(request: PredictRequest, result: RolloutResult, inferMs: number): Prediction {
    const { jointCount } = this.#program;
    const meanPosRad = everyOther(result.mean, jointCount, 0);
    const preview = this.#previewOf(request, meanPosRad);
    return {
      stampMs: this.#lastStampMs,
      stepMs: this.description.stepS * 1e3,
      candidateCount: request.candidateCount,
      horizonSteps: request.horizonSteps,
      axisCount: jointCount,
      meanPosRad,
      stdPosRad: everyOther(result.std, jointCount, 0),
      meanVelRadPerS: everyOther(result.mean, jointCount, 1),
      stdVelRadPerS: everyOther(result.std, jointCount, 1),
      stateSequence: this.#stateSequence,
      inferMs,
      ...(preview === undefined ? {} : { preview }),
    };
  }

  #previewOf({ preview }: PredictRequest, meanPosRad: Float32Array): Frame | undefined {
    if (preview === undefined || this.#reproject === undefined) return undefined;
    const { jointCount } = this.#program;
    const fromPosRad = new Float64Array(jointCount);
    this.#poses.at(preview.frame.stampMs, fromPosRad);
    const offset = (preview.step - 1) * jointCount;
    const toPosRad = Float64Array.from(meanPosRad.subarray(offset, offset + jointCount));
    const picture = this.#reproject(preview.frame, fromPosRad, toPosRad);
    const aheadMs = preview.step * this.description.stepS * 1000;
    return { ...picture, stampMs: this.#lastStampMs + aheadMs };
  }
}

/** Blocks of `width`, alternately position and velocity: a copy of the first or of the second ones. */
function everyOther(values: Float32Array, width: number, first: 0 | 1): Float32Array {
  const out = new Float32Array(values.length / 2);
  for (let row = 0; row * width < out.length; row += 1) {
    const from = (2 * row + first) * width;
    out.set(values.subarray(from, from + width), row * width);
  }
  return out;
}

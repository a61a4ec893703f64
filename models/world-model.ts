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
import { FrameTensor } from "./inference/image/frame-tensor.ts";
import type { PreprocessorOptions } from "./inference/image/preprocessor.ts";
import type { ImageTensorData } from "./inference/image/tensor-rows.ts";
import { NllScore } from "./nll-score.ts";
import type { ModelPackage } from "./package/load-package.ts";
import type { Manifest } from "./package/manifest.ts";
import { PoseHistory } from "./pose-history.ts";
import type { GraphOpener } from "./programs/open-graphs.ts";
import { openProgram } from "./programs/open-program.ts";
import { bearingOf, bothOf, everyOther, visibilityOf } from "./prediction-parts.ts";
import type { Picture, Program, ProgramPrediction, StreamInput } from "./programs/program.ts";
import { ProprioLayout } from "./proprio-layout.ts";
import { checkGolden } from "./verify-package.ts";

/** More candidates in one batch than any planner here asks for; a bound on memory, not on skill. */
const maxCandidateCount = 256;

/** The picture a camera at `toPosRad` would see, made from one taken at `fromPosRad`. */
export type Reproject = (frame: Frame, fromPosRad: Float64Array, toPosRad: Float64Array) => Frame;

export interface OnnxWorldModelOptions {
  /** Borrowed: the caller disposes it after the model. */
  readonly engine: Engine;
  readonly pack: ModelPackage;
  readonly provider?: ProviderRequest;
  /** Opens each graph, where providers differ between them; default: all on `provider`. */
  readonly open?: GraphOpener;
  /** Number the bindings that run every step, for providers that capture graphs. */
  readonly isCaptured?: boolean;
  /** Why no better provider is used, as it is published. */
  readonly fallbackReasons?: readonly string[];
  /** Makes preview pictures for packages without a decoder. */
  readonly reproject?: Reproject;
  /** The camera's intrinsics at a picture size, for streams that are laid over by them. */
  readonly intrinsicsOf?: PreprocessorOptions["intrinsicsOf"];
}

/**
 * A package as a `WorldModel`. Calls are served one after another in the order they
 * were made, so a prediction starts from exactly the observations made before it.
 *
 * A gap between observations longer than the package's `state_ttl_s`, or a stamp that does not rise,
 * forgets the state: the observation then starts a new one, `resetCount` rises and `stateSequence`
 * starts again at 1.
 */
export class OnnxWorldModel implements WorldModel {
  readonly description: WorldModelDescription;
  readonly #program: Program;
  readonly #layout: ProprioLayout;
  readonly #reproject: Reproject | undefined;
  readonly #proprio: Float64Array;
  readonly #poses: PoseHistory;
  readonly #nllScore: NllScore | undefined;
  readonly #cameras: readonly Camera[];
  #tail: Promise<unknown> = Promise.resolve();
  #lastStampMs = Number.NaN;
  #stateSequence = 0;
  #resetCount = 0;
  #isOpen = true;

  private constructor(
    program: Program,
    description: WorldModelDescription,
    manifest: Manifest,
    { reproject, intrinsicsOf }: Pick<OnnxWorldModelOptions, "reproject" | "intrinsicsOf">,
  ) {
    const { embodiment } = manifest;
    this.#program = program;
    this.description = description;
    this.#layout = new ProprioLayout(embodiment);
    this.#reproject = reproject;
    // An observation brings one picture: the first camera's.
    const seen = program.streams.filter(({ spec }) => spec.order === 0);
    this.#cameras = seen.map((input) => ({
      input,
      frame: new FrameTensor({
        stream: input.spec,
        defaultMaxAgeS: manifest.timing.max_obs_age_s,
        data: imageData(input),
        ...(intrinsicsOf === undefined ? {} : { intrinsicsOf }),
      }),
    }));
    this.#proprio = new Float64Array(embodiment.proprio.order.length);
    this.#poses = new PoseHistory(embodiment.joints.length);
    const ood = "uncertainty" in manifest ? manifest.uncertainty.ood : undefined;
    this.#nllScore =
      ood?.kind === "nll_ewma" ? new NllScore(ood.weight, embodiment.joints.length) : undefined;
  }

  /**
   * Builds the sessions and proves them on the package's golden rollout.
   *
   * @throws BridgeError `engine/session`, `model/shape`, `model/unsupported` or `model/golden`.
   */
  static async open(options: OnnxWorldModelOptions): Promise<OnnxWorldModel> {
    const { engine, pack } = options;
    requireVersion(pack.manifest, engine.info);
    const program = await openProgram(engine, pack, options);
    try {
      await checkGolden(pack, program);
    } catch (error) {
      await program[Symbol.asyncDispose]();
      throw error;
    }
    const otherwise = options.reproject === undefined ? "none" : "reprojection";
    const description = describeModel(pack, engine.info, program.sessions.values(), {
      streams: program.streams.map((stream) => stream.name),
      preview: program.hasDecoder ? "decoder" : otherwise,
      fallbackReasons: options.fallbackReasons ?? [],
    });
    return new OnnxWorldModel(program, description, pack.manifest, options);
  }

  /** How often a gap in the observations made the model forget. */
  get resetCount(): number {
    return this.#resetCount;
  }

  observe(observation: Observation): Promise<void> {
    return this.#inTurn(async () => {
      checkObservation(observation, this.#axisCount);
      this.#layout.write(observation, this.#proprio);
      for (const { input, frame } of this.#cameras) {
        frame.update(observation);
        input.hasFrame = frame.hasFrame;
        input.frameAgeS = frame.ageS;
      }
      const gapMs = observation.stampMs - this.#lastStampMs;
      if (gapMs > this.description.stateTtlS * 1e3 || gapMs <= 0) {
        this.#forget();
        this.#resetCount += 1;
      }
      await this.#program.observe(this.#proprio, observation.commandPosRad);
      this.#lastStampMs = observation.stampMs;
      this.#stateSequence += 1;
      this.#poses.push(observation.stampMs, observation.jointPosRad);
      this.#nllScore?.observed(this.#stateSequence, observation);
    });
  }

  predict(request: PredictRequest): Promise<Prediction> {
    return this.#inTurn(async () => {
      this.#checkRequest(request);
      const startMs = performance.now();
      const found = await this.#imagine(request);
      return this.#predictionOf(request, found, performance.now() - startMs);
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

  get #axisCount(): number {
    return this.description.axisNames.length;
  }

  async #imagine({
    actionsRad,
    candidateCount,
    horizonSteps,
    preview,
  }: PredictRequest): Promise<ProgramPrediction> {
    const size = { candidateCount, horizonSteps };
    try {
      return await this.#program.predict(
        actionsRad,
        preview === undefined ? size : { ...size, previewStep: preview.step },
      );
    } catch (error) {
      // A state on a device is not looked at when it is written: this is where a bad one shows.
      const isOutput = error instanceof BridgeError && error.code === ErrorCode.ModelOutput;
      if (isOutput && !this.#program.hasFiniteState()) {
        this.#forget();
        this.#resetCount += 1;
      }
      throw error;
    }
  }

  #forget(): void {
    this.#program.reset();
    this.#nllScore?.reset();
    this.#poses.clear();
    this.#lastStampMs = Number.NaN;
    this.#stateSequence = 0;
  }

  #checkRequest(request: PredictRequest): void {
    const { maxHorizonSteps, actionConditioned, id } = this.description;
    checkRequest(request, { axisCount: this.#axisCount, maxHorizonSteps, maxCandidateCount });
    if (request.candidateCount > 1 && !actionConditioned) {
      const text = `${id} does not read actions and cannot compare candidates`;
      throw new BridgeError(ErrorCode.ModelUnsupported, text);
    }
    if (this.#stateSequence === 0) {
      throw new BridgeError(ErrorCode.ModelNotReady, "nothing has been observed yet");
    }
  }

  #predictionOf(
    request: PredictRequest,
    { heads, ood, picture }: ProgramPrediction,
    inferMs: number,
  ): Prediction {
    const axisCount = this.#axisCount;
    const { mean, std } = bothOf(heads.get("pred.proprio"));
    const meanPosRad = everyOther(mean, axisCount, 0);
    const bearing = heads.get("pred.bearing");
    const visibility = heads.get("pred.visibility");
    this.#nllScore?.predicted(this.#stateSequence, request.actionsRad, mean, std);
    const oodScore = this.#nllScore === undefined ? ood : this.#nllScore.score;
    const preview =
      picture === undefined
        ? this.#reprojection(request, meanPosRad)
        : this.#decoded(request, picture);
    return {
      stampMs: this.#lastStampMs,
      stepMs: this.description.stepS * 1e3,
      candidateCount: request.candidateCount,
      horizonSteps: request.horizonSteps,
      axisCount,
      meanPosRad,
      stdPosRad: everyOther(std, axisCount, 0),
      meanVelRadPerS: everyOther(mean, axisCount, 1),
      stdVelRadPerS: everyOther(std, axisCount, 1),
      stateSequence: this.#stateSequence,
      inferMs,
      ...(preview === undefined ? {} : { preview }),
      ...(bearing === undefined ? {} : { bearing: bearingOf(bearing) }),
      ...(visibility === undefined ? {} : { visibility: visibilityOf(visibility) }),
      ...(oodScore === undefined ? {} : { oodScore }),
    };
  }

  #decoded({ preview }: PredictRequest, picture: Picture): Frame | undefined {
    if (preview === undefined) return undefined;
    return { ...picture, sequence: preview.frame.sequence, stampMs: this.#stampOf(preview.step) };
  }

  #reprojection({ preview }: PredictRequest, meanPosRad: Float32Array): Frame | undefined {
    if (preview === undefined || this.#reproject === undefined) return undefined;
    const axisCount = this.#axisCount;
    const fromPosRad = new Float64Array(axisCount);
    this.#poses.at(preview.frame.stampMs, fromPosRad);
    const offset = (preview.step - 1) * axisCount;
    const toPosRad = Float64Array.from(meanPosRad.subarray(offset, offset + axisCount));
    const picture = this.#reproject(preview.frame, fromPosRad, toPosRad);
    return { ...picture, stampMs: this.#stampOf(preview.step) };
  }

  #stampOf(step: number): number {
    return this.#lastStampMs + step * this.description.stepS * 1000;
  }
}

interface Camera {
  readonly input: StreamInput;
  readonly frame: FrameTensor;
}

/** The graph's input as the preprocessor fills it. */
function imageData({ name, tensor }: StreamInput): ImageTensorData {
  const { data } = tensor;
  const isImage =
    data instanceof Float32Array || data instanceof Uint16Array || data instanceof Uint8Array;
  if (isImage) return data;
  throw new BridgeError(ErrorCode.ModelShape, `stream ${name} is read as a type no picture has`);
}

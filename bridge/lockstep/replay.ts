import type { Clock } from "../contract/clock.ts";
import { BridgeError, ErrorCode } from "../contract/errors.ts";
import { stampNs } from "../contract/units.ts";
import type { Prediction, WorldModel } from "../contract/world-model.ts";
import { closeAll, type Closer } from "../core/lifecycle.ts";
import { PredictionLoop, type ActionPlan, type HeldReason } from "../core/prediction-loop.ts";
import { PredictionScore, type ScoreSnapshot } from "../core/prediction-score.ts";
import { systemTimers } from "../core/timers.ts";
import {
  readRecording,
  type RecordedPrediction,
  type Recording,
} from "../recording/read-recording.ts";
import { ReplaySource } from "../recording/replay-source.ts";
import { ManualTime } from "./manual-time.ts";
import { embeddedPackage, openPackageModel } from "./open-run-parts.ts";

export interface ReplayOptions {
  readonly path: string;
  /** Folder of the package to judge; default the shipped one. */
  readonly model?: string;
  /** As long as the recording took, instead of as fast as possible. */
  readonly paced?: boolean;
  readonly signal?: AbortSignal;
}

export interface ReplayResult {
  readonly recording: Recording;
  readonly model: WorldModel["description"];
  /** The model's predictions now, on what was recorded. */
  readonly score: ScoreSnapshot;
  /** The predictions that were made while recording. */
  readonly recordedScore: ScoreSnapshot;
  readonly predictions: number;
  readonly held: Partial<Record<HeldReason, number>>;
  readonly recordedS: number;
  readonly wallS: number;
}

/**
 * Runs the prediction loop on a recording, conditioned on the plans of the time, and scores it.
 *
 * @throws BridgeError if the file is no recording, holds no motion, or the model does not fit it.
 */
export async function replay(options: ReplayOptions): Promise<ReplayResult> {
  const recording = await readRecording(options.path);
  const closers: Closer[] = [];
  try {
    const model = await openPackageModel(options.model ?? embeddedPackage, closers);
    requireSameAxes(recording, model, options.path);
    return await run(recording, model, options);
  } finally {
    await closeAll(closers);
  }
}

async function run(
  recording: Recording,
  model: WorldModel,
  options: ReplayOptions,
): Promise<ReplayResult> {
  const { telemetry, predictions, header } = recording;
  const row = new Float64Array(telemetry.width);
  const beginMs = telemetry.rowAt(0, row);
  const endMs = telemetry.latestStampMs();
  if (!(endMs > beginMs)) {
    throw new BridgeError(ErrorCode.ConfigUnreadable, `${options.path} holds no joint samples`);
  }
  const startedMs = performance.now();
  const stepMs = model.description.stepS * 1000;
  const axisCount = header.axisNames.length;
  // The grid the service used, so that observations and plans meet again at the same instants.
  const firstMs = predictions[0]?.stampMs ?? beginMs + stepMs;
  const horizonSteps =
    predictions[0]?.horizonSteps ?? Math.min(24, model.description.maxHorizonSteps);
  const source = new ReplaySource(recording);
  const makeScore = () => new PredictionScore({ stepMs, horizonSteps, axisCount });
  const score = makeScore();
  const recordedScore = makeScore();
  const byStamp = new Map(predictions.map((one) => [one.stampMs, one]));
  const held: Partial<Record<HeldReason, number>> = {};
  const manual = new ManualTime(firstMs - 1);
  const paced = options.paced === true;
  const clock = paced ? clockFrom(firstMs) : manual;
  const loop = new PredictionLoop({
    source,
    model,
    plan: new RecordedPlan(recording, byStamp),
    clock,
    timers: paced ? systemTimers : manual,
    horizonSteps,
    previewStep: () => 1,
    previewWanted: () => false,
    onObservation: (observation) => {
      score.compare(observation);
      recordedScore.compare(observation);
    },
    onPrediction: (prediction, observation, actionsRad) => {
      score.add(prediction, observation, actionsRad);
      const then = byStamp.get(observation.stampMs);
      if (then === undefined) return;
      recordedScore.add(asPrediction(then, stepMs), observation, then.actionsRad);
    },
    onHeld: (reason) => {
      held[reason] = (held[reason] ?? 0) + 1;
    },
  });
  loop.start(firstMs);
  while (clock.monotonicMs() < endMs && options.signal?.aborted !== true) {
    await source.preparePicture(clock.monotonicMs());
    if (paced) await new Promise((resolve) => setTimeout(resolve, stepMs / 2));
    else {
      manual.advance(stepMs / 2);
      manual.runDue();
      await loop.settled;
    }
  }
  await loop.stop();
  return {
    recording,
    model: model.description,
    score: score.snapshot(),
    recordedScore: recordedScore.snapshot(),
    predictions: loop.stats.predictedCount,
    held,
    recordedS: (endMs - beginMs) / 1000,
    wallS: (performance.now() - startedMs) / 1000,
  };
}

/** What was planned then; where no prediction was recorded, what was commanded afterwards. */
class RecordedPlan implements ActionPlan {
  readonly #recording: Recording;
  readonly #byStamp: ReadonlyMap<number, RecordedPrediction>;
  readonly #row: Float64Array;

  constructor(recording: Recording, byStamp: ReadonlyMap<number, RecordedPrediction>) {
    this.#recording = recording;
    this.#byStamp = byStamp;
    this.#row = new Float64Array(recording.setpoints.width);
  }

  fill(startMs: number, stepMs: number, horizonSteps: number, out: Float32Array): boolean {
    const recorded = this.#byStamp.get(startMs);
    if (recorded?.horizonSteps === horizonSteps) {
      out.set(recorded.actionsRad);
      return true;
    }
    const axisCount = this.#row.length / 2;
    for (let step = 1; step <= horizonSteps; step += 1) {
      // Beyond the end the last setpoint stands.
      const timeMs = Math.min(startMs + step * stepMs, this.#recording.setpoints.latestStampMs());
      if (this.#recording.setpoints.sampleAt(timeMs, this.#row) !== "ok") return false;
      out.set(this.#row.subarray(0, axisCount), (step - 1) * axisCount);
    }
    return true;
  }
}

function asPrediction(then: RecordedPrediction, stepMs: number): Prediction {
  return { ...then, stepMs, candidateCount: 1, stateSequence: 0 };
}

/** Real time, told as if it were then. */
function clockFrom(startMs: number): Clock {
  const offsetMs = startMs - performance.now();
  const monotonicMs = (): number => performance.now() + offsetMs;
  return { monotonicMs, stampNsAt: (timeMs) => stampNs(BigInt(Math.round(timeMs * 1e6))) };
}

function requireSameAxes({ header }: Recording, model: WorldModel, path: string): void {
  const found = header.axisNames.join(", ");
  const expected = model.description.axisNames.join(", ");
  if (found === expected) return;
  throw new BridgeError(
    ErrorCode.ModelUnsupported,
    `${path} has axes ${found}; ${model.description.id} is made for ${expected}`,
  );
}

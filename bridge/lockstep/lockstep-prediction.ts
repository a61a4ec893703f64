import type { SampleRing } from "../contract/sample-ring.ts";
import type { SharedRow } from "../contract/shared-row.ts";
import type { Observation } from "../contract/observation.ts";
import type { Prediction, WorldModel } from "../contract/world-model.ts";
import type { FaultPlan } from "../core/faults/fault-plan.ts";
import { FaultyModel } from "../core/faults/faulty-model.ts";
import { FaultyObservations } from "../core/faults/faulty-observations.ts";
import { PredictionLoop, type HeldReason } from "../core/prediction-loop.ts";
import { PredictionScore } from "../core/prediction-score.ts";
import { PreviewPlan } from "../core/preview-plan.ts";
import { RingObservationSource } from "../core/ring-observation-source.ts";
import type { ManualTime } from "./manual-time.ts";

export interface LockstepPredictionOptions {
  readonly model: WorldModel;
  readonly plan: FaultPlan;
  readonly time: ManualTime;
  readonly horizonSteps: number;
  readonly axisNames: readonly string[];
  readonly rings: { readonly telemetry: SampleRing; readonly setpoints: SampleRing };
  readonly preview: SharedRow;
}

/** The prediction loop and its score on simulated time. */
export class LockstepPrediction {
  readonly score: PredictionScore;
  readonly loop: PredictionLoop;
  readonly held: Partial<Record<HeldReason, number>> = {};
  /** Called with every prediction that would be published. Borrowed. */
  onPrediction: (prediction: Prediction, observation: Observation) => void = () => undefined;
  readonly #time: ManualTime;

  constructor(options: LockstepPredictionOptions) {
    const { model, plan, time, horizonSteps, axisNames, rings, preview } = options;
    const { monotonicMs } = time;
    const stepMs = model.description.stepS * 1000;
    this.#time = time;
    this.score = new PredictionScore({ stepMs, horizonSteps, axisCount: axisNames.length });
    const source = new RingObservationSource({ axisNames, ...rings });
    this.loop = new PredictionLoop({
      source: new FaultyObservations(source, { plan, monotonicMs }),
      model: new FaultyModel(model, { plan, monotonicMs, sleep: time.sleep }),
      plan: new PreviewPlan(preview, rings.setpoints),
      clock: time,
      timers: time,
      horizonSteps,
      previewStep: () => 1,
      previewWanted: () => false,
      onObservation: (observation) => {
        this.score.compare(observation);
      },
      onPrediction: (prediction, observation, actionsRad) => {
        this.score.add(prediction, observation, actionsRad);
        this.onPrediction(prediction, observation);
      },
      onHeld: (reason) => {
        this.held[reason] = (this.held[reason] ?? 0) + 1;
      },
    });
    this.loop.start();
  }

  /** The loop has done what it can before time moves on. */
  async settled(): Promise<void> {
    await Promise.race([this.loop.settled, this.#time.whenSleeping()]);
  }
}

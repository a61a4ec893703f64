import { makeObservation } from "../contract/observation.ts";
import type { Prediction } from "../contract/world-model.ts";
import { PredictionScore } from "../core/prediction-score.ts";
import { NllScore } from "../../models/nll-score.ts";
import type { Program } from "../../models/programs/program.ts";
import { forecast } from "./forecast.ts";
import { z90 } from "./metrics.ts";
import {
  axisCount,
  Column,
  horizons,
  maxHorizon,
  rowOf,
  setpointsAfter,
  type Episode,
} from "./rows.ts";
import { watch } from "./watch-episode.ts";

const stepMs = 40;
/** Weight of the newest error in the surprise score, as the shipped package has it by default. */
const defaultWeight = 0.1;
/** Steps the online scale has to settle before its coverage counts. */
const settleSteps = 64;

/** What the service's own online measures make of a model that predicts at every step. */
export interface DenseTable {
  /** 90 % coverage of joint positions with the online scale, by reported horizon. */
  readonly scaledCoverage90: readonly number[];
  /** The surprise scores, one every eight steps. */
  readonly surprise: Float64Array;
}

/** Runs episodes as the service would: a prediction after every observation, scored as time goes by. */
export class DenseRun {
  readonly #hits = horizons.map(() => 0);
  readonly #counts = horizons.map(() => 0);
  readonly #surprise: number[] = [];
  readonly #weight: number;

  constructor(weight: number | undefined) {
    this.#weight = weight ?? defaultWeight;
  }

  get table(): DenseTable {
    const scaledCoverage90 = this.#hits.map((hits, i) => hits / (this.#counts[i] ?? 0));
    return { scaledCoverage90, surprise: Float64Array.from(this.#surprise) };
  }

  async add(program: Program, episode: Episode): Promise<void> {
    const score = new PredictionScore({ stepMs, horizonSteps: maxHorizon, axisCount });
    const nll = new NllScore(this.#weight, axisCount);
    for await (const step of watch(program, episode, episode.steps - maxHorizon - 1)) {
      const observation = observationAt(episode, step);
      score.compare(observation);
      nll.observed(step + 1, observation);
      const actions = setpointsAfter(episode, step);
      const { mean, std } = await forecast(program, actions);
      const prediction = positionsOf(observation.stampMs, mean, std);
      score.add(prediction, observation, actions);
      nll.predicted(step + 1, actions, mean, std);
      if (step % 8 === 0 && nll.score !== undefined) this.#surprise.push(nll.score);
      if (step >= settleSteps && step % 4 === 0)
        this.#count(episode, step, prediction, score.scale);
    }
  }

  #count(
    episode: Episode,
    step: number,
    { meanPosRad, stdPosRad }: Pick<Prediction, "meanPosRad" | "stdPosRad">,
    scale: Float64Array,
  ): void {
    for (const [index, k] of horizons.entries()) {
      const then = rowOf(episode, step + k);
      for (let axis = 0; axis < axisCount; axis += 1) {
        const at = (k - 1) * axisCount + axis;
        const width = z90 * (stdPosRad[at] ?? 0) * (scale[axis] ?? 1);
        const isInside = Math.abs((meanPosRad[at] ?? Number.NaN) - (then[axis] ?? 0)) <= width;
        this.#hits[index] = (this.#hits[index] ?? 0) + (isInside ? 1 : 0);
        this.#counts[index] = (this.#counts[index] ?? 0) + 1;
      }
    }
  }
}

function observationAt(episode: Episode, step: number) {
  const row = rowOf(episode, step);
  const observation = makeObservation(axisCount);
  observation.stampMs = step * stepMs;
  observation.jointPosRad.set(row.subarray(Column.q, Column.qd));
  observation.jointVelRadPerS.set(row.subarray(Column.qd, Column.tau));
  observation.jointEffortNm.set(row.subarray(Column.tau, Column.c));
  observation.commandPosRad.set(row.subarray(Column.c));
  return observation;
}

/** [K][8] to the positions of a prediction, [K][4]. */
function positionsOf(stampMs: number, mean: Float32Array, std: Float32Array): Prediction {
  const positions = (from: Float32Array): Float32Array =>
    Float32Array.from(
      { length: maxHorizon * axisCount },
      (_, i) => from[Math.floor(i / axisCount) * 2 * axisCount + (i % axisCount)] ?? 0,
    );
  return { stampMs, meanPosRad: positions(mean), stdPosRad: positions(std) } as Prediction;
}

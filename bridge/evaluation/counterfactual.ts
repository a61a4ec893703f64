import type { Program } from "../../models/programs/program.ts";
import { arxBearing, type ArxMaps, type Window } from "./arx.ts";
import { forecastOf } from "./forecast.ts";
import { spearmanOf } from "./metrics.ts";
import type { Moment } from "./record.ts";
import { axisCount, lagCount, maxHorizon, setpointsAfter, Truth, truthOf } from "./rows.ts";
import { readBearing, watch } from "./watch-episode.ts";

/** Steps at which the target should be in the middle. */
const costSteps = [4, 8, 16, 24, 32] as const;
/** Further off than this a target is out of sight, and it costs the same, rad. */
const worstRad = 1.2;

/** Mean true cost, rad, of the future each way of choosing would have had. */
export interface ChoiceTable {
  readonly momentCount: number;
  readonly candidateCount: number;
  readonly bestRad: number;
  readonly modelRad: number;
  readonly arxRad: number;
  readonly randomRad: number;
  /** Rank correlation of predicted and true cost within a moment, mean. */
  readonly modelRankCorrelation: number;
  readonly arxRankCorrelation: number;
}

interface Choice {
  readonly actual: Float64Array;
  readonly model: Float64Array;
  readonly arx: Float64Array;
}

/**
 * Which of several command sequences keeps the target in the middle? Every future starts from the same
 * simulator state, to the bit; what the model and the linear baseline pick is judged by what really came.
 */
export async function chooseAmongFutures(
  program: Program,
  arx: ArxMaps,
  moments: Iterable<Moment>,
  count: number,
): Promise<ChoiceTable> {
  const choices: Choice[] = [];
  for (const moment of moments) {
    const [first] = moment.futures;
    // A planner cannot centre what was out of sight.
    if (first !== undefined && (truthOf(first, moment.step)[Truth.inView] ?? 0) > 0.5) {
      choices.push(await choose(program, arx, moment));
    }
    if (choices.length === count) break;
  }
  const mean = (of: (choice: Choice) => number): number =>
    choices.reduce((sum, choice) => sum + of(choice), 0) / choices.length;
  return {
    momentCount: choices.length,
    candidateCount: choices[0]?.actual.length ?? 0,
    bestRad: mean(({ actual }) => Math.min(...actual)),
    modelRad: mean(({ actual, model }) => actual[leastOf(model)] ?? Number.NaN),
    arxRad: mean(({ actual, arx: linear }) => actual[leastOf(linear)] ?? Number.NaN),
    randomRad: mean(({ actual }) => actual.reduce((a, b) => a + b, 0) / actual.length),
    modelRankCorrelation: mean(({ actual, model }) => spearmanOf(actual, model)),
    arxRankCorrelation: mean(({ actual, arx: linear }) => spearmanOf(actual, linear)),
  };
}

const leastOf = (values: Float64Array): number => values.indexOf(Math.min(...values));

async function choose(program: Program, arx: ArxMaps, { step, futures }: Moment): Promise<Choice> {
  const [first] = futures;
  if (first === undefined) throw new RangeError("a moment has futures");
  const known: (readonly [number, number])[] = [];
  for await (const at of watch(program, first, step)) known[at] = readBearing(program);
  const bearings = Float64Array.from(known.slice(-lagCount).flat());
  const actions = new Float32Array(futures.length * maxHorizon * axisCount);
  for (const [index, future] of futures.entries()) {
    actions.set(setpointsAfter(future, step), index * maxHorizon * axisCount);
  }
  const size = { candidateCount: futures.length, horizonSteps: maxHorizon };
  const { bearing } = forecastOf(await program.predict(actions, size));
  const costs = (at: (index: number, k: number) => ArrayLike<number>): Float64Array =>
    Float64Array.from(futures, (_, index) => costOf((k) => at(index, k)));
  const windows = futures.map((episode, index): Window => {
    const own = actions.subarray(
      index * maxHorizon * axisCount,
      (index + 1) * maxHorizon * axisCount,
    );
    return { episode, step, actions: own, bearings };
  });
  return {
    actual: costs((index, k) => truthOf(futures[index] ?? first, step + k)),
    model: costs((index, k) => bearing?.subarray(2 * (index * maxHorizon + k - 1)) ?? []),
    arx: costs((index, k) => {
      const window = windows[index];
      return window === undefined ? [] : arxBearing(arx, window, k);
    }),
  };
}

function costOf(bearingAt: (k: number) => ArrayLike<number>): number {
  const costs = costSteps.map((k) => {
    const bearing = bearingAt(k);
    return Math.min(Math.hypot(bearing[0] ?? Number.NaN, bearing[1] ?? Number.NaN), worstRad);
  });
  return costs.reduce((sum, cost) => sum + cost, 0) / costs.length;
}

import type { HorizonScore } from "../../core/prediction-score.ts";
import { isGood, type RunResult } from "../run-scenario.ts";
import type { Simulation } from "../simulate.ts";

/** The whole simulation in numbers. */
export interface Summary {
  readonly scenario: string;
  readonly about: string;
  /** Where the runs happened. */
  readonly world: string;
  readonly runs: number;
  readonly good: number;
  readonly violations: number;
  /** Seeds that broke an invariant, an expectation or the world: each gives the same run again. */
  readonly badSeeds: readonly number[];
  readonly wallS: number;
  readonly simulatedS: number;
  readonly runsPerS: number;
  readonly timesRealTime: number;
  readonly trackingRmsRad: Spread;
  readonly trackingMaxRad: Spread;
  readonly stops: number;
  readonly commands: RunResult["commands"];
  readonly predictions: number;
  /** Mean over runs that scored it. */
  readonly horizons: readonly HorizonMean[];
  /** How often each fault struck, over all runs. */
  readonly faultCounts: Readonly<Record<string, number>>;
}

export interface Spread {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

export interface HorizonMean {
  readonly aheadMs: number;
  readonly modelRmsRad: number;
  readonly holdRmsRad: number;
  readonly constantVelocityRmsRad: number;
  readonly coverageRatio: number;
}

export function summarize(simulation: Simulation): Summary {
  const { results, wallS, simulatedS } = simulation;
  const sum = (pick: (result: RunResult) => number): number =>
    results.reduce((total, result) => total + pick(result), 0);
  return {
    scenario: simulation.scenario,
    about: simulation.about,
    world: simulation.world,
    runs: results.length,
    good: results.filter(isGood).length,
    violations: sum((result) => result.violationCount),
    badSeeds: results.filter((result) => !isGood(result)).map((result) => result.seed),
    wallS,
    simulatedS,
    runsPerS: results.length / wallS,
    timesRealTime: simulatedS / wallS,
    trackingRmsRad: spread(results.map((result) => result.trackingRmsRad)),
    trackingMaxRad: spread(results.map((result) => result.trackingMaxRad)),
    stops: sum((result) => result.stops),
    commands: {
      forwarded: sum(({ commands }) => commands.forwarded),
      refused: sum(({ commands }) => commands.refused),
      applied: sum(({ commands }) => commands.applied),
      expired: sum(({ commands }) => commands.expired),
      limited: sum(({ commands }) => commands.limited),
    },
    predictions: sum((result) => result.predictions),
    horizons: meanHorizons(results),
    faultCounts: addCounts(results.map((result) => result.faultCounts)),
  };
}

/** A factor that may be around 1, for people. */
export const timesText = (factor: number): string => factor.toFixed(factor < 10 ? 1 : 0);

function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (ratio: number): number => sorted[Math.floor(ratio * (sorted.length - 1))] ?? 0;
  return { p50: at(0.5), p95: at(0.95), max: at(1) };
}

/** Squares are averaged, not roots: long runs with large errors count as such. */
function meanHorizons(results: readonly RunResult[]): HorizonMean[] {
  const steps = Math.max(0, ...results.map((result) => result.horizons.length));
  return Array.from({ length: steps }, (_, step) => {
    const scored = results.flatMap(({ horizons }) => {
      const horizon = horizons[step];
      return horizon === undefined || horizon.sampleCount === 0 ? [] : [horizon];
    });
    const rms = (pick: (horizon: HorizonScore) => number): number =>
      Math.sqrt(scored.reduce((sum, one) => sum + pick(one) ** 2, 0) / Math.max(1, scored.length));
    const coverage = scored.reduce((sum, { coverageRatio }) => sum + coverageRatio, 0);
    return {
      aheadMs: Math.round((scored[0]?.aheadS ?? 0) * 1000),
      modelRmsRad: rms((one) => one.modelRmseRad),
      holdRmsRad: rms((one) => one.holdRmseRad),
      constantVelocityRmsRad: rms((one) => one.constantVelocityRmseRad),
      coverageRatio: coverage / Math.max(1, scored.length),
    };
  }).filter((horizon) => horizon.aheadMs > 0);
}

function addCounts(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const counts of all) {
    for (const [kind, count] of Object.entries(counts)) sums[kind] = (sums[kind] ?? 0) + count;
  }
  return sums;
}

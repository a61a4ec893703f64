import type { Program } from "../../models/programs/program.ts";
import { forecasts, type Rollout } from "./forecast.ts";
import { jointErrors } from "./joint-tables.ts";
import type { Episode } from "./rows.ts";
import { bearingMaeRad } from "./target-tables.ts";

const partSteps = 1000;
const k = 8;

/** Of one long episode, by thousand steps: a model that drifts or saturates shows it here. */
export interface LongTable {
  readonly qRmseRadAt8: readonly number[];
  readonly bearingMaeRadAt8: readonly number[];
  /** Mean and largest Euclidean length of the state. */
  readonly stateNorm: readonly number[];
  readonly largestStateNorm: number;
}

export async function runLong(program: Program, episodes: Iterable<Episode>): Promise<LongTable> {
  const parts: { rollouts: Rollout[]; norms: number[] }[] = [];
  for (const episode of episodes) {
    const count = Math.floor((episode.steps - 80) / 16);
    const starts = Array.from({ length: count }, (_, i) => 47 + 16 * i);
    for await (const rollout of forecasts(program, episode, starts)) {
      const index = Math.floor(rollout.window.step / partSteps);
      const part = (parts[index] ??= { rollouts: [], norms: [] });
      part.rollouts.push(rollout);
      part.norms.push(stateNorm(program));
    }
  }
  const norms = parts.map((part) => part.norms);
  return {
    qRmseRadAt8: parts.map(({ rollouts }) => jointErrors(rollouts, k).rmseRad),
    bearingMaeRadAt8: parts.map(({ rollouts }) => bearingMaeRad(rollouts, k)),
    stateNorm: norms.map((each) => each.reduce((sum, norm) => sum + norm, 0) / each.length),
    largestStateNorm: Math.max(...norms.flat()),
  };
}

function stateNorm(program: Program): number {
  let squares = 0;
  for (const state of program.snapshot().states) {
    for (const value of state) squares += Number(value) ** 2;
  }
  return Math.sqrt(squares);
}

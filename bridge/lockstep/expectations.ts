import type { ScenarioExpectations } from "../../sims/scenario/scenario.ts";
import type { HorizonScore } from "../core/prediction-score.ts";

/** One thing a scenario expected, and what was found. */
export interface Judgement {
  readonly expected: string;
  readonly found: string;
  readonly holds: boolean;
}

/** What expectations are judged by. */
export interface Outcome {
  readonly mode: string;
  readonly owner: string | null;
  readonly trackingRmsRad: number;
  readonly trackingMaxRad: number;
  readonly posRad: readonly number[];
  readonly commands: { readonly applied: number; readonly refused: number };
  readonly predictions: number;
  readonly horizons: readonly HorizonScore[];
}

export function judge(
  expect: ScenarioExpectations,
  outcome: Outcome,
  axisNames: readonly string[],
): Judgement[] {
  const judged: Judgement[] = [];
  const check = (expected: string, found: string | number, holds: boolean): void => {
    const text = typeof found === "number" ? found.toFixed(4) : found;
    judged.push({ expected, found: text, holds });
  };
  const { mode, owner, trackingRmsRad, trackingMaxRad, commands, predictions } = outcome;
  if (expect.mode !== undefined) check(`mode ${expect.mode}`, mode, mode === expect.mode);
  if (expect.owner !== undefined) {
    check(`owner ${expect.owner ?? "nobody"}`, owner ?? "nobody", owner === expect.owner);
  }
  const below = (name: string, limit: number | undefined, found: number): void => {
    if (limit !== undefined) check(`${name} below ${limit}`, found, found < limit);
  };
  below("tracking rms, rad,", expect.trackingRmsRadBelow, trackingRmsRad);
  below("tracking max, rad,", expect.trackingMaxRadBelow, trackingMaxRad);
  const atLeast = (name: string, limit: number | undefined, found: number): void => {
    if (limit !== undefined) check(`at least ${limit} ${name}`, String(found), found >= limit);
  };
  atLeast("commands applied", expect.appliedAtLeast, commands.applied);
  atLeast("commands refused", expect.refusedAtLeast, commands.refused);
  atLeast("predictions", expect.predictionsAtLeast, predictions);
  for (const [axis, wanted] of Object.entries(expect.posRad ?? {})) {
    const found = outcome.posRad[axisNames.indexOf(axis)] ?? Number.NaN;
    const holds = Math.abs(found - wanted) <= expect.withinRad;
    check(`${axis} at ${wanted} rad within ${expect.withinRad}`, found, holds);
  }
  const { scoreRmsRadBelow, beatsHoldBy } = expect;
  if (scoreRmsRadBelow !== undefined) {
    const { aheadMs, rad } = scoreRmsRadBelow;
    below(`rms at ${aheadMs} ms, rad,`, rad, horizonAt(outcome, aheadMs)?.modelRmseRad ?? NaN);
  }
  if (beatsHoldBy !== undefined) {
    const horizon = horizonAt(outcome, beatsHoldBy.aheadMs);
    const ratio = (horizon?.modelRmseRad ?? NaN) / (horizon?.holdRmseRad ?? NaN);
    below(`model over hold at ${beatsHoldBy.aheadMs} ms`, beatsHoldBy.ratio, ratio);
  }
  return judged;
}

function horizonAt({ horizons }: Outcome, aheadMs: number): HorizonScore | undefined {
  return horizons.find(
    ({ aheadS, sampleCount }) => Math.abs(aheadS * 1000 - aheadMs) < 1 && sampleCount > 0,
  );
}

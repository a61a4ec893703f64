import { arxBearing, type ArxMaps } from "./arx.ts";
import type { Rollout } from "./forecast.ts";
import type { Row } from "./joint-tables.ts";
import { coverageOf, meanAbsOf, spearmanOf } from "./metrics.ts";
import { horizons, lagCount, Truth, truthOf } from "./rows.ts";

/** Beyond this a target is no longer in front of the camera, rad. */
const maxBearingRad = 1.4;

export type TargetMethod = "model" | "arx" | "constantTurn" | "hold";

export interface TargetTables {
  /** Rollouts with the target in view at the start, and still in front of the camera at that step. */
  readonly rolloutCounts: Row;
  readonly bearingMaeRad: Readonly<Record<TargetMethod, Row>>;
  readonly bearingCoverage90: Row;
  readonly bearingSpearman: Row;
  /** Share of all rollouts in which "in view" was right. */
  readonly visibilityRight: Readonly<Record<"model" | "hold", Row>>;
}

/** True bearing k steps ahead, rad; undefined where it does not count. */
export function countedBearing(
  rollout: Pick<Rollout, "window">,
  k: number,
): readonly [number, number] | undefined {
  const { episode, step } = rollout.window;
  if ((truthOf(episode, step)[Truth.inView] ?? 0) < 0.5) return undefined;
  const [x = 0, y = 0] = truthOf(episode, step + k);
  return Math.abs(x) < maxBearingRad && Math.abs(y) < maxBearingRad ? [x, y] : undefined;
}

/** Undefined for a model that says nothing of a target. */
export function targetTables(rollouts: readonly Rollout[], arx: ArxMaps): TargetTables | undefined {
  if (rollouts[0]?.forecast.bearing === undefined) return undefined;
  const made = horizons.map((k) => bearingErrors(rollouts, k, arx));
  const rows = (pick: (errors: BearingErrors) => number): Row => made.map(pick);
  return {
    rolloutCounts: rows((e) => e.model.length / 2),
    bearingMaeRad: {
      model: rows((e) => meanAbsOf(e.model)),
      arx: rows((e) => meanAbsOf(e.arx)),
      constantTurn: rows((e) => meanAbsOf(e.constantTurn)),
      hold: rows((e) => meanAbsOf(e.hold)),
    },
    bearingCoverage90: rows((e) => coverageOf(e.model, e.std)),
    bearingSpearman: rows((e) => spearmanOf(e.model.map(Math.abs), e.std)),
    visibilityRight: visibilityRight(rollouts),
  };
}

type BearingErrors = Readonly<Record<TargetMethod | "std", Float64Array>>;

function bearingErrors(rollouts: readonly Rollout[], k: number, arx: ArxMaps): BearingErrors {
  const out: Record<keyof BearingErrors, number[]> = {
    model: [],
    arx: [],
    constantTurn: [],
    hold: [],
    std: [],
  };
  for (const { window, forecast } of rollouts) {
    const truth = countedBearing({ window }, k);
    if (truth === undefined) continue;
    const linear = arxBearing(arx, window, k);
    for (const [i, rad] of truth.entries()) {
      const now = window.bearings[2 * (lagCount - 1) + i] ?? 0;
      const before = window.bearings[2 * (lagCount - 2) + i] ?? 0;
      const at = 2 * (k - 1) + i;
      out.model.push((forecast.bearing?.[at] ?? Number.NaN) - rad);
      out.std.push(forecast.bearingStd?.[at] ?? Number.NaN);
      out.arx.push((linear[i] ?? 0) - rad);
      out.constantTurn.push(now + k * (now - before) - rad);
      out.hold.push(now - rad);
    }
  }
  const filled = Object.entries(out).map(([name, values]) => [name, Float64Array.from(values)]);
  return Object.fromEntries(filled) as BearingErrors;
}

/** Mean absolute bearing error of the model at k, for controls. */
export function bearingMaeRad(rollouts: readonly Rollout[], k: number): number {
  const errors: number[] = [];
  for (const { window, forecast } of rollouts) {
    for (const [i, rad] of (countedBearing({ window }, k) ?? []).entries()) {
      errors.push((forecast.bearing?.[2 * (k - 1) + i] ?? Number.NaN) - rad);
    }
  }
  return meanAbsOf(Float64Array.from(errors));
}

function visibilityRight(rollouts: readonly Rollout[]): TargetTables["visibilityRight"] {
  const inView = ({ window: { episode, step } }: Rollout, k: number): boolean =>
    (truthOf(episode, step + k)[Truth.inView] ?? 0) > 0.5;
  const share = (isRight: (rollout: Rollout, k: number) => boolean): Row =>
    horizons.map((k) => rollouts.filter((each) => isRight(each, k)).length / rollouts.length);
  return {
    model: share((each, k) => (each.forecast.visibility?.[k - 1] ?? 0) > 0.5 === inView(each, k)),
    hold: share((each, k) => inView(each, 0) === inView(each, k)),
  };
}

import { arxJoints, type ArxMaps } from "./arx.ts";
import type { Rollout } from "./forecast.ts";
import { coverageOf, rmseOf, spearmanOf } from "./metrics.ts";
import { axisCount, Column, horizons, rowOf } from "./rows.ts";

const stepS = 0.04;
const width = 2 * axisCount;

/** One number per reported horizon. */
export type Row = readonly number[];

export interface JointTables {
  /** By method: model, arx, constantVelocity, hold. rad. */
  readonly qRmseRad: Readonly<Record<JointMethod, Row>>;
  readonly qdRmseRadPerS: Readonly<Record<JointMethod, Row>>;
  readonly qCoverage90: Row;
  readonly qdCoverage90: Row;
  /** Of |error| and deviation, all axes together. */
  readonly qSpearman: Row;
}

export type JointMethod = "model" | "arx" | "constantVelocity" | "hold";

export function jointTables(rollouts: readonly Rollout[], arx: ArxMaps): JointTables {
  const made = horizons.map((k) => errorsAt(rollouts, arx, k));
  const rows = (pick: (errors: ErrorsAt) => number): Row => made.map(pick);
  const byMethod = (part: "q" | "qd"): Record<JointMethod, Row> => ({
    model: rows((e) => rmseOf(e.model[part])),
    arx: rows((e) => rmseOf(e.arx[part])),
    constantVelocity: rows((e) => rmseOf(e.constantVelocity[part])),
    hold: rows((e) => rmseOf(e.hold[part])),
  });
  return {
    qRmseRad: byMethod("q"),
    qdRmseRadPerS: byMethod("qd"),
    qCoverage90: rows((e) => coverageOf(e.model.q, e.std.q)),
    qdCoverage90: rows((e) => coverageOf(e.model.qd, e.std.qd)),
    qSpearman: rows((e) => spearmanOf(e.model.q.map(Math.abs), e.std.q)),
  };
}

interface Parts {
  /** [rollouts][axes] */
  readonly q: Float64Array;
  readonly qd: Float64Array;
}
type ErrorsAt = Readonly<Record<JointMethod | "std", Parts>>;

function errorsAt(rollouts: readonly Rollout[], arx: ArxMaps, k: number): ErrorsAt {
  const parts = (): Parts => ({
    q: new Float64Array(rollouts.length * axisCount),
    qd: new Float64Array(rollouts.length * axisCount),
  });
  const out = {
    model: parts(),
    arx: parts(),
    constantVelocity: parts(),
    hold: parts(),
    std: parts(),
  };
  for (const [index, { window, forecast }] of rollouts.entries()) {
    const now = rowOf(window.episode, window.step);
    const then = rowOf(window.episode, window.step + k);
    const linear = arxJoints(arx, window, k);
    for (let axis = 0; axis < axisCount; axis += 1) {
      const at = index * axisCount + axis;
      const [q, qd] = [now[axis] ?? 0, now[Column.qd + axis] ?? 0];
      const [qThen, qdThen] = [then[axis] ?? 0, then[Column.qd + axis] ?? 0];
      const column = (k - 1) * width + axis;
      out.model.q[at] = (forecast.mean[column] ?? Number.NaN) - qThen;
      out.model.qd[at] = (forecast.mean[column + axisCount] ?? Number.NaN) - qdThen;
      out.std.q[at] = forecast.std[column] ?? Number.NaN;
      out.std.qd[at] = forecast.std[column + axisCount] ?? Number.NaN;
      out.arx.q[at] = (linear[axis] ?? 0) - qThen;
      out.arx.qd[at] = (linear[axisCount + axis] ?? 0) - qdThen;
      out.constantVelocity.q[at] = q + k * stepS * qd - qThen;
      out.constantVelocity.qd[at] = qd - qdThen;
      out.hold.q[at] = q - qThen;
      out.hold.qd[at] = -qdThen;
    }
  }
  return out;
}

/** Of the model alone, for controls. */
export function jointErrors(
  rollouts: readonly Rollout[],
  k: number,
): { rmseRad: number; coverage90: number } {
  const errors = new Float64Array(rollouts.length * axisCount);
  const std = new Float64Array(errors.length);
  for (const [index, { window, forecast }] of rollouts.entries()) {
    const then = rowOf(window.episode, window.step + k);
    for (let axis = 0; axis < axisCount; axis += 1) {
      const column = (k - 1) * width + axis;
      errors[index * axisCount + axis] = (forecast.mean[column] ?? Number.NaN) - (then[axis] ?? 0);
      std[index * axisCount + axis] = forecast.std[column] ?? 0;
    }
  }
  return { rmseRad: rmseOf(errors), coverage90: coverageOf(errors, std) };
}

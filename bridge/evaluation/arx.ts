import { LeastSquares } from "./least-squares.ts";
import { axisCount, Column, horizons, lagCount, rowOf, type Episode } from "./rows.ts";

/** Where a prediction starts: the last `lagCount` rows of an episode up to `step`, and what was commanded after. */
export interface Window {
  readonly episode: Episode;
  readonly step: number;
  /** Setpoints of the steps ahead, [K][4]. */
  readonly actions: Float32Array;
  /** Bearings as they were known at the last `lagCount` rows, oldest first, [8][2] rad. */
  readonly bearings: Float64Array;
}

const jointOutputs = 2 * axisCount;
const bearingOutputs = 2;

/** A linear map per reported horizon: no linear model of these inputs does better on the data it is fitted to. */
export interface ArxMaps {
  readonly joints: ReadonlyMap<number, Float64Array>;
  readonly bearing: ReadonlyMap<number, Float64Array>;
}

const featureCount = (k: number): number =>
  3 * axisCount * lagCount + axisCount * (lagCount - 1 + k + 1);
const bearingFeatureCount = (k: number): number => featureCount(k) + 2 * lagCount;

/**
 * [moved q of 7 rows, qd and tau of 8, setpoint of 8 against q now, setpoints of k steps ahead against
 * q now, q now, (bearings of 8,) 1]
 */
function writeFeatures(window: Window, k: number, hasBearing: boolean, out: Float64Array): void {
  const { episode, step, actions, bearings } = window;
  const now = rowOf(episode, step);
  let at = 0;
  for (let lag = lagCount - 1; lag >= 0; lag -= 1) {
    const row = rowOf(episode, step - lag);
    for (let axis = 0; axis < axisCount; axis += 1) {
      const q = now[axis] ?? 0;
      if (lag > 0) out[at++] = (row[axis] ?? 0) - q;
      out[at++] = row[Column.qd + axis] ?? 0;
      out[at++] = row[Column.tau + axis] ?? 0;
      out[at++] = (row[Column.c + axis] ?? 0) - q;
    }
  }
  for (let i = 0; i < k * axisCount; i += 1)
    out[at++] = (actions[i] ?? 0) - (now[i % axisCount] ?? 0);
  for (let axis = 0; axis < axisCount; axis += 1) out[at++] = now[axis] ?? 0;
  if (hasBearing)
    for (const bearing of bearings) out[at++] = Math.min(Math.max(bearing, -1.4), 1.4);
  out[at] = 1;
}

/** Every map there is and how many coefficients it has, [features][outputs]. */
export const arxShapes = (): { part: keyof ArxMaps; k: number; length: number }[] =>
  horizons.flatMap((k) => [
    { part: "joints" as const, k, length: (featureCount(k) + 1) * jointOutputs },
    { part: "bearing" as const, k, length: (bearingFeatureCount(k) + 1) * bearingOutputs },
  ]);

/** Fits all maps as windows are given to it. */
export class ArxFit {
  readonly #joints = fits((k) => featureCount(k) + 1, jointOutputs);
  readonly #bearing = fits((k) => bearingFeatureCount(k) + 1, bearingOutputs);

  addJoints(window: Window): void {
    for (const { k, fit, x } of this.#joints) {
      writeFeatures(window, k, false, x);
      fit.add(x, jointTarget(window, k));
    }
  }

  /** @param targetAt the true bearing k steps ahead, or undefined where it does not count. */
  addBearing(window: Window, targetAt: (k: number) => readonly [number, number] | undefined): void {
    for (const { k, fit, x } of this.#bearing) {
      const target = targetAt(k);
      if (target === undefined) continue;
      writeFeatures(window, k, true, x);
      fit.add(
        x,
        Float64Array.from(target, (rad, i) => rad - nowOf(window, i)),
      );
    }
  }

  solve(): ArxMaps {
    const solved = (all: readonly Fit[]): Map<number, Float64Array> =>
      new Map(all.map(({ k, fit }) => [k, fit.solve()]));
    return { joints: solved(this.#joints), bearing: solved(this.#bearing) };
  }
}

interface Fit {
  readonly k: number;
  readonly fit: LeastSquares;
  readonly x: Float64Array;
}

const fits = (width: (k: number) => number, outputs: number): Fit[] =>
  horizons.map((k) => ({
    k,
    fit: new LeastSquares(width(k), outputs),
    x: new Float64Array(width(k)),
  }));

/** q [4] and qd [4] at step k, rad and rad/s. */
export function arxJoints(maps: ArxMaps, window: Window, k: number): Float64Array {
  const out = applied(maps.joints.get(k), window, k, false, jointOutputs);
  const now = rowOf(window.episode, window.step);
  for (let axis = 0; axis < axisCount; axis += 1) out[axis] = (out[axis] ?? 0) + (now[axis] ?? 0);
  return out;
}

/** Bearing at step k, rad. */
export function arxBearing(maps: ArxMaps, window: Window, k: number): Float64Array {
  const out = applied(maps.bearing.get(k), window, k, true, bearingOutputs);
  return out.map((change, i) => change + nowOf(window, i));
}

const nowOf = ({ bearings }: Window, i: number): number => bearings[2 * (lagCount - 1) + i] ?? 0;

function jointTarget({ episode, step }: Window, k: number): Float64Array {
  const now = rowOf(episode, step);
  const then = Float64Array.from(rowOf(episode, step + k).subarray(0, jointOutputs));
  return then.map((value, i) => (i < axisCount ? value - (now[i] ?? 0) : value));
}

function applied(
  map: Float64Array | undefined,
  window: Window,
  k: number,
  hasBearing: boolean,
  outputs: number,
): Float64Array {
  if (map === undefined) throw new RangeError(`no map was fitted for ${k} steps ahead`);
  const x = new Float64Array(map.length / outputs);
  writeFeatures(window, k, hasBearing, x);
  const out = new Float64Array(outputs);
  for (const [i, value] of x.entries()) {
    for (let o = 0; o < outputs; o += 1) {
      out[o] = (out[o] ?? 0) + value * (map[i * outputs + o] ?? 0);
    }
  }
  return out;
}

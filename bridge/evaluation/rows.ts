import { rowWidth, truthRowWidth, pictureBytes } from "../../models/training/episode.ts";

/** Steps ahead that are reported, of 40 ms. */
export const horizons = [1, 2, 4, 8, 16, 24, 32] as const;
export const maxHorizon = 32;
/** Rows a linear baseline sees. */
export const lagCount = 8;
export const axisCount = 4;

/** Columns of a row: q, qd, tau, c. */
export const Column = { q: 0, qd: axisCount, tau: 2 * axisCount, c: 3 * axisCount } as const;
/** Columns of a truth row. */
export const Truth = { bearing: 0, inView: 2, ageS: 3 } as const;

/** One recorded episode: what was observed at each 40 ms step, and what was true. */
export interface Episode {
  readonly steps: number;
  /** [steps][16] */
  readonly rows: Float32Array;
  /** [steps][4] */
  readonly truth: Float32Array;
  /** [steps][3][64][64]; undefined: joints alone. */
  readonly pictures: Uint8Array | undefined;
}

export const rowOf = (episode: Episode, step: number): Float32Array =>
  episode.rows.subarray(step * rowWidth, (step + 1) * rowWidth);

export const truthOf = (episode: Episode, step: number): Float32Array =>
  episode.truth.subarray(step * truthRowWidth, (step + 1) * truthRowWidth);

export const pictureOf = (episode: Episode, step: number): Uint8Array | undefined =>
  episode.pictures?.subarray(step * pictureBytes, (step + 1) * pictureBytes);

/** Age of the step's picture, s; undefined where none had come. */
export function pictureAgeS(episode: Episode, step: number): number | undefined {
  const ageS = truthOf(episode, step)[Truth.ageS] ?? -1;
  return episode.pictures === undefined || ageS < 0 ? undefined : ageS;
}

/** Setpoints of the `count` steps after `step`, [count][4]. */
export function setpointsAfter(episode: Episode, step: number, count = maxHorizon): Float32Array {
  const out = new Float32Array(count * axisCount);
  for (let k = 1; k <= count; k += 1) {
    out.set(rowOf(episode, step + k).subarray(Column.c), (k - 1) * axisCount);
  }
  return out;
}

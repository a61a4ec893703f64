import type { Prediction } from "../bridge/contract/world-model.ts";
import type { HeadPrediction } from "./programs/program.ts";

export const bearingOf = ({ mean, std }: HeadPrediction): NonNullable<Prediction["bearing"]> =>
  std === undefined ? { meanRad: mean } : { meanRad: mean, stdRad: std };

export const visibilityOf = ({
  mean,
  std,
}: HeadPrediction): NonNullable<Prediction["visibility"]> =>
  std === undefined ? { mean } : { mean, std };

/** The joints' mean and deviation, which every package predicts. */
export function bothOf(head: HeadPrediction | undefined): {
  mean: Float32Array;
  std: Float32Array;
} {
  if (head?.std !== undefined) return { mean: head.mean, std: head.std };
  throw new Error("the manifest's rules ask for the joints' mean and deviation");
}

/** Blocks of `width`, alternately position and velocity: a copy of the first or of the second ones. */
export function everyOther(values: Float32Array, width: number, first: 0 | 1): Float32Array {
  const out = new Float32Array(values.length / 2);
  for (let row = 0; row * width < out.length; row += 1) {
    const from = (2 * row + first) * width;
    out.set(values.subarray(from, from + width), row * width);
  }
  return out;
}

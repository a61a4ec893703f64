import type { Manifest } from "./manifest.ts";

/** How values of one role cross between SI units and what the graphs take. */
export interface Scaling {
  /** SI values into graph values, `width` per row, rows repeated as `values` has them. // hot path */
  toGraph(values: ArrayLike<number>, out: Float32Array): void;
  /** Predicted means back to SI, in place; `width` of each row are scaled. // hot path */
  meanFromGraph(values: Float32Array, width: number): void;
  /** Predicted deviations back to SI, in place. // hot path */
  stdFromGraph(values: Float32Array, width: number): void;
}

type Normalization = Manifest["normalization"]["proprio"];

/** `none` and `in-graph`: the graph takes SI units. `zscore`: the host scales. */
export function scalingOf(normalization: Normalization): Scaling {
  if (normalization.kind !== "zscore") return identity;
  const mean = Float64Array.from(normalization.mean);
  const std = Float64Array.from(normalization.std);
  const at = (row: Float64Array, index: number): number => row[index] ?? Number.NaN;
  return {
    toGraph: (values, out) => {
      for (let i = 0; i < out.length; i += 1) {
        const column = i % mean.length;
        out[i] = ((values[i] ?? Number.NaN) - at(mean, column)) / at(std, column);
      }
    },
    meanFromGraph: (values, width) => {
      for (let i = 0; i < values.length; i += 1) {
        const column = i % width;
        values[i] = (values[i] ?? Number.NaN) * at(std, column) + at(mean, column);
      }
    },
    stdFromGraph: (values, width) => {
      for (let i = 0; i < values.length; i += 1) {
        values[i] = (values[i] ?? Number.NaN) * at(std, i % width);
      }
    },
  };
}

const identity: Scaling = {
  toGraph: (values, out) => {
    out.set(values);
  },
  meanFromGraph: () => undefined,
  stdFromGraph: () => undefined,
};

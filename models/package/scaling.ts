import type { Normalization } from "./manifest-parts.ts";
import type { Manifest } from "./manifest.ts";

/** How values of one role cross between SI units and what the graphs take. */
export interface Scaling {
  /** SI values into graph values, rows repeated as `values` has them. // hot path */
  toGraph(values: ArrayLike<number>, out: Float32Array): void;
}

/** How predicted joints come back: columns q of every joint, then qd. */
export interface PredictionScaling {
  /** Predicted means to SI, in place. // hot path */
  mean(values: Float32Array): void;
  /** Predicted deviations to SI, in place. // hot path */
  std(values: Float32Array): void;
  /** Joints in SI to what the graph takes. // hot path */
  toGraph(values: Float32Array, out: Float32Array): void;
}

/** `graph = (SI - offset) / factor` per column, clipped to ±clip. */
interface Columns {
  readonly offset: Float64Array;
  readonly factor: Float64Array;
  readonly clip: number;
}

/** `none` and `in-graph`: the graph takes SI units. `zscore` and `minmax`: the host scales. */
export function scalingOf(normalization: Normalization): Scaling {
  const columns = columnsOf(normalization);
  if (columns === undefined) {
    return {
      toGraph: (values, out) => {
        out.set(values);
      },
    };
  }
  const { offset, factor, clip } = columns;
  return {
    toGraph: (values, out) => {
      for (let i = 0; i < out.length; i += 1) {
        const column = i % offset.length;
        const scaled = ((values[i] ?? Number.NaN) - at(offset, column)) / at(factor, column);
        // Not Math.min and Math.max: a NaN must stay one.
        out[i] = scaled > clip ? clip : scaled < -clip ? -clip : scaled;
      }
    },
  };
}

/** The inverse for the predicted columns, which are found by name in the proprio order. */
export function predictionScalingOf(
  manifest: Pick<Manifest, "embodiment" | "normalization">,
): PredictionScaling {
  const columns = columnsOf(manifest.normalization.proprio);
  if (columns === undefined) {
    return {
      mean: () => undefined,
      std: () => undefined,
      toGraph: (values, out) => {
        out.set(values);
      },
    };
  }
  const order = predictedColumns(manifest.embodiment);
  const offset = order.map((column) => at(columns.offset, column));
  const factor = order.map((column) => at(columns.factor, column));
  const width = order.length;
  return {
    mean: (values) => {
      for (let i = 0; i < values.length; i += 1) {
        const column = i % width;
        values[i] = (values[i] ?? Number.NaN) * at(factor, column) + at(offset, column);
      }
    },
    std: (values) => {
      for (let i = 0; i < values.length; i += 1) {
        values[i] = (values[i] ?? Number.NaN) * at(factor, i % width);
      }
    },
    toGraph: (values, out) => {
      for (let i = 0; i < out.length; i += 1) {
        const column = i % width;
        out[i] = ((values[i] ?? Number.NaN) - at(offset, column)) / at(factor, column);
      }
    },
  };
}

/** Where each predicted column, q of every joint then qd, stands in the proprio order; -1: nowhere. */
export function predictedColumns({ joints, proprio }: Manifest["embodiment"]): number[] {
  return ["q", "qd"].flatMap((kind) =>
    joints.map((joint) => proprio.order.indexOf(`${kind}.${joint.name}`)),
  );
}

const at = (row: ArrayLike<number>, index: number): number => row[index] ?? Number.NaN;

function columnsOf(normalization: Normalization): Columns | undefined {
  switch (normalization.kind) {
    case "none":
    case "in-graph":
      return undefined;
    case "zscore": {
      const { mean, std, clip = Infinity } = normalization;
      return { offset: Float64Array.from(mean), factor: Float64Array.from(std), clip };
    }
    case "minmax": {
      const { min, max, clip = Infinity } = normalization;
      return {
        offset: Float64Array.from(min, (low, i) => (low + at(max, i)) / 2),
        factor: Float64Array.from(min, (low, i) => (at(max, i) - low) / 2),
        clip,
      };
    }
    default:
      return normalization satisfies never;
  }
}

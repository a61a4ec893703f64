import type { Prediction } from "../../bridge/contract/world-model.ts";

/** Floats per candidate and step that the heads besides the joints may take, with their deviations. */
export const headFloats = 2 * (2 + 1);

type Heads = Pick<Prediction, "bearing" | "visibility">;

/** Which parts a prediction has, one bit each, in the order they lie in memory. */
const Part = { bearingMean: 1, bearingStd: 2, visibilityMean: 4, visibilityStd: 8 } as const;

/** Packs the heads that are there into `rows`, one after another; gives the bits of which they are. */
export function writeHeads({ bearing, visibility }: Heads, rows: Float32Array): number {
  let bits = 0;
  let offset = 0;
  const add = (part: number, values: Float32Array | undefined): void => {
    if (values === undefined) return;
    rows.set(values, offset);
    offset += values.length;
    bits |= part;
  };
  add(Part.bearingMean, bearing?.meanRad);
  add(Part.bearingStd, bearing?.stdRad);
  add(Part.visibilityMean, visibility?.mean);
  add(Part.visibilityStd, visibility?.std);
  return bits;
}

/** The same heads in arrays of their own. @param count candidates times steps. */
export function readHeads(bits: number, rows: Float32Array, count: number): Heads {
  let offset = 0;
  const take = (part: number, length: number): Float32Array | undefined => {
    if ((bits & part) === 0) return undefined;
    offset += length;
    return rows.slice(offset - length, offset);
  };
  const meanRad = take(Part.bearingMean, 2 * count);
  const stdRad = take(Part.bearingStd, 2 * count);
  const mean = take(Part.visibilityMean, count);
  const std = take(Part.visibilityStd, count);
  return {
    ...(meanRad && { bearing: { meanRad, ...(stdRad && { stdRad }) } }),
    ...(mean && { visibility: { mean, ...(std && { std }) } }),
  };
}

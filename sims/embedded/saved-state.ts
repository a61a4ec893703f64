/** What a saved state says before MuJoCo's arrays. */
export interface SavedHeader {
  readonly seed: number;
  readonly stepCount: number;
  readonly payloadMassKg: number;
}

const Field = { seed: 0, stepCount: 1, payloadMassKg: 2 } as const;
const headerWidth = 3;

/** Numbers of a state with these arrays. */
export function savedWidth(arrays: readonly Float64Array[]): number {
  return arrays.reduce((sum, values) => sum + values.length, headerWidth);
}

export function writeSaved(
  out: Float64Array,
  header: SavedHeader,
  arrays: readonly Float64Array[],
): void {
  out[Field.seed] = header.seed;
  out[Field.stepCount] = header.stepCount;
  out[Field.payloadMassKg] = header.payloadMassKg;
  let at = headerWidth;
  for (const values of arrays) {
    out.set(values, at);
    at += values.length;
  }
}

export function savedHeader(from: Float64Array): SavedHeader {
  return {
    seed: from[Field.seed] ?? 0,
    stepCount: from[Field.stepCount] ?? 0,
    payloadMassKg: from[Field.payloadMassKg] ?? 0,
  };
}

/** Copies what follows the header into `arrays`. */
export function readSaved(from: Float64Array, arrays: readonly Float64Array[]): void {
  let at = headerWidth;
  for (const values of arrays) {
    for (let i = 0; i < values.length; i += 1) values[i] = from[at + i] ?? 0;
    at += values.length;
  }
}

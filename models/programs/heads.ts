import type { Manifest } from "../package/manifest.ts";
import { predictionScalingOf, type PredictionScaling } from "../package/scaling.ts";
import {
  headNames,
  headWidth,
  type CalibrationTable,
  type HeadName,
  type Uncertainty,
} from "../package/uncertainty.ts";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import type { HeadPrediction } from "./program.ts";
import { mustBeFinite, type RoleBuffer } from "./role-buffer.ts";

/** The manifest's account of its predictions. */
export type HeadsManifest = Pick<Manifest, "embodiment" | "normalization" | "timing"> & {
  readonly uncertainty: Uncertainty;
};

/** A head's output buffers, [N, width] of one step or [N, K, width] of all. */
interface HeadBuffers {
  readonly mean: RoleBuffer;
  readonly deviation: RoleBuffer | undefined;
}

interface Head {
  readonly name: HeadName;
  readonly width: number;
  /** Per step and dimension: factors on the graph's deviation, or the deviation itself. */
  readonly table: Float32Array | undefined;
}

/** The answer under construction: raw numbers as the graph gave them until `finish`. */
export type RawHeads = Map<HeadName, { mean: Float32Array; deviation: Float32Array | undefined }>;

/**
 * Turns what graphs predict into means and calibrated deviations in SI units: half precision to
 * float32, logarithm of the variance to deviation, the host's scaling undone, tables applied.
 */
export class Heads {
  readonly #heads: readonly Head[];
  readonly #scaling: Pick<PredictionScaling, "mean" | "std">;
  readonly #isLogvar: boolean;
  readonly #isTable: boolean;
  readonly #suffix: string;

  /**
   * @param roles what the predicting graph gives, and what the host computes in its place.
   * @param scaling of the joints; default the manifest's. Joints the host computes are in SI already.
   */
  constructor(
    manifest: HeadsManifest,
    roles: readonly string[],
    scaling: Pick<PredictionScaling, "mean" | "std"> = predictionScalingOf(manifest),
  ) {
    const { uncertainty, embodiment, timing } = manifest;
    this.#scaling = scaling;
    this.#isLogvar = uncertainty.kind === "gaussian_logvar";
    this.#isTable = uncertainty.kind === "table";
    this.#suffix = this.#isLogvar ? "logvar" : "std";
    const tables = tablesOf(uncertainty);
    this.#heads = headNames
      .filter((name) => roles.includes(`${name}.mean`))
      .map((name) => {
        const width = headWidth(name, embodiment.joints.length);
        const table = tables[name];
        return { name, width, table: table && flatTable(table, timing.horizon.max, width) };
      });
  }

  /**
   * The buffers of each head among a graph's outputs, `rowCount` rows each.
   *
   * @throws BridgeError `model/shape` for a head of another width.
   */
  buffersOf(
    outputs: ReadonlyMap<string, RoleBuffer>,
    rowCount: number,
  ): ReadonlyMap<HeadName, HeadBuffers> {
    const found = new Map<HeadName, HeadBuffers>();
    for (const { name, width } of this.#heads) {
      const mean = outputs.get(`${name}.mean`);
      const deviation = outputs.get(`${name}.${this.#suffix}`);
      if (mean === undefined) continue;
      for (const buffer of [mean, deviation]) {
        const length = buffer?.values.length ?? rowCount * width;
        if (length === rowCount * width) continue;
        const text = `${name} has ${length} numbers, expected ${rowCount} rows of ${width}`;
        throw new BridgeError(ErrorCode.ModelShape, text);
      }
      found.set(name, { mean, deviation });
    }
    return found;
  }

  /** Fresh arrays for an answer; they become the caller's. */
  make(candidateCount: number, horizonSteps: number): RawHeads {
    return new Map(
      this.#heads.map(({ name, width }) => {
        const make = (): Float32Array => new Float32Array(candidateCount * horizonSteps * width);
        return [name, { mean: make(), deviation: make() }];
      }),
    );
  }

  /** Takes all steps at once. // hot path */
  takeAll(buffers: ReadonlyMap<HeadName, HeadBuffers>, out: RawHeads): void {
    for (const [name, { mean, deviation }] of buffers) {
      const raw = out.get(name);
      if (raw === undefined) continue;
      takeRows(mean, raw.mean, 0, mean.values.length, 1);
      if (deviation === undefined) raw.deviation = undefined;
      else if (raw.deviation !== undefined) {
        takeRows(deviation, raw.deviation, 0, deviation.values.length, 1);
      }
    }
  }

  /** Takes the rows of one step, 0-based. // hot path */
  takeStep(
    buffers: ReadonlyMap<HeadName, HeadBuffers>,
    out: RawHeads,
    step: number,
    horizonSteps: number,
  ): void {
    for (const { name, width } of this.#heads) {
      const found = buffers.get(name);
      const raw = out.get(name);
      if (found === undefined || raw === undefined) continue;
      takeRows(found.mean, raw.mean, step, width, horizonSteps);
      if (found.deviation === undefined) raw.deviation = undefined;
      else if (raw.deviation !== undefined) {
        takeRows(found.deviation, raw.deviation, step, width, horizonSteps);
      }
    }
  }

  /** One committed row for every candidate of step 1. // hot path */
  fillFirst(
    valuesOf: (role: string) => Float32Array | undefined,
    out: RawHeads,
    horizonSteps: number,
  ): void {
    for (const { name, width } of this.#heads) {
      const raw = out.get(name);
      if (raw === undefined) continue;
      fillStep(valuesOf(`${name}.mean`), raw.mean, width, horizonSteps);
      const deviation = valuesOf(`${name}.${this.#suffix}`);
      if (deviation === undefined) raw.deviation = undefined;
      else if (raw.deviation !== undefined) fillStep(deviation, raw.deviation, width, horizonSteps);
    }
  }

  /** @throws BridgeError `model/output` for a number that is not finite. // hot path */
  finish(raw: RawHeads, horizonSteps: number): Map<HeadName, HeadPrediction> {
    const done = new Map<HeadName, HeadPrediction>();
    for (const head of this.#heads) {
      const found = raw.get(head.name);
      if (found === undefined) continue;
      const { mean } = found;
      mustBeFinite(mean, `predicted mean of ${head.name}`);
      if (head.name === "pred.proprio") this.#scaling.mean(mean);
      done.set(head.name, { mean, std: this.#deviation(head, found, horizonSteps) });
    }
    return done;
  }

  #deviation(
    head: Head,
    { mean, deviation }: { mean: Float32Array; deviation: Float32Array | undefined },
    horizonSteps: number,
  ): Float32Array | undefined {
    if (this.#isTable) {
      if (head.table === undefined) return undefined;
      const std = new Float32Array(mean.length);
      fillTable(std, head.table, horizonSteps * head.width);
      return std;
    }
    if (deviation === undefined) return undefined;
    if (this.#isLogvar) {
      for (let i = 0; i < deviation.length; i += 1) {
        deviation[i] = Math.exp(0.5 * (deviation[i] ?? Number.NaN));
      }
    }
    mustBeFinite(deviation, `predicted deviation of ${head.name}`);
    if (head.name === "pred.proprio") this.#scaling.std(deviation);
    if (head.table !== undefined) scaleBy(deviation, head.table, horizonSteps * head.width);
    return deviation;
  }
}

function tablesOf({ calibration }: Uncertainty): Partial<Record<HeadName, CalibrationTable>> {
  if (calibration.method === "temperature_per_horizon") return calibration.scale;
  return calibration.method === "table_per_horizon" ? calibration.std : {};
}

function flatTable(table: CalibrationTable, rows: number, width: number): Float32Array {
  return Float32Array.from({ length: rows * width }, (_, i) => {
    const row = table[Math.floor(i / width)] ?? Number.NaN;
    return typeof row === "number" ? row : (row[i % width] ?? Number.NaN);
  });
}

/** Rows of `width` from [N, width] into [N, K, width] at `step`; with K = 1 a plain copy. */
function takeRows(
  from: RoleBuffer,
  to: Float32Array,
  step: number,
  width: number,
  horizonSteps: number,
): void {
  from.pull();
  const { values } = from;
  if (values.length === to.length) {
    to.set(values);
    return;
  }
  for (let row = 0; row * width < values.length; row += 1) {
    const target = (row * horizonSteps + step) * width;
    for (let i = 0; i < width; i += 1) to[target + i] = values[row * width + i] ?? Number.NaN;
  }
}

function fillStep(
  row: Float32Array | undefined,
  to: Float32Array,
  width: number,
  horizonSteps: number,
): void {
  if (row === undefined) return;
  for (let target = 0; target < to.length; target += horizonSteps * width) to.set(row, target);
}

/** The table's first rows, for every candidate. */
function fillTable(out: Float32Array, table: Float32Array, perCandidate: number): void {
  for (let i = 0; i < out.length; i += 1) out[i] = table[i % perCandidate] ?? Number.NaN;
}

function scaleBy(out: Float32Array, table: Float32Array, perCandidate: number): void {
  for (let i = 0; i < out.length; i += 1) {
    out[i] = (out[i] ?? Number.NaN) * (table[i % perCandidate] ?? Number.NaN);
  }
}

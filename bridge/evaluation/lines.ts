import type { Evaluation, SetTables } from "./evaluate-model.ts";
import { horizons } from "./rows.ts";

/** One promise about the model, what was found, and whether it holds. */
export interface Line {
  readonly text: string;
  readonly found: number;
  readonly limit: number;
  readonly isUpper: boolean;
}

export const holds = ({ found, limit, isUpper }: Line): boolean =>
  isUpper ? found <= limit : found >= limit;

/** The model's own lines. What does not hold is shown as such, never left out. */
export function linesOf(evaluation: Evaluation): Line[] {
  const { test, heavy, worn, choice } = evaluation;
  const { joints, target, pictures } = test;
  const atLeast = (text: string, found: number, limit: number): Line => ({
    text,
    found,
    limit,
    isUpper: false,
  });
  const atMost = (text: string, found: number, limit: number): Line => ({
    text,
    found,
    limit,
    isUpper: true,
  });
  const ratio = ratios(joints.qRmseRad.model, joints.qRmseRad.arx);
  const lines = [
    atMost("joint RMSE / ARX at k=1", from(ratio, 1, 1)[0] ?? Number.NaN, 1),
    atMost("joint RMSE / ARX at k>=8, largest", Math.max(...from(ratio, 8)), 0.5),
    ...coverageLines(test).flatMap(([name, row]) => [
      atLeast(`90 % coverage of ${name}, least`, Math.min(...row), 0.87),
      atMost(`90 % coverage of ${name}, largest`, Math.max(...row), 0.93),
    ]),
    atLeast("Spearman of joint error and deviation, least", Math.min(...joints.qSpearman), 0.6),
  ];
  if (target !== undefined) {
    const bearing = ratios(target.bearingMaeRad.model, target.bearingMaeRad.arx);
    lines.push(
      atMost("bearing MAE / ARX at k>=4, largest", Math.max(...from(bearing, 4)), 0.8),
      atLeast(
        "Spearman of bearing error and deviation, least",
        Math.min(...target.bearingSpearman),
        0.6,
      ),
    );
  }
  if (pictures !== undefined) {
    const gain = pictures.psnrDb.model.map((db, i) => db - (pictures.psnrDb.copyLast[i] ?? 0));
    lines.push(
      atLeast("picture PSNR over copy-last, dB, least", Math.min(...gain), 0),
      atLeast("picture PSNR over copy-last at k>=8, dB, least", Math.min(...from(gain, 8)), 2),
    );
  }
  for (const [name, tables] of [
    ["heavy", heavy],
    ["worn", worn],
  ] as const) {
    if (tables?.dense === undefined) continue;
    const least = Math.min(...tables.dense.scaledCoverage90);
    lines.push(atLeast(`${name}: coverage with the online scale, least`, least, 0.85));
  }
  if (choice !== undefined) {
    lines.push(
      atMost("choosing among futures: cost / ARX's", choice.modelRad / choice.arxRad, 0.8),
    );
  }
  return lines;
}

/** Rows of coverage by what they are of. */
export function coverageLines({ joints, target }: SetTables): [string, readonly number[]][] {
  return [
    ["joint positions", joints.qCoverage90],
    ["joint velocities", joints.qdCoverage90],
    ...(target === undefined
      ? []
      : ([["bearing", target.bearingCoverage90]] as [string, readonly number[]][])),
  ];
}

export const ratios = (a: readonly number[], b: readonly number[]): number[] =>
  a.map((value, i) => value / (b[i] ?? Number.NaN));

/** The entries of reported horizons between two, both counted. */
export const from = (row: readonly number[], least: number, most = Infinity): number[] =>
  row.filter((_, i) => (horizons[i] ?? 0) >= least && (horizons[i] ?? 0) <= most);

import { controlHorizons } from "./controls.ts";
import type { Evaluation, SetTables } from "./evaluate-model.ts";
import { coverageLines, holds, linesOf } from "./lines.ts";
import { horizons } from "./rows.ts";

/** A titled table of text cells; the caller lays it out. */
export interface ReportTable {
  readonly title: string;
  readonly heads: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const stepHeads = horizons.map((k) => `k=${k}`);
const cells = (name: string, row: readonly number[], digits: number): string[] => [
  name,
  ...row.map((value) => value.toFixed(digits)),
];

/** Everything that was found, as tables to print. */
export function reportTables(evaluation: Evaluation): ReportTable[] {
  const { test, heavy, worn, timings } = evaluation;
  return [
    ...setTables("in range", test),
    ...(heavy === undefined ? [] : setTables("heavy payload, out of range", heavy)),
    ...(worn === undefined ? [] : setTables("dry friction and latency, out of range", worn)),
    controlTable(evaluation),
    ...otherTables(evaluation),
    {
      title: "one thread, ms",
      heads: ["call", "operators", "p50", "p99"],
      rows: timings.map(({ call, form, msP50, msP99 }) => [
        call,
        form,
        msP50.toFixed(3),
        msP99.toFixed(3),
      ]),
    },
    {
      title: "lines the model is held to",
      heads: ["line", "found", "limit", "holds"],
      rows: linesOf(evaluation).map((line) => [
        line.text,
        line.found.toFixed(3),
        `${line.isUpper ? "<=" : ">="} ${line.limit}`,
        holds(line) ? "yes" : "NO",
      ]),
    },
  ];
}

function setTables(
  name: string,
  { rolloutCount, joints, target, pictures, dense }: SetTables,
): ReportTable[] {
  const title = (text: string): string => `${name}, ${rolloutCount} rollouts: ${text}`;
  const q = joints.qRmseRad;
  const tables: ReportTable[] = [
    {
      title: title("joint position RMSE, rad"),
      heads: ["", ...stepHeads],
      rows: [
        cells("hold", q.hold, 4),
        cells("constant velocity", q.constantVelocity, 4),
        cells("ARX direct", q.arx, 4),
        cells("model", q.model, 4),
        cells("model, velocity, rad/s", joints.qdRmseRadPerS.model, 4),
        cells("ARX direct, velocity, rad/s", joints.qdRmseRadPerS.arx, 4),
      ],
    },
    {
      title: title("90 % intervals, and whether deviations tell errors apart"),
      heads: ["", ...stepHeads],
      rows: [
        ...coverageLines({ joints, target, rolloutCount, pictures, dense }).map(([of, row]) =>
          cells(`holds, ${of}`, row, 3),
        ),
        ...(dense === undefined
          ? []
          : [cells("holds with the online scale", dense.scaledCoverage90, 3)]),
        cells("Spearman, joint positions", joints.qSpearman, 2),
        ...(target === undefined ? [] : [cells("Spearman, bearing", target.bearingSpearman, 2)]),
      ],
    },
  ];
  if (target !== undefined) {
    const { model, arx, constantTurn, hold } = target.bearingMaeRad;
    tables.push({
      title: title("bearing of a target in view at the start, mean absolute error, rad"),
      heads: ["", ...stepHeads],
      rows: [
        cells("hold", hold, 4),
        cells("constant turn", constantTurn, 4),
        cells("ARX direct", arx, 4),
        cells("model", model, 4),
        cells("in view or not, right: hold", target.visibilityRight.hold, 3),
        cells("in view or not, right: model", target.visibilityRight.model, 3),
      ],
    });
  }
  if (pictures !== undefined) {
    const { model, copyLast, ceiling } = pictures.psnrDb;
    tables.push({
      title: `${name}, ${pictures.rolloutCount} rollouts: picture PSNR, dB`,
      heads: ["", ...stepHeads],
      rows: [
        cells("copy the last picture", copyLast, 2),
        cells("model", model, 2),
        cells("encoder and decoder alone", ceiling, 2),
      ],
    });
  }
  return tables;
}

function controlTable({ controls }: Evaluation): ReportTable {
  const part = (text: string): string[] => controlHorizons.map((k) => `${text} k=${k}`);
  return {
    title: "told something else than the truth",
    heads: ["", ...part("q rad"), ...part("cover"), ...part("bearing")],
    rows: Array.from(controls, ([name, row]) => [
      name,
      ...row.qRmseRad.map((value) => value.toFixed(4)),
      ...row.qCoverage90.map((value) => value.toFixed(2)),
      ...row.bearingMaeRad.map((value) => value.toFixed(3)),
    ]),
  };
}

function otherTables({ choice, long, surpriseAuc, parity }: Evaluation): ReportTable[] {
  const tables: ReportTable[] = [];
  if (choice !== undefined) {
    tables.push({
      title: `${choice.momentCount} moments, ${choice.candidateCount} futures each: off the middle of the picture, mean, rad`,
      heads: ["best possible", "model", "ARX", "random", "rank model", "rank ARX"],
      rows: [
        [
          choice.bestRad,
          choice.modelRad,
          choice.arxRad,
          choice.randomRad,
          choice.modelRankCorrelation,
          choice.arxRankCorrelation,
        ].map((value) => value.toFixed(3)),
      ],
    });
  }
  if (long !== undefined) {
    tables.push({
      title: "3,072-step streams, by thousand steps",
      heads: ["", ...long.stateNorm.map((_, i) => `from ${1000 * i}`)],
      rows: [
        cells("q RMSE at k=8, rad", long.qRmseRadAt8, 4),
        cells("bearing MAE at k=8, rad", long.bearingMaeRadAt8, 4),
        cells("state norm", long.stateNorm, 1),
      ],
    });
  }
  tables.push({
    title: "agreement",
    heads: ["", "found"],
    rows: [
      ["native operators against plain, largest difference", parity.nativeToPlain.toExponential(1)],
      ["long horizon against short, largest difference", parity.longToShort.toExponential(1)],
      ...(["heavy", "worn"] as const).flatMap((name) => {
        const auc = surpriseAuc[name];
        return auc === undefined
          ? []
          : [[`surprise tells ${name} from in range, AUC`, auc.toFixed(3)]];
      }),
    ],
  });
  return tables;
}

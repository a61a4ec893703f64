import { encodeJpeg } from "../media/jpeg.ts";
import { atX, atY, axes, ink, keys, label, type Area } from "../lockstep/report/chart.ts";
import type { Evaluation } from "./evaluate-model.ts";
import { coverageLines } from "./lines.ts";
import { horizons } from "./rows.ts";

const width = 1160;
const height = 430;
const colours = [ink.predicted, ink.joint, ink.faint, ink.frame] as const;

interface Series {
  readonly name: string;
  readonly row: readonly number[];
  readonly color: string;
}

/** Errors against the horizon beside the baselines': joints, bearing, pictures. One SVG. */
export function errorFigure({ id, revision, test }: Evaluation): string {
  const { joints, target, pictures } = test;
  const panels = [
    panel(
      0,
      "joint position RMSE, rad",
      [
        series("model", joints.qRmseRad.model, 0),
        series("ARX, direct per horizon", joints.qRmseRad.arx, 1),
        series("constant velocity", joints.qRmseRad.constantVelocity, 2),
        series("hold", joints.qRmseRad.hold, 3),
      ],
      1.15 * Math.max(...joints.qRmseRad.arx) * 2,
    ),
  ];
  if (target !== undefined) {
    const { model, arx, constantTurn, hold } = target.bearingMaeRad;
    panels.push(
      panel(
        1,
        "target bearing, mean error, rad",
        [
          series("model", model, 0),
          series("ARX, direct per horizon", arx, 1),
          series("constant turn", constantTurn, 2),
          series("hold", hold, 3),
        ],
        1.3 * Math.max(...hold),
      ),
    );
  }
  if (pictures !== undefined) {
    const { model, copyLast, ceiling } = pictures.psnrDb;
    panels.push(
      panel(
        2,
        "predicted picture, PSNR, dB",
        [
          series("model", model, 0),
          series("copy the last picture", copyLast, 1),
          series("encoder and decoder alone", ceiling, 2),
        ],
        1.05 * Math.max(...ceiling),
        0.9 * Math.min(...copyLast),
      ),
    );
  }
  return drawing(
    `${id} ${revision}`,
    `${test.rolloutCount} rollouts on worlds it never met`,
    panels,
  );
}

/** How often intervals hold against how often they should, by horizon. One SVG. */
export function reliabilityFigure({ id, revision, test, heavy, worn }: Evaluation): string {
  const rows: Series[] = coverageLines(test).map(([name, row], i) => series(name, row, i));
  const panels = [panel(0, "in range: share inside the 90 % interval", rows, 1, 0.6)];
  for (const [index, [name, tables]] of (
    [
      ["heavy payload", heavy],
      ["worn and slow", worn],
    ] as const
  ).entries()) {
    if (tables === undefined) continue;
    const scaled = tables.dense?.scaledCoverage90;
    panels.push(
      panel(
        index + 1,
        `${name}: share inside the 90 % interval`,
        [
          series("joint positions", tables.joints.qCoverage90, 1),
          ...(scaled === undefined ? [] : [series("with the online scale", scaled, 0)]),
        ],
        1,
        0.6,
      ),
    );
  }
  return drawing(`${id} ${revision}`, "how far its deviations can be trusted", panels);
}

/** Predicted pictures above those that came, by horizon. */
export async function filmFigure({ id, revision, film }: Evaluation): Promise<string> {
  const size = 140;
  const filmX = 100;
  const cells = film.map(async ({ k, predicted, actual }, index) => {
    const x = filmX + index * (size + 8);
    const images = [predicted, actual].map(async (rgb, row) => {
      const side = Math.sqrt(rgb.length / 3);
      const frame = { widthPx: side, heightPx: side, rgb, sequence: 0, stampMs: 0 };
      const jpeg = Buffer.from(await encodeJpeg(frame, 95)).toString("base64");
      return `<image x="${x}" y="${100 + row * (size + 8)}" width="${size}" height="${size}" href="data:image/jpeg;base64,${jpeg}"/>`;
    });
    const ahead = `${(0.04 * k).toFixed(2)} s ahead`;
    return label(ahead, x, 92, { size: 12 }) + (await Promise.all(images)).join("");
  });
  const rows = ["predicted", "came"].map((text, row) =>
    label(text, filmX - 6, 100 + row * (size + 8) + size / 2, { size: 12, anchor: "end" }),
  );
  return drawing(`${id} ${revision}`, "what it saw coming, and what came", [
    ...rows,
    ...(await Promise.all(cells)),
  ]);
}

const series = (name: string, row: readonly number[], index: number): Series => ({
  name,
  row,
  color: colours[index] ?? ink.faint,
});

function panel(
  index: number,
  title: string,
  rows: readonly Series[],
  toY: number,
  fromY = 0,
): string {
  const area: Area = {
    x: 62 + index * 375,
    y: 132,
    width: 300,
    height: 230,
    fromX: 0,
    toX: 32,
    fromY,
    toY,
  };
  const clip = `clip${index}`;
  const lines = rows.map(({ row, color }) => {
    const points = horizons.map((k, i) => [atX(area, k), atY(area, row[i] ?? Number.NaN)] as const);
    const path = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
    const dots = points.map(
      ([x, y]) => `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="3" fill="${color}"/>`,
    );
    return `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"/>${dots.join("")}`;
  });
  return [
    label(title, area.x, 92, { size: 13, weight: 700 }),
    ...[0, 2].map((i) => keyLine(rows.slice(i, i + 2), area.x, 108 + 7 * i)),
    axes(area, { x: "steps of 40 ms ahead", y: "" }),
    `<clipPath id="${clip}"><rect x="${area.x - 4}" y="${area.y}" width="${area.width + 8}" height="${area.height + 4}"/></clipPath>`,
    `<g clip-path="url(#${clip})">${lines.join("")}</g>`,
  ].join("");
}

const keyLine = (rows: readonly Series[], x: number, y: number): string =>
  keys(
    rows.map(({ name, color }) => ({ text: name, color })),
    x,
    y,
  );

function drawing(title: string, about: string, panels: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="DejaVu Sans, Verdana, sans-serif"><rect width="${width}" height="${height}" fill="#ffffff"/>${label(title, 22, 40, { size: 22, weight: 700 })}${label(about, 22, 62, { size: 13, color: ink.faint })}${panels.join("")}</svg>`;
}

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { rasterizeSvg } from "../../media/svg.ts";
import type { Simulation } from "../simulate.ts";
import { resultsCsv } from "./csv.ts";
import { reportFigure } from "./figure.ts";
import { reportHtml } from "./html.ts";
import { summarize, type Summary } from "./summary.ts";

/** Pixels per unit of the figure: sharp on a dense screen. */
const pngScale = 2;

/**
 * Writes `summary.json`, `runs.json`, `runs.csv`, `report.html` and `report.png` into a folder, which
 * is made if it is not there. Returns what the summary says.
 */
export async function writeReport(simulation: Simulation, folder: string): Promise<Summary> {
  const { results } = simulation;
  const summary = summarize(simulation);
  const figure = reportFigure(summary, results);
  await mkdir(folder, { recursive: true });
  const write = async (name: string, content: string | Uint8Array): Promise<void> => {
    await writeFile(join(folder, name), content);
  };
  await write("summary.json", json(summary));
  // What is drawn is in the picture; the numbers of a run are what others read.
  await write("runs.json", json(results.map((result) => ({ ...result, trace: undefined }))));
  await write("runs.csv", resultsCsv(results));
  await write("report.html", reportHtml(summary, results, figure));
  await write("report.png", await rasterizeSvg(figure, pngScale));
  return summary;
}

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

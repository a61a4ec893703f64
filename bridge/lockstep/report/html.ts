import { isGood, type RunResult } from "../run-scenario.ts";
import { escapeXml } from "./chart.ts";
import type { Summary } from "./summary.ts";

/** More lines than anybody reads; the CSV has them all. */
const shownRuns = 50;

/** One page that stands alone: the figure, what went wrong, and a line per run. */
export function reportHtml(summary: Summary, results: readonly RunResult[], svg: string): string {
  const bad = results.filter((result) => !isGood(result));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeXml(summary.scenario)}: ${summary.good} of ${summary.runs} runs good</title>
<style>
body { font: 14px/1.5 "DejaVu Sans", Verdana, sans-serif; color: #1c2530; margin: 0 auto; max-width: 1160px; padding: 0 16px 48px; }
svg { max-width: 100%; height: auto; }
table { border-collapse: collapse; width: 100%; font-size: 12.5px; }
th, td { text-align: left; padding: 4px 10px 4px 0; border-bottom: 1px solid #e3e7ec; vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.bad { color: #c92a2a; font-weight: 600; }
code { font-size: 12px; }
</style>
</head>
<body>
${svg}
${bad.length === 0 ? "" : `<h2>What went wrong</h2>\n${problems(bad, summary.scenario)}`}
${faultTable(summary)}
<h2>Runs${results.length > shownRuns ? `, the first ${shownRuns} of ${results.length}` : ""}</h2>
${runTable(results.slice(0, shownRuns))}
</body>
</html>
`;
}

function problems(bad: readonly RunResult[], scenario: string): string {
  const rows = bad
    .slice(0, shownRuns)
    .flatMap((result) => [
      ...worldProblem(result),
      ...result.violations.map(({ invariant, atMs, text }) =>
        row([String(result.seed), `${(atMs / 1000).toFixed(3)} s`, invariant, text]),
      ),
      ...result.expectations
        .filter(({ holds }) => !holds)
        .map(({ expected, found }) =>
          row([String(result.seed), "end", "expectation", `${expected}: found ${found}`]),
        ),
    ]);
  const again = `<p>Again: <code>kairos-bridge sim ${escapeXml(scenario)} --seed ${bad[0]?.seed ?? 0}</code></p>`;
  return `${again}<table><tr><th>seed</th><th>when</th><th>what</th><th>found</th></tr>${rows.join("")}</table>`;
}

function worldProblem({ seed, simulatorFault }: RunResult): string[] {
  if (simulatorFault === undefined) return [];
  const { atMs, text } = simulatorFault;
  return [row([String(seed), `${(atMs / 1000).toFixed(3)} s`, "simulator fault", text])];
}

function faultTable({ faultCounts }: Summary): string {
  const struck = Object.entries(faultCounts).filter(([, count]) => count > 0);
  if (struck.length === 0) return "";
  const rows = struck
    .sort(([, a], [, b]) => b - a)
    .map(([kind, count]) => `<tr><td>${escapeXml(kind)}</td><td class="number">${count}</td></tr>`);
  return `<h2>Faults that struck</h2><table><tr><th>fault</th><th class="number">times</th></tr>${rows.join("")}</table>`;
}

function runTable(results: readonly RunResult[]): string {
  const rows = results.map((result) => {
    const { commands } = result;
    const cells = [
      String(result.seed),
      (result.trackingRmsRad * 1000).toFixed(1),
      (result.trackingMaxRad * 1000).toFixed(0),
      String(commands.forwarded),
      String(commands.refused),
      String(result.stops),
      String(result.predictions),
      result.wallMs.toFixed(0),
    ];
    const numbers = cells.map((cell) => `<td class="number">${cell}</td>`).join("");
    const verdict = isGood(result) ? "good" : '<span class="bad">bad</span>';
    return `<tr>${numbers}<td>${result.mode}</td><td>${verdict}</td><td>${escapeXml(result.faults.join(" "))}</td></tr>`;
  });
  const heads = [
    "seed",
    "tracking rms, mrad",
    "max, mrad",
    "commands",
    "refused",
    "stops",
    "predictions",
    "wall, ms",
  ];
  return `<table><tr>${heads.map((head) => `<th class="number">${head}</th>`).join("")}<th>mode</th><th>verdict</th><th>faults</th></tr>${rows.join("")}</table>`;
}

const row = (cells: readonly string[]): string =>
  `<tr>${cells.map((cell) => `<td>${escapeXml(cell)}</td>`).join("")}</tr>`;

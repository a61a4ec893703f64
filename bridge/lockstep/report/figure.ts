import { parseFault } from "../../core/faults/parse-fault.ts";
import { z90 } from "../../core/prediction-score.ts";
import type { RunResult } from "../run-scenario.ts";
import type { Trace } from "../run-trace.ts";
import { atX, axes, band, ink, keys, label, polyline, rangeOf, type Area } from "./chart.ts";
import { timesText, type Summary } from "./summary.ts";

const width = 1160;
const left = 62;
const plotWidth = 700;
const rightX = 836;
const rightWidth = 290;
const axisHeight = 104;
const axisGap = 34;
const topY = 132;
/** Predictions further apart than this were held in between. */
const maxGapS = 0.1;

/** The first traced run over time, the scores and what happened in all runs, as one SVG. */
export function reportFigure(summary: Summary, results: readonly RunResult[]): string {
  const traced = results.find((result) => result.trace !== undefined);
  const trace = traced?.trace;
  const axisCount = trace?.axisNames.length ?? 0;
  const plotsEndY = topY + axisCount * (axisHeight + axisGap);
  const height = Math.max(plotsEndY + 74, 700);
  const parts = [
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    heading(summary, traced),
    traced === undefined || trace === undefined ? "" : timePlots(traced, trace),
    ...rightColumn(summary, results),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="DejaVu Sans, Verdana, sans-serif">${parts.join("")}</svg>`;
}

function heading(summary: Summary, traced: RunResult | undefined): string {
  const { scenario, about, runs, good, violations } = summary;
  const isGood = good === runs;
  const color = isGood ? ink.good : ink.bad;
  const verdict = isGood
    ? `${runs} of ${runs} runs as they should be`
    : `${runs - good} of ${runs} runs went wrong, ${violations} violations`;
  const speed = `${summary.runsPerS.toFixed(1)} runs/s, ${timesText(summary.timesRealTime)} times real time`;
  const seed = traced === undefined ? "" : `drawn: seed ${traced.seed}`;
  return [
    `<rect x="0" y="0" width="${width}" height="6" fill="${color}"/>`,
    label(scenario, left - 40, 44, { size: 24, weight: 700 }),
    label(about, left - 40, 68, { size: 13, color: ink.faint }),
    label(verdict, width - 34, 44, { size: 15, weight: 700, color, anchor: "end" }),
    label([summary.world, speed, seed].filter((text) => text !== "").join(" · "), width - 34, 68, {
      size: 12,
      color: ink.faint,
      anchor: "end",
    }),
  ].join("");
}

function timePlots(result: RunResult, trace: Trace): string {
  const toX = trace.timeS.at(-1) ?? 1;
  const hasPredictions = trace.predicted.timeS.length > 0;
  const entries = [
    { text: "setpoint", color: ink.setpoint, dash: "5 3" },
    { text: "joint", color: ink.joint },
    ...(hasPredictions
      ? [
          {
            text: `predicted ${trace.predicted.aheadMs} ms before, with 90 %`,
            color: ink.predicted,
          },
        ]
      : []),
    ...(result.faults.length > 0 ? [{ text: "fault on", color: ink.fault }] : []),
  ];
  const plots = trace.axisNames.map((name, axis) => {
    const setpoints = trace.setpointRad[axis] ?? [];
    const joints = trace.jointRad[axis] ?? [];
    const [fromY, toY] = rangeOf([...setpoints, ...joints], 0.08);
    const area: Area = {
      x: left,
      y: topY + axis * (axisHeight + axisGap),
      width: plotWidth,
      height: axisHeight,
      fromX: 0,
      toX,
      fromY,
      toY,
    };
    const isLast = axis === trace.axisNames.length - 1;
    return [
      faultBands(result, area, trace.axisNames),
      axes(area, { x: isLast ? "s" : "", y: `${name}, rad` }),
      prediction(trace, axis, area),
      polyline(area, trace.timeS, setpoints, { color: ink.setpoint, width: 1.6, dash: "5 3" }),
      polyline(area, trace.timeS, joints, { color: ink.joint, width: 1.7 }),
    ].join("");
  });
  const stripY = topY + trace.axisNames.length * (axisHeight + axisGap) + 12;
  return keys(entries, left, topY - 30) + plots.join("") + modeStrip(trace, stripY, toX);
}

function prediction({ predicted }: Trace, axis: number, area: Area): string {
  const means = predicted.posRad[axis] ?? [];
  const stds = predicted.stdRad[axis] ?? [];
  const low = means.map((mean, index) => mean - z90 * (stds[index] ?? 0));
  const high = means.map((mean, index) => mean + z90 * (stds[index] ?? 0));
  return (
    band(area, predicted.timeS, low, high, ink.predicted) +
    polyline(area, predicted.timeS, means, { color: ink.predicted, width: 1.2 }, maxGapS)
  );
}

/** Where faults were on. */
function faultBands(result: RunResult, area: Area, axisNames: readonly string[]): string {
  return result.faults
    .map((text) => {
      const fault = parseFault(text, { axisNames, host: "lockstep" });
      if (typeof fault === "string") return "";
      const fromS = fault.startMs / 1000;
      const toS = Math.min(area.toX, fromS + Math.max(fault.durationMs / 1000, 0.02));
      // One that lasts the whole run says nothing about when.
      if (fromS >= area.toX || (fromS === 0 && toS >= area.toX)) return "";
      const x = atX(area, fromS);
      const bandWidth = Math.max(1.5, atX(area, toS) - x);
      return `<rect x="${x.toFixed(1)}" y="${area.y}" width="${bandWidth.toFixed(1)}" height="${area.height}" fill="${ink.fault}" fill-opacity="0.2"/>`;
    })
    .join("");
}

const modeColors: Readonly<Record<string, string>> = {
  inactive: "#ced4da",
  active: "#8ce99a",
  stopping: "#ffd43b",
  latched: "#ff8787",
  fault: "#c92a2a",
};

/** The controller's mode over time, in colours with their names. */
function modeStrip({ timeS, mode }: Trace, y: number, toX: number): string {
  const area: Area = { x: left, y, width: plotWidth, height: 14, fromX: 0, toX, fromY: 0, toY: 1 };
  const pieces: string[] = [];
  let start = 0;
  for (let index = 1; index <= mode.length; index += 1) {
    if (index < mode.length && mode[index] === mode[start]) continue;
    const from = atX(area, timeS[start] ?? 0);
    const to = atX(area, timeS[index] ?? toX);
    pieces.push(
      `<rect x="${from.toFixed(1)}" y="${y}" width="${Math.max(0.8, to - from).toFixed(1)}" height="14" fill="${modeColors[mode[start] ?? ""] ?? "#adb5bd"}"/>`,
    );
    start = index;
  }
  const seen = [...new Set(mode)];
  let keyX = left + 44;
  const names = seen.map((name) => {
    const drawn =
      `<rect x="${keyX}" y="${y + 24}" width="11" height="11" fill="${modeColors[name] ?? "#adb5bd"}"/>` +
      label(name, keyX + 16, y + 34, { size: 11, color: ink.faint });
    keyX += 34 + name.length * 7;
    return drawn;
  });
  return (
    pieces.join("") + label("mode", left, y + 34, { size: 11.5, weight: 600 }) + names.join("")
  );
}

/** One under the other, without a gap for what is not there. */
function rightColumn(summary: Summary, results: readonly RunResult[]): string[] {
  const afterScoreY = topY + (summary.horizons.length === 0 ? 64 : 250);
  const afterTrackingY = afterScoreY + (results.length < 2 ? 60 : 166);
  return [scorePlot(summary), trackingPlot(results, afterScoreY), numbers(summary, afterTrackingY)];
}

function scorePlot({ horizons }: Summary): string {
  const area: Omit<Area, "toX" | "toY"> = {
    x: rightX,
    y: topY,
    width: rightWidth,
    height: 150,
    fromX: 0,
    fromY: 0,
  };
  if (horizons.length === 0) {
    return label("No model took part in these runs.", rightX, topY + 20, {
      size: 12,
      color: ink.faint,
    });
  }
  const aheadMs = horizons.map((horizon) => horizon.aheadMs);
  const lines = [
    { text: "hold", color: "#868e96", values: horizons.map((one) => one.holdRmsRad) },
    {
      text: "const. velocity",
      color: "#9c6ade",
      values: horizons.map((one) => one.constantVelocityRmsRad),
    },
    { text: "model", color: ink.predicted, values: horizons.map((one) => one.modelRmsRad) },
  ];
  const [, toY] = rangeOf(
    horizons.flatMap((one) => [one.modelRmsRad, one.holdRmsRad]),
    0.01,
  );
  const scaled: Area = { ...area, toX: aheadMs.at(-1) ?? 1, toY };
  return [
    axes(scaled, { x: "ms ahead", y: "prediction error while moving, rad rms" }),
    ...lines.map(({ values, color }) => polyline(scaled, aheadMs, values, { color, width: 2 })),
    keys(lines, rightX, topY + 198),
  ].join("");
}

/** How the tracking error is spread over the runs. */
function trackingPlot(results: readonly RunResult[], y: number): string {
  const values = results.map((result) => result.trackingRmsRad * 1000).filter(Number.isFinite);
  if (values.length < 2) {
    const text = `tracking error ${(values[0] ?? 0).toFixed(1)} mrad rms (one run)`;
    return label(text, rightX, y + 20, { size: 12, color: ink.faint });
  }
  const [low, high] = rangeOf(values, 1);
  const fromX = Math.max(0, low);
  const bins = 24;
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) {
    const bin = Math.min(bins - 1, Math.floor(((value - fromX) / (high - fromX)) * bins));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  const area: Area = {
    x: rightX,
    y,
    width: rightWidth,
    height: 96,
    fromX,
    toX: high,
    fromY: 0,
    toY: Math.max(...counts) * 1.1,
  };
  const bars = counts.map((count, bin) => {
    const x = area.x + (bin * area.width) / bins;
    const barHeight = (count / area.toY) * area.height;
    return `<rect x="${(x + 0.5).toFixed(1)}" y="${(area.y + area.height - barHeight).toFixed(1)}" width="${(area.width / bins - 1).toFixed(1)}" height="${barHeight.toFixed(1)}" fill="${ink.joint}" fill-opacity="0.75"/>`;
  });
  return axes(area, { x: "mrad", y: "tracking error of a run, rms: runs" }) + bars.join("");
}

function numbers(summary: Summary, y: number): string {
  const { commands, faultCounts } = summary;
  const struck = Object.entries(faultCounts).filter(([, count]) => count > 0);
  const coverage = summary.horizons.find((horizon) => horizon.aheadMs === 400)?.coverageRatio;
  const rows: readonly (readonly [string, string])[] = [
    ["commands let through / refused", `${commands.forwarded} / ${commands.refused}`],
    [
      "applied / expired / limited",
      `${commands.applied} / ${commands.expired} / ${commands.limited}`,
    ],
    ["stops", String(summary.stops)],
    ["predictions", String(summary.predictions)],
    ...(coverage === undefined
      ? []
      : [["inside 90 % at 400 ms", `${(coverage * 100).toFixed(0)} %`] as const]),
    ["fault strikes", String(struck.reduce((sum, [, count]) => sum + count, 0))],
    ["invariants violated", String(summary.violations)],
  ];
  return rows
    .map(([name, value], index) => {
      const at = y + index * 19;
      const isBad = name === "invariants violated" && value !== "0";
      return (
        label(name, rightX, at, { size: 12, color: ink.faint }) +
        label(value, rightX + rightWidth, at, {
          size: 12,
          anchor: "end",
          weight: 600,
          ...(isBad ? { color: ink.bad } : {}),
        })
      );
    })
    .join("");
}

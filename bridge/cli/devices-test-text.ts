import { isSound, type AxisStep, type TrialReport } from "../trial/trial-report.ts";
import { table } from "./table.ts";

/** The outcome: every check, the steps in numbers, and one word. */
export function trialText(report: TrialReport): string {
  const { profile, driver, checks, steps } = report;
  const checkRows = checks.map(({ name, verdict, text }) => [verdict, name, text]);
  const stepRows = steps.map(({ axis, response }) => [
    axis,
    degrees(response.toRad - response.fromRad),
    milliseconds(response.latencyMs),
    milliseconds(response.riseMs),
    milliseconds(response.settleMs),
    (100 * response.overshootRatio).toFixed(1),
    degrees(response.errorRad),
  ]);
  const heads = ["axis", "step °", "latency ms", "rise ms", "settled ms", "overshoot %", "error °"];
  const failed = checks.filter(({ verdict }) => verdict === "fail").map(({ name }) => name);
  const skipped = checks.filter(({ verdict }) => verdict === "skipped").length;
  return [
    "",
    checks.length === 0 ? "" : table(["", "check", "found"], checkRows),
    ...(steps.length === 0 ? [] : ["", table(heads, stepRows)]),
    "",
    `${profile} on ${driver}: ${verdictText(report, failed, skipped)}`,
  ].join("\n");
}

function verdictText(report: TrialReport, failed: readonly string[], skipped: number): string {
  const left = skipped === 0 ? "" : `, ${skipped} not checked`;
  if (report.endedBy !== undefined) return `ended early: ${report.endedBy}`;
  return isSound(report) ? `sound${left}` : `NOT SOUND: ${failed.join(", ")}${left}`;
}

const degrees = (rad: number): string => ((rad * 180) / Math.PI).toFixed(2);
const milliseconds = (ms: number): string => (Number.isFinite(ms) ? ms.toFixed(0) : "");

const plotWidth = 720;
const plotHeight = 180;
const margin = 46;

/** One panel per axis: the setpoint and the joint over the time since the command. */
export function trialSvg({ profile, driver, steps }: TrialReport): string {
  const height = plotHeight * steps.length + 40;
  const panels = steps.map((step, index) => panel(step, 40 + index * plotHeight));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${plotWidth}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="white"/>`,
    `<text x="${margin}" y="22" font-size="15">${escaped(profile)} on ${escaped(driver)}: step response</text>`,
    ...panels,
    "</svg>",
    "",
  ].join("\n");
}

function panel({ axis, commandMs, measured, setpoint, response }: AxisStep, top: number): string {
  const timesMs = measured.timeMs.map((timeMs) => timeMs - commandMs);
  const [fromMs, toMs] = [timesMs[0] ?? 0, timesMs.at(-1) ?? 1];
  const values = [...measured.posRad, ...setpoint.posRad, response.toRad];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const inner = plotHeight - 50;
  const x = (ms: number): number =>
    margin + ((ms - fromMs) / (toMs - fromMs || 1)) * (plotWidth - margin - 20);
  const y = (rad: number): number => top + 20 + inner - ((rad - low) / (high - low || 1)) * inner;
  const line = (trace: typeof measured, color: string): string => {
    const points = trace.timeMs
      .map((timeMs, index) => ({ ms: timeMs - commandMs, rad: trace.posRad[index] ?? low }))
      .filter(({ ms }) => ms >= fromMs && ms <= toMs)
      .map(({ ms, rad }) => `${x(ms).toFixed(1)},${y(rad).toFixed(1)}`);
    return `<polyline points="${points.join(" ")}" fill="none" stroke="${color}" stroke-width="1.5"/>`;
  };
  const label = (text: string, at: { readonly x: number; readonly y: number }, color = "#333") =>
    `<text x="${at.x.toFixed(1)}" y="${at.y.toFixed(1)}" fill="${color}">${escaped(text)}</text>`;
  const latency = Number.isFinite(response.latencyMs)
    ? `<line x1="${x(response.latencyMs).toFixed(1)}" x2="${x(response.latencyMs).toFixed(1)}" y1="${top + 20}" y2="${top + 20 + inner}" stroke="#bbb" stroke-dasharray="3 3"/>`
    : "";
  return [
    label(axis, { x: margin, y: top + 14 }),
    label("setpoint", { x: plotWidth - 150, y: top + 14 }, "#888"),
    label("joint", { x: plotWidth - 70, y: top + 14 }, "#1f5fbf"),
    label(`${degrees(high)}°`, { x: 2, y: y(high) + 4 }),
    label(`${degrees(low)}°`, { x: 2, y: y(low) + 4 }),
    label("0 ms", { x: x(0), y: top + 36 + inner }),
    label(`${toMs.toFixed(0)} ms`, { x: plotWidth - 60, y: top + 36 + inner }),
    latency,
    line(setpoint, "#888"),
    line(measured, "#1f5fbf"),
  ].join("\n");
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

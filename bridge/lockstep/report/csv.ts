import { isGood, type RunResult } from "../run-scenario.ts";

const columns: readonly [name: string, value: (result: RunResult) => string | number | boolean][] =
  [
    ["seed", ({ seed }) => seed],
    ["good", isGood],
    ["violations", ({ violationCount }) => violationCount],
    ["first_violation", ({ violations }) => violations[0]?.invariant ?? ""],
    ["failed_expectations", (r) => r.expectations.filter(({ holds }) => !holds).length],
    ["mode", ({ mode }) => mode],
    ["tracking_rms_rad", ({ trackingRmsRad }) => trackingRmsRad.toFixed(6)],
    ["tracking_max_rad", ({ trackingMaxRad }) => trackingMaxRad.toFixed(6)],
    ["commands_forwarded", ({ commands }) => commands.forwarded],
    ["commands_refused", ({ commands }) => commands.refused],
    ["commands_applied", ({ commands }) => commands.applied],
    ["commands_expired", ({ commands }) => commands.expired],
    ["stops", ({ stops }) => stops],
    ["stall_stops", ({ stallStops }) => stallStops],
    ["predictions", ({ predictions }) => predictions],
    ["held", ({ held }) => Object.values(held).reduce((sum, count) => sum + count, 0)],
    ["rms_rad_200_ms", (result) => scoreAt(result, 200)],
    ["hold_rms_rad_200_ms", (result) => scoreAt(result, 200, "holdRmseRad")],
    ["rms_rad_400_ms", (result) => scoreAt(result, 400)],
    ["hold_rms_rad_400_ms", (result) => scoreAt(result, 400, "holdRmseRad")],
    ["fault_strikes", ({ faultCounts }) => Object.values(faultCounts).reduce((a, b) => a + b, 0)],
    ["faults", ({ faults }) => faults.join(" ")],
    ["simulated_s", ({ simulatedS }) => simulatedS.toFixed(3)],
    ["wall_ms", ({ wallMs }) => wallMs.toFixed(1)],
    ["digest", ({ digest }) => digest],
  ];

/** One line per run, RFC 4180. */
export function resultsCsv(results: readonly RunResult[]): string {
  const lines = results.map((result) => columns.map(([, value]) => quoted(value(result))));
  return [columns.map(([name]) => name), ...lines]
    .map((cells) => `${cells.join(",")}\r\n`)
    .join("");
}

function scoreAt(
  { horizons }: RunResult,
  aheadMs: number,
  of: "modelRmseRad" | "holdRmseRad" = "modelRmseRad",
): string {
  const found = horizons.find((horizon) => Math.round(horizon.aheadS * 1000) === aheadMs);
  return found === undefined || found.sampleCount === 0 ? "" : found[of].toFixed(6);
}

function quoted(value: string | number | boolean): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

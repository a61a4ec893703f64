import type { HorizonScore, ScorePayload } from "../client/index.ts";
import { canvasById, colours, elementById, fitCanvas, make, setText } from "./dom.ts";

const curves = [
  { key: "constantVelocityRmsRad", colour: colours.setpoint, dash: [2, 3] },
  { key: "holdRmsRad", colour: colours.muted, dash: [5, 4] },
  { key: "modelRmsRad", colour: colours.ahead, dash: [] },
] as const;

/** Horizon near which the model is compared with holding still in one figure. */
const headlineMs = 400;
const maxRows = 5;

export function showScore(score: ScorePayload): void {
  setText(elementById("coverage"), percent(score.coverageRatio));
  setText(elementById("score-note"), score.degraded ? "degraded" : "");
  setText(elementById("score-window"), `${score.windowS.toFixed(0)} s`);
  showHeadline(score.horizons);
  elementById("score-rows").replaceChildren(...spread(score.horizons).map(rowOf));
  drawChart(score.horizons);
}

function showHeadline(horizons: readonly HorizonScore[]): void {
  let nearest = horizons[0];
  for (const horizon of horizons) {
    const distance = Math.abs(horizon.horizonMs - headlineMs);
    if (nearest !== undefined && distance < Math.abs(nearest.horizonMs - headlineMs)) {
      nearest = horizon;
    }
  }
  if (nearest === undefined || nearest.count === 0) return;
  const ratio = nearest.modelRmsRad / nearest.holdRmsRad;
  setText(elementById("better"), Number.isFinite(ratio) ? `× ${ratio.toFixed(2)}` : "–");
  setText(elementById("better-note"), `error of hold, +${nearest.horizonMs.toFixed(0)} ms`);
}

function rowOf(horizon: HorizonScore): HTMLTableRowElement {
  const row = make("tr");
  const errors = [horizon.modelRmsRad, horizon.holdRmsRad, horizon.constantVelocityRmsRad];
  const best = Math.min(...errors);
  row.append(make("td", { text: `${horizon.horizonMs.toFixed(0)} ms` }));
  for (const error of errors) {
    const text = horizon.count === 0 ? "–" : (error * 1000).toFixed(1);
    row.append(make("td", { text, className: error === best ? "best" : "" }));
  }
  row.append(make("td", { text: horizon.count === 0 ? "–" : percent(horizon.coverageRatio) }));
  return row;
}

/** A few of many, the first and the last among them. */
function spread(horizons: readonly HorizonScore[]): readonly HorizonScore[] {
  if (horizons.length <= maxRows) return horizons;
  return Array.from({ length: maxRows }, (_, i) => {
    return horizons[Math.round((i * (horizons.length - 1)) / (maxRows - 1))];
  }).filter((horizon) => horizon !== undefined);
}

/** Error over horizon, both logarithmic: baselines and model differ by tens. */
function drawChart(horizons: readonly HorizonScore[]): void {
  const fitted = fitCanvas(canvasById("score-chart"));
  const points = horizons.filter(({ count }) => count > 0);
  const [first] = points;
  const last = points.at(-1);
  if (fitted === undefined || first === undefined || last === undefined || first === last) return;
  const { pen, width, height } = fitted;
  const floorRad = 1e-4;
  const errors = points.flatMap((point) => curves.map(({ key }) => Math.max(point[key], floorRad)));
  const low = Math.log(Math.min(...errors)) - 0.2;
  const high = Math.log(Math.max(...errors)) + 0.2;
  const x = (horizonMs: number): number =>
    34 +
    ((Math.log(horizonMs) - Math.log(first.horizonMs)) /
      (Math.log(last.horizonMs) - Math.log(first.horizonMs))) *
      (width - 44);
  const y = (error: number): number =>
    6 + ((high - Math.log(Math.max(error, floorRad))) / (high - low)) * (height - 24);
  pen.font = "11px system-ui, 'DejaVu Sans', sans-serif";
  pen.fillStyle = colours.muted;
  pen.strokeStyle = colours.line;
  pen.textAlign = "right";
  for (const mrad of [0.1, 1, 10, 100, 1000]) {
    const at = y(mrad / 1000);
    if (at < 6 || at > height - 18) continue;
    pen.beginPath();
    pen.moveTo(34, at);
    pen.lineTo(width - 10, at);
    pen.stroke();
    pen.fillText(String(mrad), 28, at + 4);
  }
  pen.textAlign = "center";
  for (const { horizonMs } of [first, last]) {
    pen.fillText(
      `+${horizonMs.toFixed(0)} ms`,
      Math.min(Math.max(x(horizonMs), 54), width - 30),
      height - 3,
    );
  }
  for (const { key, colour, dash } of curves) {
    pen.beginPath();
    for (const point of points) pen.lineTo(x(point.horizonMs), y(point[key]));
    pen.strokeStyle = colour;
    pen.lineWidth = key === "modelRmsRad" ? 2 : 1.4;
    pen.setLineDash([...dash]);
    pen.stroke();
    pen.setLineDash([]);
  }
}

const percent = (ratio: number): string =>
  Number.isFinite(ratio) ? `${(ratio * 100).toFixed(1)} %` : "–";

import type { HorizonScore } from "../client/index.ts";
import { colours } from "./colours.ts";
import { fitCanvas } from "./dom.ts";
import { aheadText } from "./words.ts";

const left = 40;

const curves = [
  { key: "constantVelocityRmsRad", colour: "setpoint", dash: [2, 3] },
  { key: "holdRmsRad", colour: "muted", dash: [5, 4] },
  { key: "modelRmsRad", colour: "ahead", dash: [] },
] as const;

/** Error over horizon, both logarithmic: baselines and model differ by tens. */
export function drawScoreChart(canvas: HTMLCanvasElement, points: readonly HorizonScore[]): void {
  const fitted = fitCanvas(canvas);
  const [first] = points;
  const last = points.at(-1);
  if (fitted === undefined || first === undefined || last === undefined || first === last) return;
  const { pen, width, height } = fitted;
  const floorRad = 1e-4;
  const errors = points.flatMap((point) => curves.map(({ key }) => Math.max(point[key], floorRad)));
  const low = Math.log(Math.min(...errors)) - 0.2;
  const high = Math.log(Math.max(...errors)) + 0.2;
  const x = (horizonMs: number): number =>
    left +
    ((Math.log(horizonMs) - Math.log(first.horizonMs)) /
      (Math.log(last.horizonMs) - Math.log(first.horizonMs))) *
      (width - left - 10);
  const y = (error: number): number =>
    6 + ((high - Math.log(Math.max(error, floorRad))) / (high - low)) * (height - 24);
  pen.font = "11px system-ui, sans-serif";
  pen.fillStyle = colours.muted;
  pen.strokeStyle = colours.line;
  pen.textAlign = "right";
  for (const deg of [0.01, 0.1, 1, 10, 100]) {
    const at = y((deg * Math.PI) / 180);
    if (at < 6 || at > height - 18) continue;
    pen.beginPath();
    pen.moveTo(left, at);
    pen.lineTo(width - 10, at);
    pen.stroke();
    pen.fillText(`${deg}°`, left - 6, at + 4);
  }
  pen.textAlign = "center";
  for (const { horizonMs } of [first, last]) {
    pen.fillText(
      aheadText(horizonMs),
      Math.min(Math.max(x(horizonMs), left + 20), width - 30),
      height - 3,
    );
  }
  for (const { key, colour, dash } of curves) {
    pen.beginPath();
    for (const point of points) pen.lineTo(x(point.horizonMs), y(point[key]));
    pen.strokeStyle = colours[colour];
    pen.lineWidth = key === "modelRmsRad" ? 2 : 1.4;
    pen.setLineDash([...dash]);
    pen.stroke();
    pen.setLineDash([]);
  }
}

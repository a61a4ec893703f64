import type { PredictionPayload } from "../client/index.ts";
import { colours } from "./colours.ts";
import { fitCanvas, make } from "./dom.ts";
import { fixed } from "./words.ts";
import { niceStep, TimeSeries, widen } from "./time-series.ts";

const pastMs = 4000;
const futureMs = 1400;
/** How far back the echo looks: the curve shows what was expected of each moment this long before it. */
const echoMs = 400;
const minSpanRad = 0.12;
// 90 % of a normal distribution lies within this many standard deviations.
const bandSigmas = 1.645;
const stalePredictionMs = 1000;
const degPerRad = 180 / Math.PI;
const plotFont = "11px system-ui, sans-serif";
const margin = { left: 44, right: 8, top: 6, bottom: 18 };

/** The part of a prediction that concerns one joint. */
interface JointPrediction {
  readonly stampMs: number;
  readonly stepMs: number;
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

interface Scale {
  readonly x: (timeMs: number) => number;
  readonly y: (value: number) => number;
  readonly width: number;
  readonly height: number;
}

/** One joint over time: measured and setpoint up to now, the prediction with its band after it. */
export class JointPlot {
  readonly element: HTMLElement;
  readonly #canvas: HTMLCanvasElement;
  readonly #measured = new TimeSeries(pastMs + 500);
  readonly #setpoint = new TimeSeries(pastMs + 500);
  readonly #echo = new TimeSeries(pastMs + 500 + echoMs);
  #prediction: JointPrediction | undefined;
  #range: { low: number; high: number } | undefined;

  constructor(name: string) {
    this.element = make("div", { className: "canvas-box" });
    this.#canvas = make("canvas");
    this.#canvas.setAttribute("role", "img");
    this.#canvas.setAttribute("aria-label", `${name}: measured and predicted angle over time`);
    this.element.append(this.#canvas);
  }

  /** Measured now, commanded now, undefined before anything came. */
  get latest(): { readonly measuredRad: number; readonly setpointRad: number } | undefined {
    const [measuredRad, setpointRad] = [this.#measured.latest, this.#setpoint.latest];
    if (measuredRad === undefined || setpointRad === undefined) return undefined;
    return { measuredRad, setpointRad };
  }

  /** What is expected `aheadMs` after the newest observation; undefined while nothing fresh is. */
  expected(
    nowMs: number,
    aheadMs: number,
  ): { readonly meanRad: number; readonly stdRad: number } | undefined {
    const prediction = this.#fresh(nowMs);
    if (prediction === undefined) return undefined;
    const index = Math.max(1, Math.round(aheadMs / prediction.stepMs)) - 1;
    const [meanRad, stdRad] = [prediction.mean[index], prediction.deviation[index]];
    return meanRad === undefined || stdRad === undefined ? undefined : { meanRad, stdRad };
  }

  addState(stampMs: number, posRad: number, setpointRad: number): void {
    this.#measured.push(stampMs, posRad);
    this.#setpoint.push(stampMs, setpointRad);
  }

  addPrediction(prediction: PredictionPayload, axis: number): void {
    const { stampMs, stepMs, horizonSteps, axisNames } = prediction;
    const column = (data: ArrayLike<number>): number[] =>
      Array.from(
        { length: horizonSteps },
        (_, k) => data[k * axisNames.length + axis] ?? Number.NaN,
      );
    const mean = column(prediction.meanPosRad.data);
    const deviation = column(prediction.stdPosRad.data);
    this.#prediction = { stampMs, stepMs, mean, deviation };
    const echo = mean[Math.round(echoMs / stepMs) - 1];
    if (echo !== undefined) this.#echo.push(stampMs + echoMs, echo);
  }

  /** @param nowMs on the server's scale. @param aheadMs the chosen horizon. */
  draw(nowMs: number, aheadMs: number): void {
    const fitted = fitCanvas(this.#canvas);
    if (fitted === undefined) return;
    const { pen, width, height } = fitted;
    const range = this.#smoothRange(nowMs);
    const plotWidth = width - margin.left - margin.right;
    const plotHeight = height - margin.top - margin.bottom;
    const scale: Scale = {
      x: (timeMs) => margin.left + ((timeMs - nowMs + pastMs) / (pastMs + futureMs)) * plotWidth,
      y: (value) => margin.top + ((range.high - value) / (range.high - range.low)) * plotHeight,
      width,
      height,
    };
    drawGrid(pen, scale, range, nowMs);
    drawHorizon(pen, scale, nowMs + aheadMs);
    pen.save();
    pen.beginPath();
    pen.rect(margin.left, margin.top, plotWidth, plotHeight);
    pen.clip();
    this.#drawPrediction(pen, scale, nowMs);
    drawCurve(pen, scale, this.#echo, { colour: colours.ahead, dash: [1.5, 3], untilMs: nowMs });
    drawCurve(pen, scale, this.#setpoint, {
      colour: colours.setpoint,
      dash: [5, 4],
      untilMs: nowMs,
    });
    drawCurve(pen, scale, this.#measured, { colour: colours.measured, dash: [], untilMs: nowMs });
    pen.restore();
  }

  #fresh(nowMs: number): JointPrediction | undefined {
    const prediction = this.#prediction;
    if (prediction === undefined) return undefined;
    return Math.abs(nowMs - prediction.stampMs) > stalePredictionMs ? undefined : prediction;
  }

  #drawPrediction(pen: CanvasRenderingContext2D, scale: Scale, nowMs: number): void {
    const prediction = this.#fresh(nowMs);
    if (prediction === undefined) return;
    const { stampMs, stepMs, mean, deviation } = prediction;
    const timeOf = (k: number): number => stampMs + (k + 1) * stepMs;
    pen.beginPath();
    mean.forEach((value, k) => {
      pen.lineTo(scale.x(timeOf(k)), scale.y(value + bandSigmas * (deviation[k] ?? 0)));
    });
    for (let k = mean.length - 1; k >= 0; k -= 1) {
      const value = (mean[k] ?? 0) - bandSigmas * (deviation[k] ?? 0);
      pen.lineTo(scale.x(timeOf(k)), scale.y(value));
    }
    pen.closePath();
    pen.fillStyle = colours.ahead;
    pen.globalAlpha = 0.2;
    pen.fill();
    pen.globalAlpha = 1;
    pen.beginPath();
    mean.forEach((value, k) => {
      pen.lineTo(scale.x(timeOf(k)), scale.y(value));
    });
    pen.strokeStyle = colours.ahead;
    pen.lineWidth = 2;
    pen.stroke();
  }

  /** Grows at once, shrinks slowly: a plot that jumps is hard to read. */
  #smoothRange(nowMs: number): { low: number; high: number } {
    const wanted = this.#wantedRange(nowMs);
    const range = (this.#range ??= { ...wanted });
    range.low = wanted.low < range.low ? wanted.low : range.low + (wanted.low - range.low) * 0.05;
    range.high =
      wanted.high > range.high ? wanted.high : range.high + (wanted.high - range.high) * 0.05;
    return range;
  }

  #wantedRange(nowMs: number): { low: number; high: number } {
    const range = { low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY };
    for (const series of [this.#measured, this.#setpoint, this.#echo]) {
      for (const { timeMs, value } of series.points) {
        if (timeMs >= nowMs - pastMs && timeMs <= nowMs) widen(range, value);
      }
    }
    const prediction = this.#fresh(nowMs);
    prediction?.mean.forEach((value, k) => {
      widen(range, value - bandSigmas * (prediction.deviation[k] ?? 0));
      widen(range, value + bandSigmas * (prediction.deviation[k] ?? 0));
    });
    if (range.low > range.high) return { low: -minSpanRad, high: minSpanRad };
    const middle = (range.low + range.high) / 2;
    const half = Math.max(minSpanRad, (range.high - range.low) * 1.12) / 2;
    return { low: middle - half, high: middle + half };
  }
}

function drawGrid(
  pen: CanvasRenderingContext2D,
  scale: Scale,
  range: { readonly low: number; readonly high: number },
  nowMs: number,
): void {
  const bottom = scale.height - margin.bottom;
  const right = scale.width - margin.right;
  pen.font = plotFont;
  pen.lineWidth = 1;
  pen.strokeStyle = colours.line;
  pen.fillStyle = colours.muted;
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  const step = niceStep((range.high - range.low) * degPerRad, scale.height / 44);
  const decimals = Math.max(0, Math.ceil(-Math.log10(step)));
  const first = Math.ceil((range.low * degPerRad) / step) * step;
  for (let deg = first; deg <= range.high * degPerRad; deg += step) {
    const y = Math.round(scale.y(deg / degPerRad)) + 0.5;
    line(pen, margin.left, y, right, y);
    pen.fillText(`${fixed(deg, decimals)}°`, margin.left - 6, y);
  }
  pen.textBaseline = "alphabetic";
  pen.textAlign = "center";
  for (let second = -pastMs / 1000; second <= futureMs / 1000; second += 1) {
    const x = Math.round(scale.x(nowMs + second * 1000)) + 0.5;
    line(pen, x, bottom, x, bottom + 3);
    const text = second === 0 ? "now" : `${second > 0 ? "+" : ""}${second} s`;
    pen.fillText(text, Math.max(x, margin.left + 8), scale.height - 4);
  }
  const x = Math.round(scale.x(nowMs)) + 0.5;
  pen.strokeStyle = colours.muted;
  pen.globalAlpha = 0.7;
  line(pen, x, margin.top, x, bottom);
  pen.globalAlpha = 1;
}

/** Where on the time axis the dial's needle and the predicted picture are. */
function drawHorizon(pen: CanvasRenderingContext2D, scale: Scale, timeMs: number): void {
  const x = Math.round(scale.x(timeMs)) + 0.5;
  pen.strokeStyle = colours.ahead;
  pen.globalAlpha = 0.7;
  pen.setLineDash([2, 3]);
  line(pen, x, margin.top, x, scale.height - margin.bottom);
  pen.setLineDash([]);
  pen.globalAlpha = 1;
}

function drawCurve(
  pen: CanvasRenderingContext2D,
  scale: Scale,
  series: TimeSeries,
  style: { readonly colour: string; readonly dash: readonly number[]; readonly untilMs: number },
): void {
  pen.beginPath();
  for (const { timeMs, value } of series.points) {
    if (timeMs > style.untilMs) break;
    pen.lineTo(scale.x(timeMs), scale.y(value));
  }
  pen.strokeStyle = style.colour;
  pen.lineWidth = 1.6;
  pen.lineJoin = "round";
  pen.setLineDash([...style.dash]);
  pen.stroke();
  pen.setLineDash([]);
}

function line(pen: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  pen.beginPath();
  pen.moveTo(x1, y1);
  pen.lineTo(x2, y2);
  pen.stroke();
}

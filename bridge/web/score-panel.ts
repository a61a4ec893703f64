import type { HorizonScore, ScorePayload } from "../client/index.ts";
import { drawScoreChart } from "./score-chart.ts";
import { canvasById, elementById, make, setText } from "./dom.ts";
import {
  aheadText,
  coverageWords,
  notJudged,
  percentText,
  skillGain,
  skillWords,
} from "./words.ts";

/** Horizon near which the model is compared with its baselines in one sentence. */
const headlineMs = 400;
const maxRows = 3;

/** How good the predictions were lately: one sentence, one chart, one table. */
export function showScore(score: ScorePayload): void {
  const judged = score.horizons.filter(({ count }) => count > 0);
  setText(elementById("coverage"), percentText(score.coverageRatio));
  setText(elementById("coverage-words"), coverageWords(score.coverageRatio));
  setText(elementById("score-window"), `${score.windowS.toFixed(0)} s`);
  const headline = nearest(judged, headlineMs);
  setText(elementById("skill"), headline === undefined ? "–" : gainText(headline));
  const words = headline === undefined ? notJudged : skillWords(headline);
  setText(elementById("skill-words"), words);
  elementById("model").toggleAttribute("data-degraded", score.degraded);
  elementById("degraded").hidden = !score.degraded;
  elementById("score-rows").replaceChildren(...spread(judged).map(rowOf));
  drawScoreChart(canvasById("score-chart"), judged);
}

function gainText(horizon: HorizonScore): string {
  const gain = skillGain(horizon);
  return Number.isFinite(gain) ? `${gain.toFixed(1)}×` : "–";
}

function nearest(horizons: readonly HorizonScore[], ms: number): HorizonScore | undefined {
  let best = horizons[0];
  for (const horizon of horizons) {
    const distance = Math.abs(horizon.horizonMs - ms);
    if (best !== undefined && distance < Math.abs(best.horizonMs - ms)) best = horizon;
  }
  return best;
}

function rowOf(horizon: HorizonScore): HTMLTableRowElement {
  const row = make("tr");
  const errors = [horizon.modelRmsRad, horizon.holdRmsRad, horizon.constantVelocityRmsRad];
  const best = Math.min(...errors);
  const head = make("th", { text: aheadText(horizon.horizonMs) });
  head.scope = "row";
  row.append(head);
  for (const error of errors) {
    const text = ((error * 180) / Math.PI).toFixed(2);
    row.append(make("td", { text, className: error === best ? "best" : "" }));
  }
  row.append(make("td", { text: percentText(horizon.coverageRatio) }));
  return row;
}

/** A few of many, the first and the last among them. */
function spread(horizons: readonly HorizonScore[]): readonly HorizonScore[] {
  if (horizons.length <= maxRows) return horizons;
  return Array.from({ length: maxRows }, (_, i) => {
    return horizons[Math.round((i * (horizons.length - 1)) / (maxRows - 1))];
  }).filter((horizon) => horizon !== undefined);
}

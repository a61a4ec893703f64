import type { StatusPayload } from "../client/index.ts";
import { elementById, make, setPill, setText } from "./dom.ts";
import { durationText, msText, reasonsText, type Tone } from "./words.ts";

const healthTones: Readonly<Record<StatusPayload["health"], Tone>> = {
  ok: "good",
  degraded: "warn",
  failed: "bad",
};

/** A thing that is over by the next report was not worth a banner. */
const reportsUntilTold = 2;
let unwellCount = 0;

/** Says in the picture what is wrong with the service, while it is. */
export function showWellness({ health, reasons }: Pick<StatusPayload, "health" | "reasons">): void {
  unwellCount = health === "ok" ? 0 : unwellCount + 1;
  elementById("unwell").hidden = unwellCount < reportsUntilTold;
  setText(elementById("unwell-text"), reasonsText(reasons));
}

/** Which model, engine, transport and simulator run, and why not others. */
export function showStatus(status: StatusPayload): void {
  const { health, model, engine } = status;
  const text = health === "ok" ? "all parts run" : health;
  setPill(elementById("health"), { text, tone: healthTones[health] });
  setText(elementById("model-name"), model === null ? "No model" : model.id);
  setText(elementById("provider"), engine === null ? "" : `on ${engine.provider}`);
  const hasPictures = model?.preview !== "none";
  const none = hasPictures ? "No predicted picture" : "This model predicts no pictures";
  setText(elementById("no-prediction"), none);
  setText(elementById("latency"), `in ${msText(status.loop.inferMsP50)} ms`);
  const facts = factsOf(status).flatMap(([name, value]) => [
    make("dt", { text: name }),
    make("dd", { text: value }),
  ]);
  elementById("facts").replaceChildren(...facts);
  const reasons = [...status.reasons, ...(engine?.fallbackReasons ?? [])];
  elementById("reasons").replaceChildren(...reasons.map((reason) => make("li", { text: reason })));
}

function factsOf(status: StatusPayload): readonly (readonly [string, string])[] {
  const { model, engine, ros, loop, actuation } = status;
  return [
    ["Model", model === null ? "none" : `${model.id}, ${model.revision}, ${model.family}`],
    ["sha256", model === null ? "–" : model.sha256.slice(0, 16)],
    [
      "Provider",
      engine === null
        ? "none"
        : `${engine.provider} (${`${engine.name} ${engine.version}`.trim()})`,
    ],
    ["Latency", `${msText(loop.inferMsP50)} ms, 99 % within ${msText(loop.inferMsP99)} ms`],
    [
      "Predictions",
      `${loop.predictionsPublished}, last ${msText(loop.lastPredictionAgeMs)} ms ago, ${loop.heldCount} held back`,
    ],
    ["Delay made up for", `${msText(loop.lookaheadMs)} ms from command to motion`],
    ["ROS 2", rosText(ros)],
    ["Simulator", status.simulator ?? "none"],
    [
      "Actuation",
      `tick late ${msText(actuation.tickLateMsP99)} ms, ${actuation.expiredCount} expired, ${actuation.limitedCount} limited`,
    ],
    ["Up", durationText(status.uptimeS * 1000)],
  ];
}

function rosText(ros: StatusPayload["ros"]): string {
  if (ros === null) return "off";
  const { transport, domainId, discoveryRange, peerCount } = ros;
  return `${transport}, domain ${domainId}, ${discoveryRange.toLowerCase()}, ${peerCount} peers`;
}

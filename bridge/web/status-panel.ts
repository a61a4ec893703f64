import type { StatusPayload } from "../client/index.ts";
import { elementById, make, setPill } from "./dom.ts";

const healthTones = { ok: "good", degraded: "warn", failed: "bad" } as const;

/** Which model, engine, transport and simulator run, and why not others. */
export function showStatus(status: StatusPayload): void {
  setPill(elementById("health"), status.health, healthTones[status.health]);
  const facts = factsOf(status).flatMap(([name, value]) => [
    make("dt", { text: name }),
    make("dd", { text: value }),
  ]);
  elementById("facts").replaceChildren(...facts);
  const reasons = [...status.reasons, ...(status.engine?.fallbackReasons ?? [])];
  elementById("reasons").replaceChildren(...reasons.map((text) => make("li", { text })));
}

function factsOf(status: StatusPayload): readonly (readonly [string, string])[] {
  const { model, engine, ros, loop, actuation } = status;
  return [
    ["model", model === null ? "none" : `${model.id} r${model.revision} · ${model.family}`],
    ["sha256", model === null ? "–" : model.sha256.slice(0, 16)],
    ["engine", engine === null ? "none" : `${engine.provider} · ${engine.name} ${engine.version}`],
    ["inference", `p50 ${ms(loop.inferMsP50)} · p99 ${ms(loop.inferMsP99)}`],
    [
      "predictions",
      `${loop.predictionsPublished} · last ${ms(loop.lastPredictionAgeMs)} ago · ${loop.heldCount} held`,
    ],
    ["lookahead", ms(loop.lookaheadMs)],
    [
      "ROS 2",
      ros === null ? "off" : `${ros.transport} · domain ${ros.domainId} · ${ros.discoveryRange}`,
    ],
    ["", ros === null ? "" : `peers: ${ros.peerCount} · ${ros.reason}`],
    ["simulator", status.simulator ?? "none"],
    [
      "actuation",
      `${actuation.mode} · tick late p99 ${ms(actuation.tickLateMsP99)} · ${actuation.expiredCount} expired · ${actuation.limitedCount} limited`,
    ],
    ["up", uptime(status.uptimeS)],
  ];
}

function ms(value: number | null): string {
  if (value === null) return "–";
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}

function uptime(seconds: number): string {
  if (seconds < 120) return `${seconds.toFixed(0)} s`;
  const minutes = seconds / 60;
  return minutes < 120 ? `${minutes.toFixed(0)} min` : `${(minutes / 60).toFixed(1)} h`;
}

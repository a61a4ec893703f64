import { ActuationMode } from "../contract/actuation.ts";
import { refusalText, type ModelStatus } from "../contract/model-status.ts";
import { agentProblems } from "./agent-status.ts";
import { actuationField, modeName, type ServiceSnapshot } from "./service-status.ts";

/** No prediction for this long is a fault of the loop, not jitter. */
const stalePredictionMs = 500;

/** What is wrong, in words; empty when all is well. */
export function healthProblems(snapshot: ServiceSnapshot): string[] {
  const found = [...snapshot.faults, ...agentProblems(snapshot.agents)];
  if (snapshot.injectedFaults.length > 0) {
    found.push(`faults are injected on purpose: ${snapshot.injectedFaults.join(", ")}`);
  }
  const ageMs = lastPredictionAgeMs(snapshot);
  if (ageMs === null || ageMs > stalePredictionMs) found.push("no recent prediction");
  if (snapshot.modelStatus.state === "absent") found.push("the world model is being restarted");
  if (snapshot.score.degraded) found.push("predictions miss their 90 % interval");
  if (actuationField(snapshot, "mode") === ActuationMode.Fault) found.push("actuation is in fault");
  return found;
}

/** Null before the first. */
export function lastPredictionAgeMs(snapshot: ServiceSnapshot): number | null {
  if (snapshot.loop.predictedCount === 0) return null;
  return Math.round(snapshot.nowMs - snapshot.loop.lastPredictionMs);
}

/** The body of /healthz. `status` is `ok` or `degraded`; the reasons are listed. */
export function healthReport(snapshot: ServiceSnapshot): Readonly<Record<string, unknown>> {
  const { model, ros } = snapshot;
  const reasons = healthProblems(snapshot);
  return {
    status: reasons.length === 0 ? "ok" : "degraded",
    reasons,
    version: snapshot.version,
    uptimeS: Math.round(snapshot.uptimeS * 10) / 10,
    model: { id: model.id, revision: model.revision, sha256: model.sha256, stepS: model.stepS },
    engine: model.engine,
    provider: model.engine.provider,
    ladder: ladderReport(snapshot.modelStatus),
    ros: ros === undefined ? { transport: "off" } : ros.info,
    predictionsPublished: snapshot.loop.predictedCount,
    lastPredictionAgeMs: lastPredictionAgeMs(snapshot),
    lookaheadMs: snapshot.lookaheadMs,
    authority: snapshot.authority,
    device: {
      id: snapshot.deviceId,
      profile: snapshot.deviceProfile,
      driver: snapshot.driver,
      mode: modeName(snapshot),
    },
  };
}

/** Which providers do not serve and why, what is being built, and how the running one fares. */
function ladderReport({ refusals, building, ...counts }: ModelStatus) {
  return {
    ...counts,
    building: building ?? null,
    lastUseError: counts.lastUseError ?? null,
    refusals: refusals.map((refusal) => ({ ...refusal, text: refusalText(refusal) })),
  };
}

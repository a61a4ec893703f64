import { ActuationMode } from "../contract/actuation.ts";
import type { DiagnosticEntry } from "../contract/diagnostics.ts";
import { refusalText, type GraphShare } from "../contract/model-status.ts";
import type { HorizonScore } from "./prediction-score.ts";
import { healthProblems } from "./service-health.ts";
import { actuationField, modeName, shownHorizons, type ServiceSnapshot } from "./service-status.ts";

/**
 * What goes to /diagnostics once a second, and when a part fails or the device changes its mode. Each
 * name occurs once, as an aggregator keeps the last of each.
 */
export function diagnosticEntries(snapshot: ServiceSnapshot): readonly DiagnosticEntry[] {
  const { model, loop, score, ros } = snapshot;
  const stale = healthProblems(snapshot).includes("no recent prediction");
  const mode = actuationField(snapshot, "mode");
  return [
    {
      name: "kairos_bridge: world model",
      level: stale ? "stale" : score.degraded ? "warn" : "ok",
      message: stale
        ? "no recent prediction"
        : score.degraded
          ? "predictions miss their 90 % interval"
          : "predicting",
      values: {
        model: `${model.id} ${model.revision}`,
        sha256: model.sha256,
        engine: `${model.engine.name} ${model.engine.version}`,
        provider: model.engine.provider,
        fallback: model.engine.fallbackReasons.join("; "),
        ...ladderValues(snapshot),
        predictions: String(loop.predictedCount),
        held: String(loop.heldCount),
        lookahead_ms: String(snapshot.lookaheadMs),
      },
    },
    {
      name: "kairos_bridge: prediction score",
      level: score.degraded ? "warn" : "ok",
      message: score.degraded ? "coverage is below 70 %" : "rolling error against baselines",
      values: {
        plan_held: score.planHeldRatio.toFixed(3),
        ...Object.fromEntries(shownHorizons(score).flatMap(scoreValues)),
      },
    },
    {
      name: "kairos_bridge: actuation",
      level:
        mode === ActuationMode.Fault ? "error" : mode === ActuationMode.Latched ? "warn" : "ok",
      message: modeName(snapshot),
      values: {
        device: `${snapshot.deviceId} (${snapshot.deviceProfile}, ${snapshot.driver})`,
        ticks: String(actuationField(snapshot, "tickCount")),
        missed_ticks: String(actuationField(snapshot, "missedTickCount")),
        late_ms_p99: actuationField(snapshot, "lateMsP99").toFixed(2),
        late_ms_max: actuationField(snapshot, "lateMsMax").toFixed(2),
        expired_commands: String(actuationField(snapshot, "expiredCount")),
        stall_stops: String(actuationField(snapshot, "stallStopCount")),
        authority: snapshot.authority.owner ?? "nobody",
      },
    },
    {
      name: "kairos_bridge: transport",
      level: ros?.stats.host?.state === "restarting" ? "error" : "ok",
      message: ros === undefined ? "ROS 2 is off" : `${ros.info.transport}: ${ros.info.reason}`,
      values:
        ros === undefined
          ? {}
          : {
              domain_id: String(ros.info.domainId),
              discovery_range: ros.info.discoveryRange,
              peers: String(ros.stats.peerCount),
              malformed_datagrams: String(ros.stats.malformedCount),
              ...(ros.stats.host === undefined
                ? {}
                : {
                    host_restarts: String(ros.stats.host.restartCount),
                    host_last_exit: ros.stats.host.lastExit ?? "none",
                  }),
            },
    },
    ...injectionEntries(snapshot),
    ...snapshot.faults.map(faultEntry),
  ];
}

/** Faults come as `part: what is wrong`. */
function faultEntry(fault: string): DiagnosticEntry {
  const [part = ""] = fault.split(":", 1);
  return { name: `kairos_bridge: fault of ${part}`, level: "error", message: fault, values: {} };
}

function ladderValues({ model, modelStatus }: ServiceSnapshot): Record<string, string> {
  const { refusals, building } = modelStatus;
  return {
    refused: refusals.map(refusalText).join("; "),
    building: building === undefined ? "" : building.providers.join(", "),
    nodes: (model.engine.graphs ?? []).map(shareText).join("; "),
    swaps: String(modelStatus.swapCount),
    restarts: String(modelStatus.restartCount),
    missed_ticks: String(modelStatus.missedCount),
    ended_runs: String(modelStatus.terminatedCount),
    tick_budget_ms: String(modelStatus.tickBudgetMs),
    last_use_error: modelStatus.lastUseError ?? "",
  };
}

function shareText({ graph, nodeCounts }: GraphShare): string {
  if (nodeCounts === undefined) return `${graph}: not told`;
  const counts = Object.entries(nodeCounts).map(([name, count]) => `${name} ${count}`);
  return `${graph}: ${counts.join(", ")}`;
}

function injectionEntries({ injectedFaults }: ServiceSnapshot): readonly DiagnosticEntry[] {
  if (injectedFaults.length === 0) return [];
  return [
    {
      name: "kairos_bridge: fault injection",
      level: "warn",
      message: "faults are injected on purpose: nothing here is to be trusted",
      values: Object.fromEntries(injectedFaults.map((text, index) => [`fault_${index + 1}`, text])),
    },
  ];
}

function scoreValues(horizon: HorizonScore): [string, string][] {
  const key = `${Math.round(horizon.aheadS * 1000)}_ms`;
  return [
    [`rmse_rad_${key}`, horizon.modelRmseRad.toFixed(5)],
    [`hold_rmse_rad_${key}`, horizon.holdRmseRad.toFixed(5)],
    [`constant_velocity_rmse_rad_${key}`, horizon.constantVelocityRmseRad.toFixed(5)],
    [`coverage_90_${key}`, horizon.coverageRatio.toFixed(3)],
  ];
}

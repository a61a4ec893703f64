import { ActuationMode, ActuationStatusField } from "../contract/actuation.ts";
import type { DiagnosticEntry } from "../contract/diagnostics.ts";
import type { RosTransportInfo, RosTransportStats } from "../contract/ros-transport.ts";
import type { WorldModelDescription } from "../contract/world-model.ts";
import type { PredictionLoopStats } from "./prediction-loop.ts";
import type { MetricFamily } from "./prometheus.ts";
import type { HorizonScore, ScoreSnapshot } from "./prediction-score.ts";

/** Everything the service can say of itself at one moment; the three reports below are views of it. */
export interface ServiceSnapshot {
  readonly version: string;
  readonly uptimeS: number;
  readonly nowMs: number;
  readonly deviceId: string;
  readonly deviceProfile: string;
  readonly driver: string;
  readonly model: WorldModelDescription;
  readonly loop: PredictionLoopStats;
  readonly score: ScoreSnapshot;
  readonly lookaheadMs: number;
  /** In the order of `ActuationStatusField`. */
  readonly actuation: Float64Array;
  /** Undefined when ROS is off. */
  readonly ros: { readonly info: RosTransportInfo; readonly stats: RosTransportStats } | undefined;
  readonly inferMs: { readonly p50: number | null; readonly p99: number | null };
  readonly authority: {
    readonly owner: string | null;
    readonly stale: boolean;
    readonly latched: boolean;
    readonly clientCount: number;
  };
  readonly simulator: {
    readonly name: string;
    readonly overrunCount: number;
    readonly lateMsMax: number;
  };
  readonly eventLoopDelayMsP99: number;
  readonly residentBytes: number;
  /** Parts that have failed, in words. */
  readonly faults: readonly string[];
  /** What is made to fail on purpose, in the grammar of the fault layer; empty in earnest. */
  readonly injectedFaults: readonly string[];
}

/** Steps shown to people: enough to see the trend, few enough to read. */
const shownSteps = [1, 2, 4, 8, 16, 24, 32];
/** No prediction for this long is a fault of the loop, not jitter. */
const stalePredictionMs = 500;

const modeName = (mode: number): string =>
  Object.entries(ActuationMode)
    .find(([, value]) => value === mode)?.[0]
    .toLowerCase() ?? "unknown";

const field = (snapshot: ServiceSnapshot, name: keyof typeof ActuationStatusField): number =>
  snapshot.actuation[ActuationStatusField[name]] ?? 0;

export function shownHorizons(score: ScoreSnapshot): readonly HorizonScore[] {
  return score.horizons.filter((horizon) => shownSteps.includes(horizon.step));
}

/** What is wrong, in words; empty when all is well. */
export function healthProblems(snapshot: ServiceSnapshot): string[] {
  const found = [...snapshot.faults];
  if (snapshot.injectedFaults.length > 0) {
    found.push(`faults are injected on purpose: ${snapshot.injectedFaults.join(", ")}`);
  }
  const ageMs = lastPredictionAgeMs(snapshot);
  if (ageMs === null || ageMs > stalePredictionMs) found.push("no recent prediction");
  if (snapshot.score.degraded) found.push("predictions miss their 90 % interval");
  if (field(snapshot, "mode") === ActuationMode.Fault) found.push("actuation is in fault");
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
    ros: ros === undefined ? { transport: "off" } : ros.info,
    predictionsPublished: snapshot.loop.predictedCount,
    lastPredictionAgeMs: lastPredictionAgeMs(snapshot),
    lookaheadMs: snapshot.lookaheadMs,
    authority: snapshot.authority,
    device: {
      id: snapshot.deviceId,
      profile: snapshot.deviceProfile,
      driver: snapshot.driver,
      mode: modeName(field(snapshot, "mode")),
    },
  };
}

/** What goes to /diagnostics once a second. */
export function diagnosticEntries(snapshot: ServiceSnapshot): readonly DiagnosticEntry[] {
  const { model, loop, score, ros } = snapshot;
  const stale = healthProblems(snapshot).includes("no recent prediction");
  const mode = field(snapshot, "mode");
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
      message: modeName(mode),
      values: {
        device: `${snapshot.deviceId} (${snapshot.deviceProfile}, ${snapshot.driver})`,
        ticks: String(field(snapshot, "tickCount")),
        missed_ticks: String(field(snapshot, "missedTickCount")),
        late_ms_p99: field(snapshot, "lateMsP99").toFixed(2),
        late_ms_max: field(snapshot, "lateMsMax").toFixed(2),
        expired_commands: String(field(snapshot, "expiredCount")),
        stall_stops: String(field(snapshot, "stallStopCount")),
        authority: snapshot.authority.owner ?? "nobody",
      },
    },
    {
      name: "kairos_bridge: transport",
      level: "ok",
      message: ros === undefined ? "ROS 2 is off" : `${ros.info.transport}: ${ros.info.reason}`,
      values:
        ros === undefined
          ? {}
          : {
              domain_id: String(ros.info.domainId),
              discovery_range: ros.info.discoveryRange,
              peers: String(ros.stats.peerCount),
              malformed_datagrams: String(ros.stats.malformedCount),
            },
    },
    ...injectionEntries(snapshot),
    ...snapshot.faults.map((fault) => ({
      name: "kairos_bridge: fault",
      level: "error" as const,
      message: fault,
      values: {},
    })),
  ];
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

/** What /metrics shows. Names follow Prometheus' rules: base units, `_total` for counters. */
export function metricFamilies(snapshot: ServiceSnapshot): readonly MetricFamily[] {
  const { loop, model, ros } = snapshot;
  const one = (value: number): MetricFamily["samples"] => [{ value }];
  return [
    family("kairos_info", "gauge", "Always 1; what runs is in the labels.", [
      {
        labels: {
          version: snapshot.version,
          model: model.id,
          revision: model.revision,
          engine: model.engine.name,
          provider: model.engine.provider,
          ros: ros?.info.transport ?? "off",
          driver: snapshot.driver,
        },
        value: 1,
      },
    ]),
    family("kairos_uptime_seconds", "gauge", "Time since start.", one(snapshot.uptimeS)),
    family("kairos_predictions_total", "counter", "Predictions made.", one(loop.predictedCount)),
    family("kairos_predictions_held_total", "counter", "Model steps without a prediction.", [
      { value: loop.heldCount },
    ]),
    family("kairos_model_resets_total", "counter", "Times the model state was reset.", [
      { value: loop.resetCount },
    ]),
    family("kairos_lookahead_seconds", "gauge", "Delay compensated by the predicted state.", [
      { value: snapshot.lookaheadMs / 1000 },
    ]),
    ...scoreFamilies(snapshot.score),
    ...actuationFamilies(snapshot),
    family("kairos_injected_faults", "gauge", "Faults made on purpose; 0 in earnest.", [
      { value: snapshot.injectedFaults.length },
    ]),
    family("kairos_control_clients", "gauge", "Clients on /v1/control.", [
      { value: snapshot.authority.clientCount },
    ]),
    family(
      "kairos_simulator_overruns_total",
      "counter",
      "Physics fell behind and was re-anchored.",
      [{ value: snapshot.simulator.overrunCount }],
    ),
    family(
      "kairos_event_loop_delay_seconds",
      "gauge",
      "p99 delay of the main thread's event loop.",
      [{ value: snapshot.eventLoopDelayMsP99 / 1000 }],
    ),
    family("process_resident_memory_bytes", "gauge", "Resident memory.", [
      { value: snapshot.residentBytes },
    ]),
    ...(ros === undefined ? [] : rosFamilies(ros.stats)),
  ];
}

function family(
  name: string,
  type: MetricFamily["type"],
  help: string,
  samples: MetricFamily["samples"],
): MetricFamily {
  return { name, type, help, samples };
}

function scoreFamilies(score: ScoreSnapshot): readonly MetricFamily[] {
  const rmse = score.horizons.flatMap((horizon) => {
    const ahead = horizon.aheadS.toFixed(2);
    return [
      { labels: { ahead_s: ahead, predictor: "model" }, value: horizon.modelRmseRad },
      { labels: { ahead_s: ahead, predictor: "hold" }, value: horizon.holdRmseRad },
      {
        labels: { ahead_s: ahead, predictor: "constant_velocity" },
        value: horizon.constantVelocityRmseRad,
      },
    ];
  });
  const coverage = score.horizons.map((horizon) => ({
    labels: { ahead_s: horizon.aheadS.toFixed(2) },
    value: horizon.coverageRatio,
  }));
  return [
    family("kairos_prediction_rmse_radians", "gauge", "Rolling joint error while moving.", rmse),
    family(
      "kairos_prediction_coverage_ratio",
      "gauge",
      "Share inside the 90 % interval.",
      coverage,
    ),
    family("kairos_prediction_plan_held_ratio", "gauge", "Share of plans nobody changed.", [
      { value: score.planHeldRatio },
    ]),
    family("kairos_prediction_degraded", "gauge", "1 while the model misses for long.", [
      { value: score.degraded ? 1 : 0 },
    ]),
  ];
}

function actuationFamilies(snapshot: ServiceSnapshot): readonly MetricFamily[] {
  const counter = (name: string, help: string, from: keyof typeof ActuationStatusField) =>
    family(name, "counter", help, [{ value: field(snapshot, from) }]);
  return [
    family("kairos_actuation_mode", "gauge", "1 for the mode in force.", [
      { labels: { mode: modeName(field(snapshot, "mode")) }, value: 1 },
    ]),
    counter("kairos_actuation_ticks_total", "Ticks of the actuation worker.", "tickCount"),
    counter("kairos_actuation_missed_ticks_total", "Ticks skipped being late.", "missedTickCount"),
    counter("kairos_commands_total", "Commands that reached the worker.", "commandCount"),
    counter("kairos_commands_expired_total", "Commands that ran out of time.", "expiredCount"),
    counter("kairos_commands_limited_total", "Commands clamped by a limit.", "limitedCount"),
    counter("kairos_stall_stops_total", "Stops because main was not heard.", "stallStopCount"),
    family("kairos_actuation_late_seconds", "gauge", "Lateness of the actuation tick.", [
      { labels: { quantile: "0.99" }, value: field(snapshot, "lateMsP99") / 1000 },
      { labels: { quantile: "1" }, value: field(snapshot, "lateMsMax") / 1000 },
    ]),
  ];
}

function rosFamilies(stats: RosTransportStats): readonly MetricFamily[] {
  const perTopic = (pick: (topic: RosTransportStats["topics"][number]) => number) =>
    stats.topics.map((topic) => ({ labels: { topic: topic.name }, value: pick(topic) }));
  return [
    family("kairos_ros_peers", "gauge", "DDS participants seen.", [{ value: stats.peerCount }]),
    family("kairos_ros_malformed_total", "counter", "Datagrams refused.", [
      { value: stats.malformedCount },
    ]),
    family(
      "kairos_ros_sent_total",
      "counter",
      "Samples published.",
      perTopic((topic) => topic.sentCount),
    ),
    family(
      "kairos_ros_resent_total",
      "counter",
      "Samples sent again.",
      perTopic((topic) => topic.resentCount),
    ),
    family(
      "kairos_ros_matched_readers",
      "gauge",
      "Readers matched.",
      perTopic((topic) => topic.matchedCount),
    ),
  ];
}

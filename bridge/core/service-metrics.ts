import type { ActuationStatusField } from "../contract/actuation.ts";
import type { RosTransportStats } from "../contract/ros-transport.ts";
import { agentFamilies } from "./agent-status.ts";
import type { ScoreSnapshot } from "./prediction-score.ts";
import type { MetricFamily } from "./prometheus.ts";
import { actuationField, modeName, type ServiceSnapshot } from "./service-status.ts";

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
    ...ladderFamilies(snapshot),
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
    family("process_cpu_seconds_total", "counter", "Processor time of all threads.", [
      { value: snapshot.processorS },
    ]),
    family("process_resident_memory_bytes", "gauge", "Resident memory.", [
      { value: snapshot.residentBytes },
    ]),
    ...agentFamilies(snapshot.agents),
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

function ladderFamilies({ model, modelStatus }: ServiceSnapshot): readonly MetricFamily[] {
  const counter = (name: string, help: string, value: number): MetricFamily =>
    family(name, "counter", help, [{ value }]);
  const nodes = (model.engine.graphs ?? []).flatMap(({ graph, nodeCounts = {} }) =>
    Object.entries(nodeCounts).map(([provider, value]) => ({ labels: { graph, provider }, value })),
  );
  const refused = modelStatus.refusals.map(({ provider, gate }) => ({
    labels: { provider, gate },
    value: 1,
  }));
  return [
    family("kairos_model_building", "gauge", "1 while a better provider is tried or built.", [
      { value: modelStatus.building === undefined ? 0 : 1 },
    ]),
    family("kairos_model_nodes", "gauge", "Nodes of each graph per execution provider.", nodes),
    family("kairos_model_provider_refused", "gauge", "1 per provider that failed a gate.", refused),
    counter("kairos_model_swaps_total", "Models that took over at a step.", modelStatus.swapCount),
    counter("kairos_model_restarts_total", "Inference workers replaced.", modelStatus.restartCount),
    counter("kairos_model_missed_total", "Calls over the tick budget.", modelStatus.missedCount),
    counter(
      "kairos_model_ended_runs_total",
      "Runs ended at two budgets.",
      modelStatus.terminatedCount,
    ),
    counter(
      "kairos_model_abandoned_threads_total",
      "Workers that hung for good.",
      modelStatus.abandonedCount,
    ),
  ];
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
    family(name, "counter", help, [{ value: actuationField(snapshot, from) }]);
  return [
    family("kairos_actuation_mode", "gauge", "1 for the mode in force.", [
      { labels: { mode: modeName(snapshot) }, value: 1 },
    ]),
    counter("kairos_actuation_ticks_total", "Ticks of the actuation worker.", "tickCount"),
    counter("kairos_actuation_missed_ticks_total", "Ticks skipped being late.", "missedTickCount"),
    counter("kairos_commands_total", "Commands that reached the worker.", "commandCount"),
    counter("kairos_commands_expired_total", "Commands that ran out of time.", "expiredCount"),
    counter("kairos_commands_limited_total", "Commands clamped by a limit.", "limitedCount"),
    counter("kairos_stall_stops_total", "Stops because main was not heard.", "stallStopCount"),
    family("kairos_actuation_late_seconds", "gauge", "Lateness of the actuation tick.", [
      { labels: { quantile: "0.99" }, value: actuationField(snapshot, "lateMsP99") / 1000 },
      { labels: { quantile: "1" }, value: actuationField(snapshot, "lateMsMax") / 1000 },
    ]),
  ];
}

function rosFamilies(stats: RosTransportStats): readonly MetricFamily[] {
  const perTopic = (
    name: string,
    kind: "counter" | "gauge",
    help: string,
    pick: (topic: RosTransportStats["topics"][number]) => number,
  ): MetricFamily => {
    const samples = stats.topics.map((topic) => ({
      labels: { topic: topic.name },
      value: pick(topic),
    }));
    return family(`kairos_ros_${name}`, kind, help, samples);
  };
  return [
    family("kairos_ros_peers", "gauge", "DDS participants seen.", [{ value: stats.peerCount }]),
    family("kairos_ros_malformed_total", "counter", "Datagrams refused.", [
      { value: stats.malformedCount },
    ]),
    perTopic("sent_total", "counter", "Samples published.", (topic) => topic.sentCount),
    perTopic("resent_total", "counter", "Samples sent again.", (topic) => topic.resentCount),
    perTopic(
      "acked",
      "gauge",
      "Newest sample every reliable reader has.",
      (topic) => topic.ackedCount ?? 0,
    ),
    perTopic("received_total", "counter", "Samples received.", (topic) => topic.receivedCount),
    perTopic("lost_total", "counter", "Samples that never came.", (topic) => topic.lostCount ?? 0),
    perTopic("matched_readers", "gauge", "Endpoints matched.", (topic) => topic.matchedCount),
  ];
}

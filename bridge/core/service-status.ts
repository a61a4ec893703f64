import { ActuationMode, ActuationStatusField } from "../contract/actuation.ts";
import type { ModelStatus } from "../contract/model-status.ts";
import type { RosTransportInfo, RosTransportStats } from "../contract/ros-transport.ts";
import type { WorldModelDescription } from "../contract/world-model.ts";
import type { AgentStatus } from "./agent-status.ts";
import type { PredictionLoopStats } from "./prediction-loop.ts";
import type { HorizonScore, ScoreSnapshot } from "./prediction-score.ts";

/**
 * Everything the service can say of itself at one moment. Three reports are views of it:
 * `service-health.ts`, `service-diagnostics.ts` and `service-metrics.ts`.
 */
export interface ServiceSnapshot {
  readonly version: string;
  readonly uptimeS: number;
  readonly nowMs: number;
  readonly deviceId: string;
  readonly deviceProfile: string;
  readonly driver: string;
  readonly model: WorldModelDescription;
  readonly modelStatus: ModelStatus;
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
  /** One per device that an agent moves. */
  readonly agents: readonly AgentStatus[];
  readonly eventLoopDelayMsP99: number;
  /** Processor time of all threads since the process began. */
  readonly processorS: number;
  readonly residentBytes: number;
  /** Parts that have failed, in words. */
  readonly faults: readonly string[];
  /** What is made to fail on purpose, in the grammar of the fault layer; empty in earnest. */
  readonly injectedFaults: readonly string[];
}

export const modeName = (snapshot: ServiceSnapshot): string =>
  Object.entries(ActuationMode)
    .find(([, value]) => value === actuationField(snapshot, "mode"))?.[0]
    .toLowerCase() ?? "unknown";

export const actuationField = (
  snapshot: ServiceSnapshot,
  name: keyof typeof ActuationStatusField,
): number => snapshot.actuation[ActuationStatusField[name]] ?? 0;

/** Steps shown to people: enough to see the trend, few enough to read. */
const shownSteps = [1, 2, 4, 8, 16, 24, 32];

export function shownHorizons(score: ScoreSnapshot): readonly HorizonScore[] {
  return score.horizons.filter((horizon) => shownSteps.includes(horizon.step));
}

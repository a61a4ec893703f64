import type { ActuationMode } from "./contract/actuation.ts";
import { ActuationStatusField, ActuationMode as Mode } from "./contract/actuation.ts";
import type { Observation } from "./contract/observation.ts";
import type { Prediction } from "./contract/world-model.ts";
import { healthProblems, lastPredictionAgeMs } from "./core/service-health.ts";
import { shownHorizons, type ServiceSnapshot } from "./core/service-status.ts";
import type { DeviceMode } from "./control/server-messages.ts";
import type { StreamHub } from "./control/stream-hub.ts";
import type { AuthoritySummary } from "./control/desk.ts";

/** Scored motion the rolling averages remember, s. */
const scoreWindowS = 30;

const deviceModes: Readonly<Record<ActuationMode, DeviceMode>> = {
  [Mode.Inactive]: "inactive",
  [Mode.Active]: "active",
  [Mode.Stopping]: "stopping",
  [Mode.Latched]: "latched",
  [Mode.Fault]: "fault",
};

export interface StreamFeedOptions {
  readonly hub: StreamHub;
  readonly deviceId: string;
  readonly axisNames: readonly string[];
}

/** What the service knows, in the words of `/v1/stream`. */
export class StreamFeed {
  readonly #hub: StreamHub;
  readonly #deviceId: string;
  readonly #axisNames: readonly string[];

  constructor(options: StreamFeedOptions) {
    this.#hub = options.hub;
    this.#deviceId = options.deviceId;
    this.#axisNames = options.axisNames;
  }

  state(observation: Observation): void {
    if (!this.#hub.wants("state")) return;
    this.#hub.publish("state", {
      device: this.#deviceId,
      stampMs: observation.stampMs,
      posRad: Array.from(observation.jointPosRad),
      velRadPerS: Array.from(observation.jointVelRadPerS),
      setpointRad: Array.from(observation.commandPosRad),
    });
  }

  prediction(prediction: Prediction, lookaheadMs: number): void {
    if (!this.#hub.wants("prediction")) return;
    const shape = [prediction.horizonSteps, prediction.axisCount];
    this.#hub.publish("prediction", {
      device: this.#deviceId,
      stampMs: prediction.stampMs,
      stepMs: prediction.stepMs,
      horizonSteps: prediction.horizonSteps,
      axisNames: this.#axisNames,
      meanPosRad: { data: prediction.meanPosRad, shape },
      stdPosRad: { data: prediction.stdPosRad, shape },
      meanVelRadPerS: { data: prediction.meanVelRadPerS, shape },
      stdVelRadPerS: { data: prediction.stdVelRadPerS, shape },
      inferMs: prediction.inferMs,
      lookaheadMs,
    });
  }

  score(snapshot: ServiceSnapshot): void {
    const horizons = shownHorizons(snapshot.score).map((horizon) => ({
      horizonMs: Math.round(horizon.aheadS * 1000),
      count: horizon.sampleCount,
      modelRmsRad: horizon.modelRmseRad,
      holdRmsRad: horizon.holdRmseRad,
      constantVelocityRmsRad: horizon.constantVelocityRmseRad,
      coverageRatio: horizon.coverageRatio,
    }));
    const covered = horizons.reduce((sum, horizon) => sum + horizon.coverageRatio, 0);
    this.#hub.publish("score", {
      stampMs: snapshot.nowMs,
      windowS: scoreWindowS,
      horizons,
      coverageRatio: covered / Math.max(1, horizons.length),
      degraded: snapshot.score.degraded,
    });
  }

  status(snapshot: ServiceSnapshot, authority: AuthoritySummary | undefined): void {
    const { model, ros, loop } = snapshot;
    const field = (name: keyof typeof ActuationStatusField): number =>
      snapshot.actuation[ActuationStatusField[name]] ?? 0;
    const reasons = healthProblems(snapshot);
    this.#hub.publish("status", {
      stampMs: snapshot.nowMs,
      uptimeS: snapshot.uptimeS,
      health: reasons.length === 0 ? "ok" : "degraded",
      reasons,
      device: { id: this.#deviceId, axisNames: this.#axisNames },
      simulator: snapshot.simulator.name,
      model: {
        id: model.id,
        revision: model.revision,
        sha256: model.sha256,
        family: model.family,
        stepMs: model.stepS * 1000,
        preview: model.preview,
      },
      engine: {
        name: model.engine.name,
        provider: model.engine.provider,
        version: model.engine.version,
        fallbackReasons: model.engine.fallbackReasons,
      },
      ros:
        ros === undefined
          ? null
          : {
              transport: ros.info.transport,
              reason: ros.info.reason,
              domainId: ros.info.domainId,
              discoveryRange: ros.info.discoveryRange,
              peerCount: ros.stats.peerCount,
            },
      loop: {
        predictionsPublished: loop.predictedCount,
        lastPredictionAgeMs: lastPredictionAgeMs(snapshot),
        inferMsP50: snapshot.inferMs.p50,
        inferMsP99: snapshot.inferMs.p99,
        heldCount: loop.heldCount,
        lookaheadMs: snapshot.lookaheadMs,
      },
      actuation: {
        mode: deviceModes[field("mode") as ActuationMode],
        tickLateMsP99: field("lateMsP99"),
        expiredCount: field("expiredCount"),
        limitedCount: field("limitedCount"),
      },
      authority: { owner: authority?.owner ?? null, latched: authority?.latched ?? false },
    });
  }
}

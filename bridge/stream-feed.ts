import type { ActuationMode } from "./contract/actuation.ts";
import { ActuationStatusField, ActuationMode as Mode } from "./contract/actuation.ts";
import type { DeviceDescription } from "./contract/device.ts";
import type { Observation } from "./contract/observation.ts";
import type { Prediction } from "./contract/world-model.ts";
import { cameraPath } from "./core/camera-path.ts";
import { healthProblems, lastPredictionAgeMs } from "./core/service-health.ts";
import { shownHorizons, type ServiceSnapshot } from "./core/service-status.ts";
import type { DeviceMode } from "./control/server-messages.ts";
import type { CameraPathPayload, TargetPayload } from "./control/stream-messages.ts";
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
  readonly device: DeviceDescription;
}

/** What a prediction is made from, beside the model's memory. */
interface PredictionGround {
  readonly nowPosRad: ArrayLike<number>;
  /** [horizonSteps, axes] */
  readonly setpointRad: Float32Array;
  readonly lookaheadMs: number;
}

/** What the service knows, in the words of `/v1/stream`. */
export class StreamFeed {
  readonly #hub: StreamHub;
  readonly #device: DeviceDescription;
  readonly #axisNames: readonly string[];

  constructor(options: StreamFeedOptions) {
    this.#hub = options.hub;
    this.#device = options.device;
    this.#axisNames = options.device.axes.map(({ name }) => name);
  }

  state(observation: Observation): void {
    if (!this.#hub.wants("state")) return;
    this.#hub.publish("state", {
      device: this.#device.id,
      stampMs: observation.stampMs,
      posRad: Array.from(observation.jointPosRad),
      velRadPerS: Array.from(observation.jointVelRadPerS),
      setpointRad: Array.from(observation.commandPosRad),
    });
  }

  prediction(prediction: Prediction, ground: PredictionGround): void {
    if (!this.#hub.isDue("prediction")) return;
    const { nowPosRad, setpointRad, lookaheadMs } = ground;
    const shape = [prediction.horizonSteps, prediction.axisCount];
    this.#hub.publish("prediction", {
      device: this.#device.id,
      stampMs: prediction.stampMs,
      stepMs: prediction.stepMs,
      horizonSteps: prediction.horizonSteps,
      axisNames: this.#axisNames,
      meanPosRad: { data: prediction.meanPosRad, shape },
      stdPosRad: { data: prediction.stdPosRad, shape },
      meanVelRadPerS: { data: prediction.meanVelRadPerS, shape },
      stdVelRadPerS: { data: prediction.stdVelRadPerS, shape },
      setpointRad: { data: setpointRad, shape },
      camera: this.#cameraPath(nowPosRad, prediction),
      ...targetOf(prediction),
      inferMs: prediction.inferMs,
      lookaheadMs,
    });
  }

  #cameraPath(nowPosRad: ArrayLike<number>, prediction: Prediction): CameraPathPayload {
    const path = cameraPath(this.#device, nowPosRad, prediction);
    const rows = prediction.horizonSteps + 1;
    return {
      verticalFovRad: this.#device.camera.verticalFovRad,
      baseFromOpticalXyzw: { data: path.baseFromOpticalXyzw, shape: [rows, 4] },
      covarianceRad2: { data: path.covarianceRad2, shape: [rows, 3] },
    };
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
    // A horizon that was not judged yet says nothing; as a zero it would call the model too sure.
    const judged = horizons.filter(({ count }) => count > 0);
    const covered = judged.reduce((sum, horizon) => sum + horizon.coverageRatio, 0);
    this.#hub.publish("score", {
      stampMs: snapshot.nowMs,
      windowS: scoreWindowS,
      horizons,
      coverageRatio: covered / judged.length,
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
      device: { id: this.#device.id, axisNames: this.#axisNames },
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

function targetOf(prediction: Prediction): { readonly target?: TargetPayload } {
  const { bearing, visibility, horizonSteps } = prediction;
  if (bearing === undefined) return {};
  const shape = [horizonSteps, 2];
  return {
    target: {
      meanRad: { data: bearing.meanRad, shape },
      ...(bearing.stdRad === undefined ? {} : { stdRad: { data: bearing.stdRad, shape } }),
      ...(visibility === undefined
        ? {}
        : { visibility: { data: visibility.mean, shape: [horizonSteps] } }),
    },
  };
}

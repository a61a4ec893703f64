import type { Config } from "./config.ts";

/** What may change while the service runs. It begins as the configuration says; readers look anew each time. */
export interface LiveSettings {
  lookaheadMs: number;
  cameraRateHz: number;
  idleCameraRateHz: number;
  publishPredictions: boolean;
  publishFrames: boolean;
  maxJointStatesRateHz: number;
}

export function liveSettings({ model, sim, ros }: Config): LiveSettings {
  return {
    lookaheadMs: model.lookaheadMs,
    cameraRateHz: sim.cameraRateHz,
    idleCameraRateHz: sim.idleCameraRateHz,
    publishPredictions: ros.publishPredictions,
    publishFrames: ros.publishFrames,
    maxJointStatesRateHz: ros.maxJointStatesRateHz,
  };
}

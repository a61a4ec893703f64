import type { ParameterStore } from "../../ros/node/parameter-store.ts";
import type { Config } from "../config.ts";
import type { LiveSettings } from "../live-settings.ts";
import { configParameters } from "./config-parameters.ts";

/** Takes a new value of one option at run time; it has its type and is in range. */
type Apply = (value: unknown) => void;

/**
 * Declares every option of the configuration as a parameter. Those that are safe to change while the
 * service runs are live, the rest is read-only and says so: nothing that moves the device, opens a
 * file or a socket, or decides about safety changes under a running robot.
 */
export function declareParameters(
  store: ParameterStore,
  config: Config,
  live: Readonly<Record<string, Apply>>,
): void {
  for (const { path, declaration } of configParameters(config)) {
    const apply = live[path];
    store.declare(apply === undefined ? declaration : { ...declaration, apply });
  }
}

/** The options of which the running service looks at `settings`, by path. */
export function liveOptions(settings: LiveSettings): Readonly<Record<string, Apply>> {
  return {
    "model.lookaheadMs": (value) => {
      settings.lookaheadMs = Number(value);
    },
    "sim.cameraRateHz": (value) => {
      settings.cameraRateHz = Number(value);
    },
    "sim.idleCameraRateHz": (value) => {
      settings.idleCameraRateHz = Number(value);
    },
    "ros.publishPredictions": (value) => {
      settings.publishPredictions = value === true;
    },
    "ros.publishFrames": (value) => {
      settings.publishFrames = value === true;
    },
    "ros.maxJointStatesRateHz": (value) => {
      settings.maxJointStatesRateHz = Number(value);
    },
  };
}

import type { EngineInfo, EngineSession } from "../bridge/contract/engine.ts";
import { BridgeError, ErrorCode } from "../bridge/contract/errors.ts";
import type { PlannerHint, WorldModelDescription } from "../bridge/contract/world-model.ts";
import type { ModelPackage } from "./package/load-package.ts";
import type { Manifest } from "./package/manifest.ts";
import { isInOrtRange } from "./package/ort-range.ts";

/** A package on an engine, as it is published. */
export function describeModel(
  pack: ModelPackage,
  info: EngineInfo,
  sessions: Iterable<EngineSession>,
  chosen: Pick<WorldModelDescription, "preview" | "streams"> & {
    readonly fallbackReasons: readonly string[];
  },
): WorldModelDescription {
  const { manifest } = pack;
  const { timing } = manifest;
  const providers = new Set(Array.from(sessions, (session) => session.provider));
  const ood = "uncertainty" in manifest ? manifest.uncertainty.ood?.threshold : undefined;
  return {
    id: manifest.id,
    revision: manifest.revision,
    sha256: pack.sha256,
    family: manifest.family,
    license: manifest.license.spdx,
    axisNames: manifest.embodiment.joints.map((joint) => joint.name),
    stepS: timing.step_s,
    maxHorizonSteps: timing.horizon.max,
    maxObservationAgeS: timing.max_obs_age_s,
    stateTtlS: timing.state_ttl_s,
    actionConditioned: manifest.action_conditioned,
    ...(chosen.streams === undefined ? {} : { streams: chosen.streams }),
    preview: chosen.preview,
    ...(ood === undefined ? {} : { oodThreshold: ood }),
    ...(manifest.planner === undefined ? {} : { planner: plannerHint(manifest.planner) }),
    engine: {
      name: info.name,
      library: info.library,
      version: info.version,
      provider: [...providers].join("+"),
      fallbackReasons: [...new Set([...info.fallbackReasons, ...chosen.fallbackReasons])],
    },
  };
}

function plannerHint({
  kind,
  samples,
  iters,
  topk,
  horizon_steps,
}: NonNullable<Manifest["planner"]>): PlannerHint {
  return {
    kind,
    samples,
    iters,
    ...(topk === undefined ? {} : { topk }),
    ...(horizon_steps === undefined ? {} : { horizonSteps: horizon_steps }),
  };
}

/** @throws BridgeError `model/unsupported` when the package wants a newer ONNX Runtime. */
export function requireVersion(manifest: Manifest, info: EngineInfo): void {
  const { ort } = manifest.requires;
  if (isInOrtRange(ort, info.version)) return;
  const text = `${manifest.id} needs ONNX Runtime ${ort}, found ${info.version}`;
  throw new BridgeError(ErrorCode.ModelUnsupported, text);
}

import { fileURLToPath } from "node:url";
import { loadProfile } from "../../devices/profiles/load-profile.ts";
import { disableTelemetry } from "../../models/engine/telemetry.ts";
import { openEngine } from "../../models/engine/open-engine.ts";
import { loadPackage } from "../../models/package/load-package.ts";
import { OnnxWorldModel } from "../../models/world-model.ts";
import { openMountSimulator } from "../../sims/embedded/mount-simulator.ts";
import { openPhysicsOracle } from "../../sims/embedded/physics-oracle.ts";
import type { Scenario } from "../../sims/scenario/scenario.ts";
import type { DeviceDescription } from "../contract/device.ts";
import type { WorldModel } from "../contract/world-model.ts";
import { closeAll, type Closer } from "../core/lifecycle.ts";
import type { RunParts } from "./run-scenario.ts";

export type OpenedRunParts = RunParts & AsyncDisposable;

/** This file is bridge/lockstep/open-run-parts.ts or, compiled, the same under dist. */
const toRoot = import.meta.url.endsWith(".js") ? "../../../" : "../../";
const inPackage = (path: string): string =>
  fileURLToPath(new URL(`${toRoot}${path}`, import.meta.url));

/** @throws BridgeError `device/profile` if there is no such profile. */
export function loadNamedProfile(name: string): DeviceDescription {
  const isPath = name.includes("/") || name.endsWith(".json");
  return loadProfile(isPath ? name : inPackage(`devices/profiles/${name}.json`));
}

/** Folder of the shipped scenarios. */
export const scenarioFolder = inPackage("sims/scenario");

/**
 * What the runs of a scenario share: the device, a simulator of its scene, its model.
 *
 * @throws BridgeError of whichever part cannot be opened.
 */
export async function openRunParts(
  scenario: Pick<Scenario, "device" | "scene" | "model" | "seed">,
): Promise<OpenedRunParts> {
  const device = loadNamedProfile(scenario.device);
  const closers: Closer[] = [];
  const { scene, seed } = scenario;
  const simulator = await openMountSimulator({ device, seed, scene });
  closers.push(() => {
    simulator[Symbol.dispose]();
    return Promise.resolve();
  });
  const model = await openModel(scenario.model, device, closers);
  return { device, simulator, model, [Symbol.asyncDispose]: () => closeAll(closers) };
}

export const embeddedPackage = inPackage("models/embedded");

/** A model package in this very thread. @throws BridgeError of package or engine. */
export async function openPackageModel(folder: string, closers: Closer[]): Promise<WorldModel> {
  disableTelemetry();
  const engine = await openEngine();
  closers.push(() => engine[Symbol.asyncDispose]());
  const pack = await loadPackage(folder);
  // The engine's closing ends what it opened.
  return await OnnxWorldModel.open({ engine, pack });
}

async function openModel(
  kind: Scenario["model"],
  device: DeviceDescription,
  closers: Closer[],
): Promise<WorldModel | undefined> {
  switch (kind) {
    case "none":
      return undefined;
    case "oracle": {
      const oracle = await openPhysicsOracle({ device });
      closers.push(() => oracle[Symbol.asyncDispose]());
      return oracle;
    }
    case "embedded":
      return await openPackageModel(embeddedPackage, closers);
    default:
      return kind satisfies never;
  }
}

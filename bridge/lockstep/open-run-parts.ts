import process from "node:process";
import { disableTelemetry } from "../../models/engine/telemetry.ts";
import { openEngine } from "../../models/engine/open-engine.ts";
import { loadPackage } from "../../models/package/load-package.ts";
import { OnnxWorldModel } from "../../models/world-model.ts";
import { openMountSimulator } from "../../sims/embedded/mount-simulator.ts";
import { openPhysicsOracle } from "../../sims/embedded/physics-oracle.ts";
import { openGazeboSimulator } from "../../sims/gazebo/gazebo-simulator.ts";
import { networkSettings } from "../../sims/gazebo/transport/network-settings.ts";
import type { Scenario } from "../../sims/scenario/scenario.ts";
import type { Config } from "../config.ts";
import type { DeviceDescription } from "../contract/device.ts";
import type { WorldModel } from "../contract/world-model.ts";
import { closeAll, type Closer } from "../core/lifecycle.ts";
import { loadDevice } from "../parts/device.ts";
import { inPackage } from "../parts/package-files.ts";
import type { RunParts } from "./run-scenario.ts";
import { embeddedWorld, gazeboWorldName, jointsOnlyWorld, type RunWorld } from "./run-world.ts";

export type OpenedRunParts = RunParts & AsyncDisposable;

/** Folder of the shipped scenarios. */
export const scenarioFolder = inPackage("sims/scenario");

/** Where the runs happen; the rest of a run is the scenario's. */
export type WorldConfig = Pick<Config, "sim" | "gazebo">;

/**
 * What the runs of a scenario share: the device, a world, its model.
 *
 * @param config default: a simulator of the scenario's scene in this process.
 * @throws BridgeError of whichever part cannot be opened.
 */
export async function openRunParts(
  scenario: Pick<Scenario, "device" | "scene" | "model" | "seed">,
  config?: WorldConfig,
): Promise<OpenedRunParts> {
  const device = loadDevice(scenario.device);
  const closers: Closer[] = [];
  try {
    const world =
      config?.sim.backend === "gazebo"
        ? await openGazeboWorld(device, config.gazebo)
        : await openEmbeddedWorld(device, scenario);
    closers.push(() => {
      world.simulator[Symbol.dispose]();
      return Promise.resolve();
    });
    const model = await openModel(scenario.model, device, closers);
    return { device, world, model, [Symbol.asyncDispose]: () => closeAll(closers) };
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}

async function openEmbeddedWorld(
  device: DeviceDescription,
  { seed, scene }: Pick<Scenario, "seed" | "scene">,
): Promise<RunWorld> {
  return embeddedWorld(await openMountSimulator({ device, seed, scene }));
}

/** A server that runs already. Its world is left paused. */
async function openGazeboWorld(
  device: DeviceDescription,
  config: Config["gazebo"],
): Promise<RunWorld> {
  const { world, model, jointStateTopic, trajectoryTopic, command, startTimeoutMs } = config;
  const simulator = await openGazeboSimulator({
    network: networkSettings(config, process.env),
    world: { world, model: model === "" ? device.id : model, jointStateTopic, trajectoryTopic },
    axisNames: device.axes.map((axis) => axis.name),
    command,
    startTimeoutMs,
  });
  return jointsOnlyWorld({ device, simulator, name: gazeboWorldName(world) });
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

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { loadScenario } from "../../sims/scenario/load-scenario.ts";
import { randomScenario } from "../../sims/scenario/random-scenario.ts";
import type { Scenario } from "../../sims/scenario/scenario.ts";
import type { DeviceDescription } from "../contract/device.ts";
import { parseFaults } from "../core/faults/parse-fault.ts";
import { loadDevice } from "../parts/device.ts";
import { openRunParts, scenarioFolder, type WorldConfig } from "./open-run-parts.ts";
import { runScenario, type RunResult } from "./run-scenario.ts";
import { gazeboWorldName, requireScene } from "./run-world.ts";

export interface SimulateOptions {
  /** A YAML file, the name of a shipped scenario, or `random`: another one from every seed. */
  readonly scenario: string;
  readonly runs: number;
  /** Of the first run; each next run adds one. Default: the scenario's own. */
  readonly seed?: number;
  /** Beside those of the scenario. */
  readonly faults: readonly string[];
  /** Where the runs happen. Default: in this process. */
  readonly config?: WorldConfig;
  /** Called after each run. */
  readonly onRun?: (result: RunResult) => void;
  /** How many runs keep what is needed to draw them. Default 1. */
  readonly traces?: number;
  readonly signal?: AbortSignal;
}

export interface Simulation {
  readonly scenario: string;
  readonly about: string;
  /** Where the runs happened, for people. */
  readonly world: string;
  readonly device: DeviceDescription;
  readonly results: readonly RunResult[];
  readonly wallS: number;
  readonly simulatedS: number;
}

export const randomName = "random";
const randomParts = {
  device: "phone-mount-4dof",
  scene: "targets",
  model: "none",
  seed: 1,
} as const;

/** Names of the scenarios that come with the package. */
export function shippedScenarios(): readonly string[] {
  return readdirSync(scenarioFolder)
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => file.replace(/\.yaml$/, ""))
    .sort();
}

/** @throws BridgeError `config/unreadable` or `config/invalid`. */
export function findScenario(nameOrPath: string): Scenario {
  const isShipped = shippedScenarios().includes(nameOrPath);
  return loadScenario(isShipped ? join(scenarioFolder, `${nameOrPath}.yaml`) : nameOrPath);
}

/**
 * Runs a scenario again and again, each time with the next seed. Ends early when a world in another
 * process has failed: no reset mends that.
 *
 * @throws BridgeError when scenario, faults or world cannot be used; a run that goes wrong is a result.
 */
export async function simulate(options: SimulateOptions): Promise<Simulation> {
  const { runs, faults, onRun, traces = 1, signal, config } = options;
  const isRandom = options.scenario === randomName;
  const fixed = isRandom ? undefined : findScenario(options.scenario);
  const opened = fixed ?? randomParts;
  const device = loadDevice(opened.device);
  const axisNames = device.axes.map((axis) => axis.name);
  const firstSeed = options.seed ?? opened.seed;
  // Before anything is opened: a wrong fault is a wrong call, and so is a wrong world.
  parseFaults([...(fixed?.faults ?? []), ...faults], { axisNames, host: "lockstep" });
  if (config?.sim.backend === "gazebo") {
    requireScene(fixed ?? randomScenario(device, firstSeed), gazeboWorldName(config.gazebo.world));
  }
  await using parts = await openRunParts(opened, config);
  const results: RunResult[] = [];
  const startMs = performance.now();
  for (let index = 0; index < runs && signal?.aborted !== true; index += 1) {
    const seed = (firstSeed + index) >>> 0;
    const scenario = fixed ?? randomScenario(device, seed);
    const result = await runScenario(parts, { scenario, seed, faults, trace: index < traces });
    results.push(result);
    onRun?.(result);
    if (result.simulatorFault !== undefined && parts.world.scene === undefined) break;
  }
  return {
    scenario: options.scenario,
    about: fixed?.about ?? "Scenarios nobody thought of: everything follows from the seed.",
    world: parts.world.name,
    device,
    results,
    wallS: (performance.now() - startMs) / 1000,
    simulatedS: results.reduce((sum, result) => sum + result.simulatedS, 0),
  };
}

import { afterEach, describe, expect, it } from "vitest";
import {
  embeddedPackage,
  openPackageModel,
  openRunParts,
} from "../../../bridge/lockstep/open-run-parts.ts";
import { isGood, runScenario, type RunParts } from "../../../bridge/lockstep/run-scenario.ts";
import { jointsOnlyWorld } from "../../../bridge/lockstep/run-world.ts";
import type { Closer } from "../../../bridge/core/lifecycle.ts";
import { openGazeboSimulator } from "../../../sims/gazebo/gazebo-simulator.ts";
import type { NetworkSettings } from "../../../sims/gazebo/transport/network-settings.ts";
import { loadScenario } from "../../../sims/scenario/load-scenario.ts";
import { checkScenario, type ScenarioInput } from "../../../sims/scenario/scenario.ts";
import { privateNetwork } from "../../fakes/gazebo-network.ts";
import { slowModel } from "../../fakes/slow-model.ts";
import { StandInGazebo } from "../../fakes/stand-in-gazebo.ts";
import { findGazeboServer, noGazeboServer, startGazeboServer } from "../../setup/gazebo-server.ts";
import { phoneMount } from "../../unit/sims/phone-mount.ts";

const shortPath = "test/integration/lockstep/short-move.yaml";
const short = loadScenario(shortPath);

const open: Disposable[] = [];
const closers: Closer[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) each[Symbol.dispose]();
  for (const close of closers.splice(0).reverse()) await close();
});

function scenarioWith(changes: Partial<ScenarioInput>) {
  const checked = checkScenario({ name: "changed", durationS: 1, ...changes });
  if (!checked.ok) throw new Error(checked.text);
  return checked.scenario;
}

async function partsOn(network: NetworkSettings, timeoutMs = 5000): Promise<RunParts> {
  const simulator = await openGazeboSimulator({
    network,
    world: { world: "desk", model: phoneMount.id },
    axisNames: phoneMount.axes.map((axis) => axis.name),
    timeoutMs,
    startTimeoutMs: 30_000,
  });
  open.push(simulator);
  const world = jointsOnlyWorld({ name: "Gazebo world desk", device: phoneMount, simulator });
  return { device: phoneMount, world, model: await openPackageModel(embeddedPackage, closers) };
}

async function openStandIn(): Promise<{ world: StandInGazebo; network: NetworkSettings }> {
  const network = privateNetwork();
  const world = await StandInGazebo.open({ network, device: phoneMount });
  open.push(world);
  return { world, network };
}

/** What has to hold on every server. */
function describeRunsOn(name: string, start: () => Promise<NetworkSettings>): void {
  describe(`a scenario on ${name}`, { timeout: 120_000 }, () => {
    it("does what it expects, and the same to the bit with a model that is slow", async () => {
      const parts = await partsOn(await start());
      const { model } = parts;
      if (model === undefined) throw new Error("the parts have a model");
      const quick = await runScenario(parts, { scenario: short, seed: 7, trace: true });
      expect(quick.simulatorFault).toBeUndefined();
      expect(quick.violations).toEqual([]);
      expect(quick.expectations.filter(({ holds }) => !holds)).toEqual([]);
      expect(isGood(quick)).toBe(true);
      // Longer than the 40 ms between two predictions: in real time every other one would be missed.
      const slow = await runScenario(
        { ...parts, model: slowModel(model, 60) },
        { scenario: short, seed: 7, trace: true },
      );
      expect(slow.wallMs).toBeGreaterThan(60 * quick.predictions);
      const { wallMs: quickMs, ...quickRun } = quick;
      const { wallMs: slowMs, ...slowRun } = slow;
      expect(slowMs).toBeGreaterThan(quickMs);
      expect(slowRun).toEqual(quickRun);
    });

    it("starts folded when it is told to", async () => {
      const parts = await partsOn(await start());
      const scenario = scenarioWith({ start: "stowed", durationS: 0.2 });
      const result = await runScenario({ ...parts, model: undefined }, { scenario, seed: 1 });
      expect(isGood(result)).toBe(true);
      for (const rad of result.posRad) expect(Math.abs(rad)).toBeLessThan(0.06);
    });
  });
}

describeRunsOn("the stand-in for a Gazebo server", async () => (await openStandIn()).network);

const found = findGazeboServer();
if (found === undefined) {
  describe.skip(`a scenario on a real Gazebo server (${noGazeboServer})`, () => {
    it("needs the server", () => undefined);
  });
} else {
  describeRunsOn(found.name, () => {
    const server = startGazeboServer(found);
    open.push(server);
    return Promise.resolve(server.network);
  });
}

describe("a Gazebo world with the embedded physics behind it", () => {
  it("tracks and predicts as the embedded simulator does", async () => {
    const { network } = await openStandIn();
    const there = await runScenario(await partsOn(network), { scenario: short, seed: 7 });
    await using embedded = await openRunParts(short);
    const here = await runScenario(embedded, { scenario: short, seed: 7 });
    expect(there.commands).toEqual(here.commands);
    expect(there.predictions).toBe(here.predictions);
    expect(there.trackingRmsRad / here.trackingRmsRad).toBeCloseTo(1, 1);
    const scored = here.horizons[9]!.modelRmseRad;
    expect(there.horizons[9]!.modelRmseRad / scored).toBeCloseTo(1, 1);
  });
});

describe("a server that goes away in mid-run", () => {
  it("ends the run with its fault and the device in fault, and the run is not good", async () => {
    const { world, network } = await openStandIn();
    const parts = await partsOn(network, 1000);
    const { simulator } = parts.world;
    const step = simulator.step.bind(simulator);
    simulator.step = (count) => {
      // After the 0.3 s of settling and the way to the start.
      if (simulator.timeS > 1.5) world[Symbol.dispose]();
      return step(count);
    };
    const result = await runScenario(parts, { scenario: short, seed: 7 });
    expect(result.simulatorFault?.text).toMatch(/^\[sim\/(transport|fault)\] .*desk/);
    expect(result.simulatorFault?.atMs).toBeGreaterThan(500);
    expect(result.simulatorFault?.atMs).toBeLessThan(1500);
    expect(result.mode).toBe("fault");
    expect(result.violations).toEqual([]);
    expect(isGood(result)).toBe(false);
  });
});

describe("a scenario that does more than command joints", () => {
  it.each<[string, Partial<ScenarioInput>, RegExp]>([
    [
      "pushes",
      { pushes: [{ atS: 0.5, body: "ball", forceN: [1, 0, 0], durationS: 0.1 }] },
      /pushes\[0\] \(ball at 0\.5 s\)/,
    ],
    [
      "another payload",
      { payload: [{ atS: 0.7, massKg: 0.4 }] },
      /payload\[0\] \(0\.4 kg at 0\.7 s\)/,
    ],
    [
      "scripted targets",
      { targets: [{ target: "target_box", keyframes: [{ timeS: 0, positionM: [1, 0, 0] }] }] },
      /targets\[0\] \(the path of target_box\)/,
    ],
    ["random dynamics", { dynamics: "random" }, /dynamics: random/],
  ])("is refused by name when it has %s", async (_, changes, names) => {
    const { network } = await openStandIn();
    const parts = await partsOn(network);
    const run = runScenario(parts, { scenario: scenarioWith(changes), seed: 1 });
    await expect(run).rejects.toThrow(names);
    await expect(run).rejects.toThrow(/^\[config\/invalid\] scenario changed cannot run on Gazebo/);
  });
});

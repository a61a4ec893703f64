import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { Telemetry } from "../../../bridge/contract/actuator-driver.ts";
import {
  openGazeboSimulator,
  type GazeboSimulator,
  type GazeboSimulatorOptions,
} from "../../../sims/gazebo/gazebo-simulator.ts";
import { privateNetwork } from "../../fakes/gazebo-network.ts";
import { StandInGazebo, type StandInOptions } from "../../fakes/stand-in-gazebo.ts";
import { phoneMount } from "../../unit/sims/phone-mount.ts";

const axisNames = phoneMount.axes.map((axis) => axis.name);
const open: Disposable[] = [];
afterEach(() => {
  for (const each of open.splice(0).reverse()) each[Symbol.dispose]();
});

async function lockstep(
  worldOptions: Partial<StandInOptions> = {},
  options: Partial<GazeboSimulatorOptions> = {},
): Promise<{ simulator: GazeboSimulator; world: StandInGazebo }> {
  const network = privateNetwork();
  const world = await StandInGazebo.open({ network, device: phoneMount, ...worldOptions });
  open.push(world);
  const simulator = await openGazeboSimulator({
    network,
    world: { world: "desk", model: phoneMount.id },
    axisNames,
    timeoutMs: 2000,
    ...options,
  });
  open.push(simulator);
  return { simulator, world };
}

function stateOf(simulator: GazeboSimulator): Telemetry {
  const axisCount = axisNames.length;
  const state: Telemetry = {
    stampMs: 0,
    posRad: new Float64Array(axisCount),
    velRadPerS: new Float64Array(axisCount),
    effortNm: new Float64Array(axisCount),
  };
  simulator.readState(state);
  return state;
}

describe("a Gazebo world in lockstep", () => {
  it("does not move while its caller thinks: a slow model gives the run a fast one gives", async () => {
    const { simulator } = await lockstep();
    const run = async (thinkMs: number): Promise<Telemetry> => {
      await simulator.reset(3);
      for (let i = 0; i < 8; i += 1) {
        simulator.setTargets(Float64Array.of(2.1, 0.1 * i, 0, 0.1));
        await simulator.step(40);
        await sleep(thinkMs);
      }
      return stateOf(simulator);
    };
    expect(await run(150)).toEqual(await run(0));
  });

  it("takes over a world that runs, and leaves it paused", async () => {
    const { simulator, world } = await lockstep({ paused: false });
    expect(world.isPaused).toBe(true);
    await simulator.step(10);
    expect(simulator.timeS).toBeCloseTo(0.01, 9);
  });

  it("commands all joints by one trajectory too", async () => {
    const { simulator } = await lockstep({}, { command: "trajectory" });
    simulator.setTargets(Float64Array.of(2.1, 0.5, 0.1, -0.2));
    await simulator.step(4000);
    [2.1, 0.5, 0.1, -0.2].forEach((rad, axis) => {
      expect(Math.abs(stateOf(simulator).posRad[axis]! - rad)).toBeLessThan(0.05);
    });
  });

  it("puts models elsewhere", async () => {
    const { simulator, world } = await lockstep();
    const rotationXyzw = [0, 0, 0, 1] as const;
    await simulator.world.setPose("target_box", { positionM: [1.5, 0, 0.2], rotationXyzw });
    expect(world.setPoses).toEqual([{ name: "target_box", x: 1.5 }]);
    await expect(
      simulator.world.setPose("", { positionM: [0, 0, 0], rotationXyzw }),
    ).rejects.toThrow(/\[sim\/transport\].*failure|refused/);
  });

  it("notices that somebody else runs the world", async () => {
    const { simulator, world } = await lockstep();
    world.resume();
    await sleep(100);
    await expect(simulator.step(1)).rejects.toThrow(/somebody else runs the world/);
  });

  it("notices that the world has gone", async () => {
    const { simulator, world } = await lockstep();
    world[Symbol.dispose]();
    await expect(simulator.step(1)).rejects.toThrow(/^\[sim\/(transport|fault)\]/);
  });

  it.each([
    [
      "is not there",
      {},
      { world: { world: "desk", model: "gripper" } },
      /nobody publishes \/model\/gripper/,
    ],
    ["has no physics system", { hasPhysics: false }, {}, /^\[sim\/fault\].*no axis1/],
    [
      "has other joints",
      {},
      { axisNames: ["shoulder"] },
      /^\[sim\/fault\].*do not have all of shoulder/,
    ],
  ])("says why it cannot open a model that %s", async (_, worldOptions, options, says) => {
    await expect(lockstep(worldOptions, options)).rejects.toThrow(says);
  });
});

import { describe, expect, it } from "vitest";
import { ActuationMode } from "../../../bridge/contract/actuation.ts";
import { DriverLink } from "../../../bridge/contract/actuator-driver.ts";
import { Actuated } from "../../contract/devices/driver-harness.ts";
import { openRos2Rig, type Ros2Rig } from "../../contract/devices/ros2-rig.ts";
import { mount } from "./mount.ts";

const jointNames = Object.fromEntries(mount.axes.map(({ name }) => [name, `robot_${name}`]));
const yaw = 1;

async function moving(way: "trajectory" | "position"): Promise<{ rig: Ros2Rig; run: Actuated }> {
  const rig = openRos2Rig(mount, { interface: way, jointNames });
  const run = new Actuated(rig);
  await run.runUntil(() => run.mode === ActuationMode.Active, 1000);
  run.push(yaw, 0.5, 5000);
  await run.run(600);
  return { rig, run };
}

/** Largest speed of the yaw between samples 5 ms apart. */
async function fastest(rig: Ros2Rig, run: Actuated | undefined, ms: number): Promise<number> {
  let max = 0;
  let last = rig.far.posRad()[yaw]!;
  for (let passed = 0; passed < ms; passed += 5) {
    if (run === undefined) await rig.pass(5);
    else await run.run(5);
    const here = rig.far.posRad()[yaw]!;
    max = Math.max(max, Math.abs(here - last) / 0.005);
    last = here;
  }
  return max;
}

describe("a robot whose messages end", () => {
  it.each(["trajectory", "position"] as const)(
    "by %s: a stalled main thread, and it is at rest within the lead and its braking",
    async (way) => {
      const { rig, run } = await moving(way);
      expect(await fastest(rig, run, 50)).toBeGreaterThan(0.5);
      rig.stallMain(true);
      run.isMainAlive = false;
      // Lead 40 ms, the message before it up to 20 ms old, and 1.05 rad/s at 8.7 rad/s².
      await run.run(60 + 125);
      expect(await fastest(rig, run, 800)).toBe(0);
      await rig[Symbol.asyncDispose]();
    },
  );

  it("is told nothing when the thread is back, but is in fault until a reset", async () => {
    const { rig, run } = await moving("trajectory");
    rig.stallMain(true);
    run.isMainAlive = false;
    await run.run(600);
    rig.stallMain(false);
    run.isMainAlive = true;
    rig.far.takeCommands();
    await run.run(30);
    expect(rig.driver.health.link).toBe(DriverLink.Fault);
    expect(rig.driver.health.reason).toMatch(/busy for \d+ ms/);
    expect(await fastest(rig, run, 1500)).toBeLessThan(0.02);
    await rig[Symbol.asyncDispose]();
  });

  it("carries out every message of a motion, and is left in peace at its end", async () => {
    const { rig, run } = await moving("trajectory");
    run.send({ kind: "stop", level: "hold", reason: "test" });
    await run.run(1500);
    expect(rig.controller.refusals).toEqual([]);
    expect(rig.controller.acceptedCount).toBeGreaterThan(20);
    const { acceptedCount } = rig.controller;
    await run.run(1000);
    expect(rig.controller.acceptedCount).toBe(acceptedCount);
    await rig[Symbol.asyncDispose]();
  });

  it("that does not follow is a fault, not a chase", async () => {
    const rig = openRos2Rig(mount, { jointNames, maxErrorRad: 0.1 });
    const run = new Actuated(rig);
    await run.runUntil(() => run.mode === ActuationMode.Active, 1000);
    // Nothing but the joint states gets through: somebody holds it.
    Object.defineProperty(rig.controller, "accept", { value: () => "held" });
    run.push(yaw, 0.5, 5000);
    let told = "";
    for (let passed = 0; passed < 1500; passed += 5) {
      await run.run(5);
      if (rig.driver.health.link === DriverLink.Fault) told = rig.driver.health.reason;
    }
    expect(told).toMatch(/rad from where it was told/);
    await rig[Symbol.asyncDispose]();
  });

  it("is lost while no controller reads the topic", async () => {
    const { rig, run } = await moving("trajectory");
    rig.far.unplug!();
    await run.run(30);
    expect(rig.driver.health.reason).toBe(
      "no controller reads /joint_trajectory_controller/joint_trajectory",
    );
    await rig[Symbol.asyncDispose]();
  });
});

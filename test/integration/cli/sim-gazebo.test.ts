import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { privateNetwork } from "../../fakes/gazebo-network.ts";
import { StandInGazebo } from "../../fakes/stand-in-gazebo.ts";
import { phoneMount } from "../../unit/sims/phone-mount.ts";
import { runCli, type CliResult } from "./run-cli.ts";

const shortPath = "test/integration/lockstep/short-move.yaml";
const network = privateNetwork();
let world: StandInGazebo;
let folder: string;

beforeEach(async () => {
  world = await StandInGazebo.open({ network, device: phoneMount });
  folder = await mkdtemp(join(tmpdir(), "kairos-sim-gazebo-"));
});
afterEach(async () => {
  world[Symbol.dispose]();
  await rm(folder, { recursive: true });
});

/** `sims/gazebo/desk.yaml` in the partition of this test. */
async function sim(...args: readonly string[]): Promise<CliResult> {
  const config = join(folder, "desk.yaml");
  const text = await readFile("sims/gazebo/desk.yaml", "utf8");
  await writeFile(config, text.replace("partition: kairos", `partition: ${network.partition}`));
  return await runCli(["sim", "--config", config, ...args], {
    environment: {
      GZ_DISCOVERY_MSG_PORT: String(network.messagePort),
      GZ_DISCOVERY_SRV_PORT: String(network.servicePort),
    },
  });
}

describe("kairos-bridge sim --config with backend gazebo", { timeout: 60_000 }, () => {
  it("runs the scenario on the world, writes the report and leaves the world paused", async () => {
    const out = join(folder, "report");
    const { code, stdout, stderr } = await sim(shortPath, "--out", out);
    expect(stderr).toBe("");
    expect(stdout).toContain("1 of 1 runs good, 0 violations");
    expect(stdout).toMatch(/^ {2}Gazebo world desk: /m);
    expect(stdout).toMatch(/^ {2}predictions: \d\d/m);
    expect(code).toBe(0);
    const summary: unknown = JSON.parse(await readFile(join(out, "summary.json"), "utf8"));
    expect(summary).toMatchObject({ world: "Gazebo world desk", runs: 1, good: 1 });
    expect(world.isPaused).toBe(true);
    expect(world.timeS).toBeGreaterThan(2.5);
  });

  it("refuses what only the embedded simulator can do before it looks for the world", async () => {
    world[Symbol.dispose]();
    const { code, stdout, stderr } = await sim("pushed");
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(
      /^\[config\/invalid\] scenario pushed cannot run on Gazebo world desk.*pushes\[0\] \(mount_pitch at 1\.5 s\).*payload\[0\].*targets\[0\]/,
    );
  });

  it("names the fault when the server goes away, makes no further run, and ends with 1", async () => {
    const watch = setInterval(() => {
      if (world.timeS > 1.5) world[Symbol.dispose]();
    }, 2);
    const { code, stdout } = await sim(shortPath, "--runs", "3");
    clearInterval(watch);
    expect(stdout).toMatch(/^seed 7, [01]\.\d+ s: simulator fault: \[sim\/(transport|fault)\] /m);
    expect(stdout).toContain("short-move.yaml: 0 of 1 runs good");
    expect(stdout).toContain("ended after 1 of 3 runs");
    expect(code).toBe(1);
  });
});

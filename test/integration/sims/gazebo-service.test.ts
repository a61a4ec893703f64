import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { RawControlClient } from "../../fakes/raw-control-client.ts";
import { StateRecorder } from "../../fakes/state-recorder.ts";
import { privateNetwork } from "../../fakes/gazebo-network.ts";
import { StandInGazebo, type StandInOptions } from "../../fakes/stand-in-gazebo.ts";
import { ServiceProcess } from "../../setup/service-process.ts";
import { phoneMount } from "../../unit/sims/phone-mount.ts";
import type { NetworkSettings } from "../../../sims/gazebo/transport/network-settings.ts";

const camera = { widthPx: 160, heightPx: 120, rateHz: 25 };

function serviceIn(
  network: NetworkSettings,
  environment: Record<string, string> = {},
): ServiceProcess {
  return ServiceProcess.start({
    args: ["run", "--config", "sims/gazebo/desk.yaml", "--http-port", "0"],
    environment: {
      KAIROS_GAZEBO_PARTITION: network.partition,
      KAIROS_ROS_TRANSPORT: "off",
      GZ_IP: network.address,
      GZ_DISCOVERY_MSG_PORT: `${network.messagePort}`,
      GZ_DISCOVERY_SRV_PORT: `${network.servicePort}`,
      ...environment,
    },
  });
}

async function worldIn(
  network: NetworkSettings,
  options: Partial<StandInOptions> = {},
): Promise<StandInGazebo> {
  return await StandInGazebo.open({ network, device: phoneMount, camera, ...options });
}

interface Health {
  readonly status: string;
  readonly reasons: readonly string[];
  readonly predictionsPublished: number;
  readonly device: { readonly mode: string };
}

async function health(url: string): Promise<Health> {
  return (await (await fetch(`${url}/healthz`)).json()) as Health;
}

async function until(
  holds: () => Promise<boolean>,
  what: string,
  timeoutMs = 10_000,
): Promise<void> {
  for (const deadlineMs = performance.now() + timeoutMs; performance.now() < deadlineMs;) {
    if (await holds()) return;
    await sleep(50);
  }
  expect.fail(`${what} did not come true within ${timeoutMs} ms`);
}

describe("kairos-bridge run --config sims/gazebo/desk.yaml", () => {
  it("predicts, moves the device on command, stops it, and leaves it at rest", async () => {
    const network = privateNetwork();
    using world = await worldIn(network);
    await using service = serviceIn(network);
    const url = await service.url();
    await service.logged("first prediction");
    expect(service.logLines.map((line) => line["msg"])).toContain("Gazebo connected");
    const recorder = await StateRecorder.open(url);
    const client = (await RawControlClient.open(url)).keepAlive();
    await client.acquire();
    client.command({ kind: "velocity", velRadPerS: { yaw: 0.8 }, ttlMs: 5000 });
    await recorder.until(() => recorder.last.velRadPerS[1]! > 0.5);
    client.send({ type: "stop", id: 90, device: "mount0", level: "hold" });
    await recorder.until(() => Math.abs(recorder.last.velRadPerS[1]!) < 0.02);
    const restRad = recorder.last.posRad[1]!;
    expect(restRad).toBeGreaterThan(0.1);
    const report = await health(url);
    expect(report).toMatchObject({ status: "ok", device: { mode: "active" } });
    expect(report.predictionsPublished).toBeGreaterThan(10);
    const { code } = await service.stop();
    expect(code).toBe(0);
    expect(world.isPaused).toBe(false);
    client.close();
    recorder.close();
  });

  it("starts a world that was found paused", async () => {
    const network = privateNetwork();
    using world = await worldIn(network, { paused: true });
    await using service = serviceIn(network);
    await service.logged("first prediction");
    expect(world.isPaused).toBe(false);
  });

  it("stops the device when the world falls silent, and can be used again after a reset", async () => {
    const network = privateNetwork();
    const first = await worldIn(network);
    await using service = serviceIn(network);
    const url = await service.url();
    await service.logged("first prediction");
    first[Symbol.dispose]();
    await service.logged("Gazebo has gone silent");
    await until(async () => (await health(url)).device.mode === "fault", "mode fault");
    using second = await worldIn(network);
    await service.logged("Gazebo is heard again");
    const client = (await RawControlClient.open(url)).keepAlive();
    await client.acquire();
    client.send({ type: "reset", id: 91, device: "mount0" });
    await until(async () => (await health(url)).device.mode === "active", "mode active");
    const recorder = await StateRecorder.open(url);
    client.command({ kind: "velocity", velRadPerS: { yaw: 0.8 }, ttlMs: 5000 });
    await recorder.until(() => recorder.last.velRadPerS[1]! > 0.5);
    expect(second.isPaused).toBe(false);
    client.close();
    recorder.close();
  });

  it("predicts nothing while the world is paused, and says so", async () => {
    const network = privateNetwork();
    using world = await worldIn(network);
    await using service = serviceIn(network);
    const url = await service.url();
    await service.logged("first prediction");
    world.pause();
    await service.logged("the Gazebo world is paused");
    await until(
      async () => (await health(url)).reasons.includes("no recent prediction"),
      "no recent prediction",
    );
    world.resume();
    await service.logged("simulated time jumped");
    await until(
      async () => !(await health(url)).reasons.includes("no recent prediction"),
      "predictions again",
    );
  });

  it.each([
    ["has no physics system", { hasPhysics: false }, {}, /^\[sim\/fault\].*no axis1.*physics/],
    [
      "has no such model",
      {},
      { KAIROS_GAZEBO_MODEL: "gripper" },
      /^\[sim\/transport\].*nobody publishes \/model\/gripper\/.*there are .*\/model\/mount0\//,
    ],
    ["is of another release", {}, { KAIROS_GAZEBO_RELEASE: "fortress" }, /set gazebo\.release/],
    ["is in another partition", {}, { KAIROS_GAZEBO_PARTITION: "elsewhere" }, /nobody publishes/],
  ])("says why it does not start when the world %s", async (_, options, environment, says) => {
    const network = privateNetwork();
    using world = await worldIn(network, options);
    await using service = serviceIn(network, {
      KAIROS_GAZEBO_START_TIMEOUT_MS: "2500",
      IGN_IP: network.address,
      IGN_DISCOVERY_MSG_PORT: `${network.messagePort}`,
      IGN_DISCOVERY_SRV_PORT: `${network.servicePort}`,
      ...environment,
    });
    await until(() => Promise.resolve(service.child.exitCode !== null), "the end of the service");
    expect(service.child.exitCode).toBe(1);
    expect(service.logLines.map((line) => String(line["msg"])).join("\n")).toMatch(
      new RegExp(says.source, "m"),
    );
    expect(world.isPaused).toBe(false);
  });
});

import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { connectControl } from "../../bridge/client/control-client.ts";
import { whenAccepted } from "../../bridge/client/device-agent.ts";
import { ActuationMode, type ActuationEvent } from "../../bridge/contract/actuation.ts";
import { agentProblems } from "../../bridge/core/agent-status.ts";
import { DriverLink } from "../../bridge/contract/actuator-driver.ts";
import { openControlRig, RawClient, until } from "../fakes/control-rig.ts";
import { openDeviceRig, openSimulatedAgent } from "../fakes/device-rig.ts";
import { phoneMount } from "../fakes/synthetic-actuation.ts";

const mount = phoneMount();
const axes = mount.axes.map(
  ({ name, lowerRad, upperRad, maxVelocityRadPerS, maxAccelerationRadPerS2 }) => ({
    name,
    lowerRad,
    upperRad,
    maxVelocityRadPerS,
    maxAccelerationRadPerS2,
  }),
);

describe("a device that an agent moves", () => {
  it("follows a client's velocity and tells where it is", async () => {
    await using rig = await openDeviceRig();
    const { agent, simulated } = openSimulatedAgent(rig.server.url);
    await whenAccepted(agent);
    const control = await connectControl(rig.server.url, {
      role: "controller",
      client: "test",
      WebSocket,
    });
    await until(() => control.state("mount0")?.mode === "active", "active");
    const lease = await control.acquire("mount0");
    const velocity = lease.velocity();
    velocity.set({ yaw: 0.8 });
    await until(() => (rig.posRad()[1] ?? 0) > 0.2, "yaw moves");
    velocity.stop();
    expect(simulated.posRad[1]).toBeGreaterThan(0.2);
    const [status] = rig.agents.status();
    expect(status).toMatchObject({ client: "test agent", link: DriverLink.Up, disorderCount: 0 });
    expect(status?.roundTripMs).toBeGreaterThan(0);
    expect(status?.setpointToTelemetryMs).toBeGreaterThan(0);
    agent.close();
    control.close();
  });

  it("stops with a fault whose reason is told when the agent goes", async () => {
    await using rig = await openDeviceRig();
    const events: ActuationEvent[] = [];
    rig.actuation.onEvent((event) => events.push(event));
    const { agent, held } = openSimulatedAgent(rig.server.url);
    await whenAccepted(agent);
    await until(() => events.some((e) => e.kind === "mode" && e.mode === 1), "active");
    await until(() => (rig.agents.status()[0]?.setpointCount ?? 0) > 3, "setpoints");
    agent.close("battery empty");
    expect(held).toEqual(["battery empty"]);
    await until(
      () => events.some((e) => e.kind === "mode" && e.mode === ActuationMode.Fault),
      "fault",
    );
    expect(agentProblems(rig.agents.status())).toEqual([
      "mount0: test agent is gone: socket closed (1000)",
    ]);
  });

  it("is refused to a second agent, which gets it when the first has gone", async () => {
    await using rig = await openDeviceRig();
    const first = openSimulatedAgent(rig.server.url);
    await whenAccepted(first.agent);
    const second = openSimulatedAgent(rig.server.url, { client: "second", maxBackoffMs: 200 });
    await expect(whenAccepted(second.agent)).rejects.toMatchObject({ code: "device/taken" });
    first.agent.close();
    await until(() => second.agent.isAccepted, "second agent in");
    expect(rig.agents.status()[0]?.client).toBe("second");
    second.agent.close();
  });

  it.each([
    ["of another device", { device: "arm7" }, /arm7.*mount0/],
    ["without an axis", { axes: axes.slice(1) }, /deploy is missing/],
    ["of an axis too many", { axes: [...axes, { ...axes[0], name: "zoom" }] }, /zoom is unknown/],
    ["that cannot hold", { modes: ["limp"] }, /hold/],
    [
      "that cannot stand at home",
      { axes: axes.map((a) => ({ ...a, upperRad: -1 })) },
      /home|range/,
    ],
  ])("refuses an offer %s, with the reason", async (_, change, reason) => {
    await using rig = await openDeviceRig();
    const raw = new RawClient(`${rig.server.url}/v1/device`, "kairos.device.v1");
    await raw.opened();
    raw.say({ type: "hello", protocol: "kairos.device.v1", role: "device", client: "raw" });
    raw.say({ type: "offer", device: "mount0", axes, telemetryRateHz: 50, ...change });
    const error = await raw.next("error");
    expect(error.code).toBe("device/offer");
    expect(error.message).toMatch(reason);
    expect((await raw.closed).code).toBe(1008);
    expect(rig.agents.status()[0]?.client).toBeNull();
  });

  it.each([
    [
      "a first message that is no hello",
      '{"type":"sync","t0Ms":1,"t1Ms":1,"t2Ms":1}',
      "control/hello",
    ],
    [
      "another protocol",
      '{"type":"hello","protocol":"x","role":"device","client":"c"}',
      "control/protocol",
    ],
    [
      "another role",
      '{"type":"hello","protocol":"kairos.device.v1","role":"viewer","client":"c"}',
      "control/message",
    ],
    ["what is not JSON", "move!", "control/malformed"],
  ])("answers %s with a code and closes", async (_, text, code) => {
    await using rig = await openDeviceRig();
    const raw = new RawClient(`${rig.server.url}/v1/device`, "kairos.device.v1");
    await raw.opened();
    raw.socket.send(text);
    expect((await raw.next("error")).code).toBe(code);
    expect((await raw.closed).code).toBe(1008);
  });

  it.each([
    ["NaN", { posRad: [2.1, Number.NaN, 0, 0] }],
    ["three joints of four", { posRad: [2.1, 0, 0] }],
    ["a joint outside its range", { posRad: [2.1, 4, 0, 0] }],
    ["a fault of its own", { faults: ["motor too hot"] }],
  ])("is in fault when its agent tells %s", async (_, wrong) => {
    await using rig = await openDeviceRig();
    const raw = new RawClient(`${rig.server.url}/v1/device`, "kairos.device.v1");
    await raw.opened();
    raw.say({ type: "hello", protocol: "kairos.device.v1", role: "device", client: "raw" });
    raw.say({ type: "offer", device: "mount0", axes, telemetryRateHz: 50 });
    const fine = { type: "telemetry", stampMs: 1, posRad: mount.homeRad, velRadPerS: [0, 0, 0, 0] };
    raw.say({ ...fine, seq: 1 });
    await until(() => rig.agents.status()[0]?.link === DriverLink.Up, "up");
    raw.say({ ...fine, seq: 2, ...wrong });
    await until(() => rig.agents.status()[0]?.link === DriverLink.Fault, "fault");
    raw.socket.terminate();
  });

  it("has no endpoint where no device is moved by an agent", async () => {
    await using rig = await openControlRig();
    const raw = new RawClient(`${rig.server.url}/v1/device`, "kairos.device.v1");
    await expect(raw.opened()).rejects.toThrow("404");
  });
});

import { WebSocket } from "ws";
import { describe, expect, it } from "vitest";
import { ActuationMode } from "../../bridge/contract/actuation.ts";
import { connectControl, connectStream, type ControlClient } from "../../bridge/client/index.ts";
import { streamFamilies } from "../../bridge/control/stream-metrics.ts";
import { prometheusText } from "../../bridge/core/prometheus.ts";
import type { ControlServer } from "../../bridge/control/server.ts";
import { openControlRig, RawClient, until } from "../fakes/control-rig.ts";

const connect = async (server: ControlServer, client = "test"): Promise<ControlClient> =>
  await connectControl(server.url, { role: "supervisor", client, WebSocket });

describe("connecting", () => {
  it("learns devices, limits and keepalive", async () => {
    await using rig = await openControlRig();
    const client = await connect(rig.server);
    expect(client.welcome.devices[0]?.axes.map(({ name }) => name)).toEqual([
      "deploy",
      "yaw",
      "roll",
      "pitch",
    ]);
    expect(client.welcome.keepalive.checkInMs).toBe(250);
    expect(client.welcome.limits).toEqual({
      maxMessageBytes: 16_384,
      maxMessagesPerS: 500,
      maxTtlMs: 5000,
    });
    await until(() => client.state("mount0") !== undefined, "the first state");
    client.close();
  });

  it("says that nobody listens there", async () => {
    const options = { role: "viewer", client: "test", WebSocket } as const;
    await expect(connectControl("http://127.0.0.1:1", options)).rejects.toMatchObject({
      code: "client/connect",
    });
  });

  it("passes on why it was refused", async () => {
    await using rig = await openControlRig();
    const options = { role: "king" as "viewer", client: "test", WebSocket };
    await expect(connectControl(rig.server.url, options)).rejects.toMatchObject({
      code: "control/message",
    });
  });

  it("knows the server's clock on the same machine to within its uncertainty", async () => {
    await using rig = await openControlRig();
    const client = await connect(rig.server);
    await until(() => client.clock !== undefined, "the first sync");
    const { offsetMs, uncertaintyMs } = client.clock!;
    const serverNowMs = Number(process.hrtime.bigint()) / 1e6;
    // Two reads of two clocks cannot happen at once; a second covers the slowest machine.
    expect(Math.abs(performance.now() + offsetMs - serverNowMs)).toBeLessThan(uncertaintyMs + 1000);
    client.close();
  });
});

describe("a lease in the hand", () => {
  it("moves to a position and waits for its end", async () => {
    await using rig = await openControlRig();
    const client = await connect(rig.server);
    const lease = await client.acquire("mount0");
    const going = lease.position({ pitch: 0.2 }, { velocityRatio: 0.5 });
    await until(() => rig.actuation.sent.length === 1, "the command");
    expect(rig.actuation.sent).toEqual([
      { kind: "position", commandId: 1, posRad: [null, null, null, 0.2], velocityRatio: 0.5 },
    ]);
    rig.actuation.emit({ kind: "done", commandId: 1, result: "limited", reason: "pitch at 1.05" });
    expect(await going).toEqual({ result: "limited", reason: "pitch at 1.05" });
    client.close();
  });

  it("repeats a velocity until it is told otherwise, then says zero once", async () => {
    await using rig = await openControlRig();
    const client = await connect(rig.server);
    const lease = await client.acquire("mount0");
    const stream = lease.velocity({ periodMs: 10, ttlMs: 150 });
    stream.set({ yaw: 0.5 });
    await until(() => rig.actuation.sent.length >= 4, "four sayings");
    stream.stop();
    await until(() => isZero(rig.actuation.sent.at(-1)), "the zero");
    const count = rig.actuation.sent.length;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(rig.actuation.sent).toHaveLength(count);
    expect(rig.actuation.sent.slice(0, -1).some(isZero)).toBe(false);
    client.close();
  });

  it("ends, and its stream with it, when somebody takes the device", async () => {
    await using rig = await openControlRig();
    const anna = await connect(rig.server, "anna");
    const sue = await connect(rig.server, "sue");
    const lease = await anna.acquire("mount0");
    const stream = lease.velocity({ periodMs: 10 });
    stream.set({ yaw: 0.5 });
    await expect(sue.acquire("mount0")).rejects.toMatchObject({ code: "lease/held" });
    await sue.take("mount0");
    await until(() => !lease.isHeld, "the loss");
    await until(() => !stream.isMoving, "the end of the stream");
    expect(lease.lostBecause).toBe("taken by sue");
    await expect(lease.position({ yaw: 0 })).rejects.toMatchObject({ code: "client/lease-lost" });
    anna.close();
    sue.close();
  });

  it("is kept alive by check-ins beyond every timeout", async () => {
    await using rig = await openControlRig({
      keepalive: { checkInMs: 20, missMs: 200, staleMs: 300, closeMs: 400 },
    });
    const client = await connect(rig.server);
    const lease = await client.acquire("mount0");
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(lease.isHeld).toBe(true);
    expect(rig.actuation.sent).toEqual([]);
    await lease.return();
    expect(lease.isHeld).toBe(false);
    client.close();
  });

  it("stops the device when the program goes away, and rejects what was pending", async () => {
    await using rig = await openControlRig();
    const client = await connect(rig.server);
    const lease = await client.acquire("mount0");
    const going = lease.position({ yaw: 1 });
    await until(() => rig.actuation.sent.length === 1, "the command");
    client.close();
    await expect(going).rejects.toMatchObject({ code: "client/closed" });
    await until(() => rig.actuation.kinds.includes("stop hold"), "the stop");
    expect(lease.sendVelocity({ yaw: 1 }, 100)).toBe(false);
  });

  it("stops and latches without any lease, and resets", async () => {
    await using rig = await openControlRig();
    const client = await connect(rig.server);
    await client.stop();
    await client.estop("mount0");
    await expect(client.reset()).rejects.toMatchObject({ code: "command/stopping" });
    rig.actuation.emit({ kind: "mode", mode: ActuationMode.Latched, reason: "at rest" });
    await client.reset();
    expect(rig.actuation.kinds).toEqual(["stop hold", "stop estop", "reset"]);
    await expect(client.stop("arm")).rejects.toMatchObject({ code: "control/unknown-device" });
    client.close();
  });
});

describe("the stream", () => {
  const state = {
    device: "mount0",
    stampMs: 5,
    posRad: [1, 2, 3, 4],
    velRadPerS: [0, 0, 0, 0],
    setpointRad: [1, 2, 3, 4],
  };

  it("brings JSON topics and typed arrays", async () => {
    await using rig = await openControlRig();
    const { stream: hub } = rig.server;
    const got: unknown[] = [];
    const stream = connectStream(rig.server.url, [{ topic: "state" }, { topic: "prediction" }], {
      WebSocket,
    });
    stream.on("state", (payload) => got.push(payload));
    stream.on("prediction", (payload) => got.push(payload));
    await until(() => hub.wants("state") && hub.wants("prediction"), "the subscriptions");
    expect(hub.wants("camera")).toBe(false);
    const prediction = {
      device: "mount0",
      stampMs: 5,
      stepMs: 40,
      horizonSteps: 2,
      axisNames: ["yaw"],
      meanPosRad: { data: new Float32Array([0.5, 0.25]), shape: [2, 1] },
      stdPosRad: { data: new Float32Array([0.125, 1]), shape: [2, 1] },
      inferMs: 3,
      lookaheadMs: 120,
    };
    hub.publish("state", state);
    hub.publish("prediction", prediction);
    await until(() => got.length === 2, "both");
    expect(got).toEqual([state, prediction]);
    stream.close();
    await until(() => !hub.wants("state"), "the end of the subscription");
  });

  it("comes back and subscribes again after the server was gone", async () => {
    const first = await openControlRig();
    const { port } = first.server;
    const stream = connectStream(first.server.url, [{ topic: "state" }], {
      WebSocket,
      maxBackoffMs: 50,
    });
    let count = 0;
    stream.on("state", () => (count += 1));
    await until(() => first.server.stream.wants("state"), "the subscription");
    await first.server[Symbol.asyncDispose]();
    await using second = await openControlRig({ port });
    await until(() => second.server.stream.wants("state"), "the subscription again");
    second.server.stream.publish("state", state);
    await until(() => count === 1, "a state");
    stream.close();
  });

  it("keeps a client that does not read from costing memory or touching another", async () => {
    await using rig = await openControlRig();
    const { stream: hub } = rig.server;
    const slow = new RawClient(`${rig.server.url}/v1/stream`, "kairos.stream.v1");
    await slow.opened();
    slow.say({ type: "subscribe", topics: [{ topic: "camera" }] });
    const seen: number[] = [];
    const good = connectStream(rig.server.url, [{ topic: "camera" }], { WebSocket });
    good.on("camera", ({ stampMs }) => seen.push(stampMs));
    await until(
      () => hub.stats().topics.some(({ subscriberCount }) => subscriberCount === 2),
      "both",
    );
    slow.socket.pause();
    const jpeg = new Uint8Array(100_000);
    const beforeBytes = process.memoryUsage().rss;
    // 40 MB for a peer that takes none of it: its socket fills, then pictures are dropped.
    for (let stampMs = 0; stampMs < 400; stampMs += 1) {
      hub.publish("camera", { stampMs, widthPx: 1, heightPx: 1, jpeg });
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await until(() => seen.at(-1) === 399, "the newest picture");
    expect(seen.length).toBeGreaterThan(300);
    const camera = hub.stats().topics.find(({ topic }) => topic === "camera")!;
    expect(camera.lostCount).toBeGreaterThan(100);
    expect(prometheusText(streamFamilies(hub.stats()))).toContain(
      `kairos_stream_lost_total{topic="camera"} ${camera.lostCount}\n`,
    );
    expect(process.memoryUsage().rss - beforeBytes).toBeLessThan(200e6);
    slow.socket.resume();
    await until(() => hub.stats().clientCount === 2, "the slow client is still served");
    slow.socket.terminate();
    good.close();
  });

  it.each([
    { name: "text that is not JSON", frame: "{", code: "control/malformed" },
    {
      name: "an unknown topic",
      frame: '{"type":"subscribe","topics":[{"topic":"x"}]}',
      code: "control/message",
    },
    { name: "a command", frame: '{"type":"stop","level":"hold"}', code: "control/unknown-type" },
  ])("answers $name and moves nothing", async ({ frame, code }) => {
    await using rig = await openControlRig();
    const client = new RawClient(`${rig.server.url}/v1/stream`, "kairos.stream.v1");
    await client.opened();
    client.socket.send(frame);
    expect(await client.next("error")).toMatchObject({ code });
    expect(rig.actuation.sent).toEqual([]);
  });

  it("closes a socket that asks for nothing", async () => {
    await using rig = await openControlRig({ limits: { helloMs: 50 } });
    const client = new RawClient(`${rig.server.url}/v1/stream`, "kairos.stream.v1");
    expect((await client.closed).reason).toContain("control/hello-timeout");
  });
});

function isZero(command: unknown): boolean {
  const { velRadPerS } = command as { velRadPerS?: readonly (number | null)[] };
  return velRadPerS?.every((vel) => vel === 0 || vel === null) ?? false;
}

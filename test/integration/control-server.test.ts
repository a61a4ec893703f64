import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { ActuationMode } from "../../bridge/contract/actuation.ts";
import { ErrorCode } from "../../bridge/contract/errors.ts";
import { asyncApiDocument } from "../../bridge/control/schema/asyncapi.ts";
import { schemaDocument } from "../../bridge/control/schema/json-schema.ts";
import { openControlRig, RawClient, until } from "../fakes/control-rig.ts";

const velocity = {
  type: "command",
  kind: "velocity",
  id: 1,
  seq: 1,
  device: "mount0",
  ttlMs: 200,
  velRadPerS: { yaw: 0.5 },
};

describe("commands and the lease", () => {
  it("refuses a command without the lease and sends nothing to the actuation", async () => {
    await using rig = await openControlRig();
    const client = await RawClient.greeted(rig.server);
    client.say({ ...velocity, lease: { epoch: "another", sequence: 1 } });
    const ack = await client.next("ack");
    expect(ack).toMatchObject({
      id: 1,
      status: "rejected",
      code: "lease/wrong-epoch",
      owner: null,
    });
    expect(rig.actuation.sent).toEqual([]);
  });

  it("carries an accepted command to the actuation and its outcome back", async () => {
    await using rig = await openControlRig();
    const client = await RawClient.greeted(rig.server);
    const lease = await client.acquire();
    client.say({ ...velocity, lease });
    expect(await client.next("ack")).toEqual({ type: "ack", id: 1, status: "accepted" });
    expect(rig.actuation.sent).toEqual([
      {
        kind: "velocity",
        commandId: 1,
        velRadPerS: [null, 0.5, null, null],
        expiresAtMs: expect.any(Number) as number,
      },
    ]);
    const limits = ["yaw velocity 0.50 limited to 0.40 rad/s"];
    const applied = [null, 0.4, null, null];
    rig.actuation.emit({ kind: "applied", commandId: 1, atMs: 0, applied, limits });
    expect(await client.next("ack")).toMatchObject({
      status: "applied",
      applied: { yaw: 0.4 },
      limits,
    });
    rig.actuation.emit({ kind: "done", commandId: 1, result: "expired", reason: "ttl ran out" });
    expect(await client.next("ack")).toMatchObject({ id: 1, status: "done", result: "expired" });
  });

  it("counts the expiry of a velocity from its arrival", async () => {
    await using rig = await openControlRig();
    const client = await RawClient.greeted(rig.server);
    const lease = await client.acquire();
    const beforeMs = performance.now();
    client.say({ ...velocity, ttlMs: 300, lease });
    await client.next("ack");
    const spentMs = performance.now() - beforeMs;
    const command = rig.actuation.sent[0]!;
    const { serverMs } = client.messages.find((message) => message.type === "welcome")!;
    const leftMs = command.kind === "velocity" ? command.expiresAtMs - serverMs : 0;
    expect(leftMs).toBeGreaterThanOrEqual(300);
    // The welcome was before the command; nothing else took time but what was measured around it.
    expect(leftMs).toBeLessThan(300 + 2000 + spentMs);
  });

  it("does not repeat a command that came twice", async () => {
    await using rig = await openControlRig();
    const client = await RawClient.greeted(rig.server);
    const lease = await client.acquire();
    client.say({ ...velocity, lease });
    client.say({ ...velocity, id: 2, lease });
    const late = await client.next("ack", ({ id }) => id === 2);
    expect(late).toMatchObject({ status: "rejected", code: "command/late" });
    expect(rig.actuation.kinds).toEqual(["velocity"]);
  });

  it("refuses an axis the device does not have and names those it has", async () => {
    await using rig = await openControlRig();
    const client = await RawClient.greeted(rig.server);
    const lease = await client.acquire();
    client.say({ ...velocity, velRadPerS: { jaw: 1 }, lease });
    const ack = await client.next("ack");
    expect(ack).toMatchObject({ status: "rejected", code: "command/axis" });
    expect(ack.reason).toContain("deploy, yaw, roll, pitch");
    expect(rig.actuation.sent).toEqual([]);
  });

  it("lets one of two clients move, and tells the other who", async () => {
    await using rig = await openControlRig();
    const anna = await RawClient.greeted(rig.server, "controller", "anna");
    const ben = await RawClient.greeted(rig.server, "controller", "ben");
    await anna.acquire();
    ben.say({ type: "lease.acquire", id: 1, device: "mount0" });
    const reply = await ben.next("lease", ({ id }) => id === 1);
    expect(reply).toMatchObject({ result: "lease/held", owner: { client: "anna" } });
    ben.say({ type: "lease.take", id: 2, device: "mount0" });
    expect(await ben.next("lease", ({ id }) => id === 2)).toMatchObject({ result: "control/role" });
  });

  it("stops the device before a supervisor who took it may move it", async () => {
    await using rig = await openControlRig();
    const anna = await RawClient.greeted(rig.server, "controller", "anna");
    const boss = await RawClient.greeted(rig.server, "supervisor", "boss");
    const annas = await anna.acquire();
    anna.say({ ...velocity, lease: annas });
    await anna.next("ack");
    boss.say({ type: "lease.take", id: 1, device: "mount0" });
    const reply = await boss.next("lease", ({ id }) => id === 1);
    expect(reply).toMatchObject({ result: "ok", lease: { sequence: annas.sequence + 1 } });
    expect(rig.actuation.kinds).toEqual(["velocity", "stop hold"]);
    anna.say({ ...velocity, id: 5, seq: 5, lease: annas });
    const ack = await anna.next("ack", ({ id }) => id === 5);
    expect(ack).toMatchObject({ code: "lease/older", owner: { client: "boss" } });
    expect(rig.actuation.kinds).toEqual(["velocity", "stop hold"]);
  });
});

describe("silence", () => {
  it("stops the device, makes the lease stale, then closes the session", async () => {
    await using rig = await openControlRig({
      keepalive: { checkInMs: 40, missMs: 150, staleMs: 300, closeMs: 600 },
    });
    const client = await RawClient.greeted(rig.server);
    await client.acquire();
    await until(() => rig.actuation.kinds.includes("stop hold"), "the stop after a miss");
    expect(await client.next("lease", ({ stale }) => stale)).toMatchObject({ device: "mount0" });
    const { code, reason } = await client.closed;
    expect(code).toBe(1001);
    expect(reason).toContain("no check-in");
    expect(rig.server.authority()).toMatchObject([{ owner: null }]);
  });

  it("is not held against a client whose check-in waited while this process was busy", async () => {
    await using rig = await openControlRig({
      keepalive: { checkInMs: 40, missMs: 1000, staleMs: 6000, closeMs: 9000 },
    });
    const client = await RawClient.greeted(rig.server);
    await client.acquire();
    client.say({ type: "checkin" });
    const untilMs = performance.now() + 1300;
    while (performance.now() < untilMs);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(rig.actuation.sent).toEqual([]);
  });

  it("does not take an empty binary frame for a check-in", async () => {
    await using rig = await openControlRig({
      keepalive: { checkInMs: 40, missMs: 150, staleMs: 300, closeMs: 600 },
    });
    const client = await RawClient.greeted(rig.server);
    await client.acquire();
    const timer = setInterval(() => {
      client.socket.send(Buffer.alloc(0));
    }, 20);
    await client.closed;
    clearInterval(timer);
    expect(rig.actuation.kinds).toContain("stop hold");
    expect(client.messages.filter(({ type }) => type === "error")).toHaveLength(1);
  });

  it("stops the device at once when the owner's socket goes", async () => {
    await using rig = await openControlRig();
    const client = await RawClient.greeted(rig.server);
    await client.acquire();
    client.socket.terminate();
    await until(() => rig.actuation.kinds.includes("stop hold"), "the stop after the loss");
    expect(rig.server.authority()).toMatchObject([{ owner: null, stale: false }]);
  });
});

describe("stop and reset", () => {
  it.each(["viewer", "estop", "controller", "supervisor"])(
    "takes an estop from a %s",
    async (role) => {
      await using rig = await openControlRig();
      const client = await RawClient.greeted(rig.server, role);
      client.say({ type: "stop", id: 1, level: "estop" });
      expect(await client.next("ack")).toMatchObject({ id: 1, status: "accepted" });
      expect(rig.actuation.kinds).toEqual(["stop estop"]);
      expect(rig.server.authority()).toMatchObject([{ latched: true }]);
    },
  );

  it("ends the lease when somebody else stops the device", async () => {
    await using rig = await openControlRig();
    const owner = await RawClient.greeted(rig.server, "controller");
    const viewer = await RawClient.greeted(rig.server, "viewer");
    const lease = await owner.acquire();
    viewer.say({ type: "stop", id: 1, level: "hold" });
    await viewer.next("ack");
    owner.say({ ...velocity, lease });
    expect(await owner.next("ack")).toMatchObject({ code: "lease/revoked" });
    expect(rig.actuation.kinds).toEqual(["stop hold"]);
  });

  it("moves again after an estop only with a reset, a new lease and a new command", async () => {
    await using rig = await openControlRig();
    const client = await RawClient.greeted(rig.server);
    await client.acquire();
    client.say({ type: "stop", level: "estop" });
    const lease = await client.acquire();
    client.say({ ...velocity, id: 2, lease });
    expect(await client.next("ack", ({ id }) => id === 2)).toMatchObject({
      code: "command/latched",
    });
    client.say({ type: "reset", id: 5 });
    expect(await client.next("ack", ({ id }) => id === 5)).toMatchObject({
      code: "command/stopping",
    });
    rig.actuation.emit({ kind: "mode", mode: ActuationMode.Latched, reason: "at rest" });
    client.say({ type: "reset", id: 3 });
    expect(await client.next("ack", ({ id }) => id === 3)).toMatchObject({ status: "accepted" });
    rig.actuation.emit({ kind: "mode", mode: ActuationMode.Active, reason: "reset" });
    client.say({ ...velocity, id: 4, seq: 4, lease });
    expect(await client.next("ack", ({ id }) => id === 4)).toMatchObject({ status: "accepted" });
    expect(rig.actuation.kinds).toEqual(["stop estop", "reset", "velocity"]);
  });

  it("refuses a viewer's reset", async () => {
    await using rig = await openControlRig();
    const client = await RawClient.greeted(rig.server, "viewer");
    client.say({ type: "reset", id: 1 });
    expect(await client.next("ack")).toMatchObject({ status: "rejected", code: "control/role" });
    expect(rig.actuation.sent).toEqual([]);
  });
});

describe("bad messages", () => {
  it.each([
    { name: "text that is not JSON", frame: "{", code: "control/malformed" },
    { name: "an array", frame: "[]", code: "control/malformed" },
    { name: "an unknown type", frame: '{"type":"explode"}', code: "control/unknown-type" },
    { name: "a message of 17 KiB", frame: "x".repeat(17 * 1024), code: "control/too-large" },
    { name: "a binary frame", frame: Buffer.from([1, 2, 3]), code: "control/binary" },
    { name: "a second hello", frame: hello("viewer"), code: "control/hello" },
  ])("answers $name and lets the session live", async ({ frame, code }) => {
    await using rig = await openControlRig();
    const client = await RawClient.greeted(rig.server);
    client.socket.send(frame);
    expect(await client.next("error")).toMatchObject({ code });
    client.say({ type: "sync", t0Ms: 1 });
    expect(await client.next("sync")).toMatchObject({ t0Ms: 1 });
  });

  it.each([
    { name: "a command before hello", frame: '{"type":"checkin"}', code: "control/hello" },
    { name: "a device", frame: hello("device"), code: "control/unsupported" },
    { name: "an unknown role", frame: hello("king"), code: "control/message" },
    { name: "another protocol", frame: hello("viewer", "v9"), code: "control/protocol" },
  ])("refuses $name", async ({ frame, code }) => {
    await using rig = await openControlRig();
    const client = await RawClient.control(rig.server);
    client.socket.send(frame);
    expect(await client.next("error")).toMatchObject({ code });
    expect(rig.server.stats().sessionCount).toBe(0);
  });

  it("closes a client that keeps sending garbage, and no other", async () => {
    await using rig = await openControlRig();
    const good = await RawClient.greeted(rig.server);
    const bad = await RawClient.greeted(rig.server);
    for (let i = 0; i < 20; i += 1) bad.socket.send("garbage");
    const { code, reason } = await bad.closed;
    expect(code).toBe(1008);
    expect(reason).toContain("control/garbage");
    good.say({ type: "sync", t0Ms: 1 });
    await good.next("sync");
    expect(rig.server.stats().sessionCount).toBe(1);
  });

  it("closes a client whose message is beyond every limit", async () => {
    await using rig = await openControlRig();
    const client = await RawClient.greeted(rig.server);
    client.socket.send("x".repeat(200 * 1024));
    expect((await client.closed).code).toBe(1009);
  });

  it("closes a client that floods", async () => {
    await using rig = await openControlRig({ limits: { maxMessagesPerS: 50 } });
    const client = await RawClient.greeted(rig.server);
    for (let i = 0; i < 200; i += 1) client.say({ type: "checkin" });
    expect((await client.closed).reason).toContain("control/rate");
  });

  it("closes a socket on which no hello comes", async () => {
    await using rig = await openControlRig({ limits: { helloMs: 50 } });
    const client = await RawClient.control(rig.server);
    expect((await client.closed).reason).toContain("control/hello-timeout");
  });

  it("terminates a peer that does not answer pings", async () => {
    await using rig = await openControlRig({ limits: { pingMs: 40, pongMs: 80 } });
    const client = new RawClient(`${rig.server.url}/v1/control`, "kairos.control.v1", {
      autoPong: false,
    });
    await client.opened();
    expect((await client.closed).code).toBe(1006);
  });
});

describe("who may connect", () => {
  it.each([
    { name: "no Origin", headers: {}, refused: undefined },
    { name: "another site", headers: { origin: "http://evil.example" }, refused: "403" },
    { name: "the null origin", headers: { origin: "null" }, refused: "403" },
    { name: "another port", headers: { origin: "http://127.0.0.1:1" }, refused: "403" },
    { name: "a rebound name", headers: { host: "evil.example" }, refused: "421" },
  ])("$name: $refused", async ({ headers, refused }) => {
    await using rig = await openControlRig();
    const opening = RawClient.control(rig.server, { headers });
    if (refused === undefined) await opening;
    else await expect(opening).rejects.toThrow(refused);
  });

  it("admits its own page under every loopback name, and configured origins", async () => {
    await using rig = await openControlRig({ allowedOrigins: ["http://localhost:5173"] });
    const { port } = rig.server;
    const own = [`http://127.0.0.1:${port}`, `http://localhost:${port}`, `http://[::1]:${port}`];
    for (const origin of [...own, "http://localhost:5173"]) {
      const client = await RawClient.control(rig.server, { headers: { origin } });
      client.socket.terminate();
    }
  });

  it("refuses a socket without the subprotocol", async () => {
    await using rig = await openControlRig();
    const client = new RawClient(`${rig.server.url}/v1/control`, "something.else");
    await expect(client.opened()).rejects.toThrow("400");
  });

  it("refuses more connections than its limit", async () => {
    await using rig = await openControlRig({ limits: { maxConnections: 2 } });
    await RawClient.control(rig.server);
    await RawClient.control(rig.server);
    await expect(RawClient.control(rig.server)).rejects.toThrow("503");
  });

  it.each(["0.0.0.0", "192.168.1.5", "::", "example.org"])(
    "does not listen on %s",
    async (host) => {
      await expect(openControlRig({ host })).rejects.toThrow("authentication is not configured");
    },
  );

  it("names host and port when the port is in use", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    await expect(openControlRig({ port })).rejects.toMatchObject({
      code: ErrorCode.ControlPort,
      message: expect.stringContaining(`127.0.0.1:${port} is in use`) as string,
    });
    other.close();
  });
});

describe("http", () => {
  it("serves health and metrics with strict headers", async () => {
    await using rig = await openControlRig();
    const health = await fetch(`${rig.server.url}/healthz`);
    expect(await health.json()).toEqual({ status: "ok" });
    expect(health.headers.get("x-content-type-options")).toBe("nosniff");
    expect(health.headers.get("content-security-policy")).toContain("default-src 'none'");
    const metrics = await fetch(`${rig.server.url}/metrics`);
    expect(await metrics.text()).toBe("kairos_up 1\n");
  });

  it("serves the schemas it judges messages by", async () => {
    await using rig = await openControlRig();
    const schemas = (await (await fetch(`${rig.server.url}/v1/schema.json`)).json()) as object;
    expect(schemas).toEqual(schemaDocument());
    const asyncApi = await fetch(`${rig.server.url}/v1/asyncapi.json`);
    expect(await asyncApi.json()).toEqual(asyncApiDocument());
  });

  it.each([
    { path: "/nothing", method: "GET", status: 404 },
    { path: "/../../etc/passwd", method: "GET", status: 404 },
    { path: "/healthz", method: "POST", status: 405 },
  ])("answers $method $path with $status", async ({ path, method, status }) => {
    await using rig = await openControlRig();
    expect((await fetch(`${rig.server.url}${path}`, { method })).status).toBe(status);
  });
});

describe("closing", () => {
  it("tells its clients, frees the port, and stops what they moved", async () => {
    const rig = await openControlRig();
    const client = await RawClient.greeted(rig.server);
    await client.acquire();
    await Promise.all([rig.server[Symbol.asyncDispose](), client.closed]);
    expect((await client.closed).code).toBe(1001);
    expect(rig.actuation.kinds).toEqual(["stop hold"]);
    await using again = await openControlRig({ port: rig.server.port });
    expect(again.server.port).toBe(rig.server.port);
  });
});

function hello(role: string, protocol = "kairos.control.v1"): string {
  return JSON.stringify({ type: "hello", protocol, role, client: "test" });
}

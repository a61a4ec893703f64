import { once } from "node:events";
import { connect } from "node:net";
import { expect, it } from "vitest";
import { openControlRig, RawClient, until } from "../../fakes/control-rig.ts";
import { openPairedRig, pairedToken } from "../../fakes/paired-rig.ts";

const protocol = "kairos.control.v1";
const hello = { type: "hello", protocol, role: "controller", client: "storm" };

it("200 reconnects leave no session, socket, listener or lease behind, however they end", async () => {
  await using rig = await openControlRig();
  const emptyCounts = rig.server.stats();
  for (let round = 0; round < 200; round += 1) {
    const client = await RawClient.control(rig.server);
    if (round % 4 !== 0) client.say(hello);
    if (round % 4 > 1) {
      await client.next("welcome");
      await client.acquire();
    }
    if (round % 2 === 0) client.socket.close();
    else client.socket.terminate();
    // Half of them come back before the server has seen the last one go.
    if (round % 3 === 0) await client.closed;
    if (round % 16 === 0) await until(() => rig.server.stats().sessionCount < 8, "sessions to end");
  }
  await until(() => rig.server.stats().connectionCount === 0, "the last connection to go");
  expect(rig.server.stats()).toEqual(emptyCounts);
  expect(rig.server.authority()).toMatchObject([{ owner: null }]);
  expect(rig.actuation.kinds.filter((kind) => kind !== "stop hold")).toEqual([]);
  const last = await RawClient.greeted(rig.server);
  expect(await last.acquire()).toHaveProperty("sequence");
});

it("200 reconnects with a token leave no guest behind, and each is in the audit log", async () => {
  await using rig = await openPairedRig();
  const { token, keyId } = await pairedToken(rig);
  for (let round = 0; round < 200; round += 1) {
    const client = await RawClient.control(rig.server);
    client.say({ ...hello, token });
    await client.next("welcome");
    client.socket.terminate();
  }
  await until(() => rig.server.stats().sessionCount === 0, "sessions to end");
  // Nobody is left to be shown out: revoking finds no socket, and the next one is refused.
  await rig.security.clients.revoke(keyId, "test");
  const late = await RawClient.control(rig.server);
  late.say({ ...hello, token });
  expect((await late.closed).code).toBe(1008);
});

it("a client whose clock is an hour off, either way, drives as any other", async () => {
  await using rig = await openControlRig();
  for (const offMs of [3_600_000, -3_600_000]) {
    const client = await RawClient.greeted(rig.server, "controller");
    const lease = await client.acquire();
    const now = (): number => performance.now() + offMs;
    let previous: object | undefined;
    for (let round = 0; round < 10; round += 1) {
      const t0Ms = now();
      client.say({ type: "sync", t0Ms, ...(previous === undefined ? {} : { previous }) });
      const { t1Ms, t2Ms } = await client.next("sync", (reply) => reply.t0Ms === t0Ms);
      previous = { t0Ms, t1Ms, t2Ms, t3Ms: now() };
    }
    const command = { type: "command", kind: "velocity", device: "mount0", lease, ttlMs: 200 };
    const send = (id: number, tSendMs: number): void => {
      client.say({ ...command, id, seq: id, velRadPerS: { yaw: 0.1 }, sentMs: tSendMs });
    };
    const before = rig.actuation.kinds.filter((kind) => kind === "velocity").length;
    send(1, now());
    await until(
      () => rig.actuation.kinds.filter((kind) => kind === "velocity").length === before + 1,
      "the command of a client whose clock is off",
    );
    // What lay somewhere for longer than its ttl by the same clock is refused.
    send(2, now() - 1000);
    await client.next("ack", (ack) => ack.id === 2 && ack.code === "command/expired");
    client.socket.terminate();
    await until(() => rig.server.stats().sessionCount === 0, "the session to end");
  }
});

it("a control client that does not read is closed with a reason, and memory stays bounded", async () => {
  await using rig = await openControlRig({ limits: { maxBufferedBytes: 64 * 1024 } });
  const bystander = await RawClient.greeted(rig.server, "viewer");
  const deaf = await RawClient.greeted(rig.server, "controller", "deaf");
  deaf.socket.pause();
  const timer = setInterval(() => {
    // Answers of some 200 bytes each: a message it may send is a message it has to read.
    for (let count = 0; count < 4; count += 1) deaf.say({ type: "sync", t0Ms: 1 });
    for (let count = 0; count < 200; count += 1) rig.server.desk.broadcastState();
  }, 10);
  await until(() => rig.server.stats().sessionCount === 1, "the deaf one to be closed");
  clearInterval(timer);
  bystander.say({ type: "sync", t0Ms: 7 });
  await bystander.next("sync", ({ t0Ms }) => t0Ms === 7);
});

it("main blocked for 500 ms ends no session and loses no command", async () => {
  await using rig = await openControlRig();
  const client = await RawClient.greeted(rig.server, "controller");
  const lease = await client.acquire();
  client.say({ type: "checkin" });
  const untilMs = performance.now() + 500;
  while (performance.now() < untilMs);
  client.say({
    ...{ type: "command", kind: "velocity", id: 1, seq: 1, device: "mount0", lease, ttlMs: 200 },
    velRadPerS: { yaw: 0.1 },
  });
  await until(() => rig.actuation.kinds.includes("velocity"), "the command after the block");
  expect(rig.server.stats().sessionCount).toBe(1);
});

it("connections beyond the total are closed at once, and the one who drives does not notice", async () => {
  await using rig = await openControlRig({ limits: { maxTcpConnections: 20 } });
  const driver = await RawClient.greeted(rig.server, "controller");
  await driver.acquire();
  const sockets = Array.from({ length: 100 }, () => connect(rig.server.port, "127.0.0.1"));
  for (const socket of sockets) socket.on("error", () => undefined);
  await until(() => rig.server.stats().refusedConnectionCount >= 81, "refusals");
  expect(rig.server.stats().connectionCount).toBe(20);
  driver.say({ type: "sync", t0Ms: 3 });
  await driver.next("sync", ({ t0Ms }) => t0Ms === 3);
  const closed = sockets.map(async (socket) => socket.closed || (await once(socket, "close")));
  for (const socket of sockets) socket.destroy();
  await Promise.all(closed);
});

import { WebSocket } from "ws";
import { describe, expect, it } from "vitest";
import {
  connectControl,
  keepControl,
  type ConnectControlOptions,
  type ControlClient,
  type LeaseHandle,
  type Motion,
} from "../../bridge/client/index.ts";
import type { ActuationCommand } from "../../bridge/contract/actuation.ts";
import { openControlRig, until, type ControlRig } from "../fakes/control-rig.ts";

type Role = ConnectControlOptions["role"];

async function connect(rig: ControlRig, role: Role = "controller"): Promise<ControlClient> {
  return await connectControl(rig.server.url, { role, client: role, WebSocket });
}

async function withLease(
  run: (lease: LeaseHandle, rig: ControlRig, client: ControlClient) => Promise<void>,
): Promise<void> {
  await using rig = await openControlRig();
  const client = await connect(rig);
  await run(await client.acquire("mount0"), rig, client);
  client.close();
}

const sentKind = (rig: ControlRig, kind: ActuationCommand["kind"]): ActuationCommand | undefined =>
  rig.actuation.sent.find((command) => command.kind === kind);

describe("a command of the client", () => {
  it.each<[string, (lease: LeaseHandle) => Motion, Partial<ActuationCommand>]>([
    [
      "position",
      (lease) => lease.position({ yaw: 0.3 }, { velocityRatio: 0.5 }),
      { kind: "position", posRad: [null, 0.3, null, null], velocityRatio: 0.5 },
    ],
    [
      "trajectory",
      (lease) =>
        lease.trajectory({
          axes: ["yaw"],
          points: [
            { timeMs: 0, posRad: [0] },
            { timeMs: 500, posRad: [0.2] },
          ],
        }),
      { kind: "trajectory" },
    ],
    ["mode", (lease) => lease.mode("inactive"), { kind: "mode", mode: "inactive" }],
    ["deploy", (lease) => lease.deploy(), { kind: "deploy" }],
    ["stow", (lease) => lease.stow({ velocityRatio: 0.2 }), { kind: "stow", velocityRatio: 0.2 }],
  ])("%s reaches the actuation", async (_, move, expected) => {
    await withLease(async (lease, rig) => {
      const motion = move(lease);
      await motion.received;
      await motion.accepted;
      expect(rig.actuation.sent.at(-1)).toMatchObject(expected);
    });
  });

  it("is followed through every level", async () => {
    await withLease(async (lease, rig) => {
      const motion = lease.position({ yaw: 0.3 });
      const received = await motion.received;
      expect(received.atMs).toBeGreaterThan(0);
      const sent = sentKind(rig, "position");
      const commandId = sent !== undefined && "commandId" in sent ? sent.commandId : -1;
      rig.actuation.emit({
        kind: "applied",
        commandId,
        atMs: 77,
        applied: [null, 0.25, null, null],
        limits: ["yaw position 0.30 limited to 0.25 rad"],
      });
      expect(await motion.applied).toEqual({
        atMs: 77,
        applied: { yaw: 0.25 },
        limits: ["yaw position 0.30 limited to 0.25 rad"],
      });
      rig.actuation.emit({ kind: "done", commandId, result: "limited", reason: "yaw at 0.25" });
      expect(await motion).toEqual({ result: "limited", reason: "yaw at 0.25" });
    });
  });

  it("is refused with the server's code", async () => {
    await withLease(async (lease) => {
      const motion = lease.position({ elbow: 1 });
      await expect(motion.accepted).rejects.toMatchObject({ code: "command/axis" });
      await expect(motion).rejects.toMatchObject({ code: "command/axis" });
    });
  });

  it("that is said twice with one id is carried out once", async () => {
    await withLease(async (lease, rig, client) => {
      const command = {
        type: "command",
        kind: "position",
        id: 4711,
        seq: client.nextSeq(),
        device: "mount0",
        lease: lease.ticket,
        posRad: { yaw: 0.1 },
      } as const;
      const acks: string[] = [];
      client.on("ack", ({ id, status }) => {
        if (id === 4711) acks.push(status);
      });
      client.send(command);
      client.send(command);
      await until(() => acks.length >= 2, "both answers");
      expect(acks).not.toContain("rejected");
      expect(rig.actuation.sent.filter(({ kind }) => kind === "position")).toHaveLength(1);
    });
  });

  it("tells its age once the clocks are compared", async () => {
    await withLease(async (lease, _, client) => {
      await until(() => client.clock !== undefined, "first exchange");
      // The server knows what the exchange before this told it.
      await new Promise((resolve) => setTimeout(resolve, 250));
      const { ageMs } = await lease.position({ yaw: 0.1 }).received;
      expect(ageMs).toBeGreaterThanOrEqual(0);
      expect(ageMs).toBeLessThan(1000);
    });
  });
});

describe("a right that is lent to an agent", () => {
  it("moves the device until it is taken back", async () => {
    await using rig = await openControlRig();
    const owner = await connect(rig);
    const agent = await connect(rig, "agent");
    const lease = await owner.acquire("mount0");
    const lent = agent.delegated("mount0");
    await lease.lend(agent.welcome.session, { velocityRatio: 0.3, accelerationRatio: 0.5 });
    const handle = await lent;
    expect([handle.isDelegated, handle.isHeld]).toEqual([true, true]);
    expect(lease.delegate).toMatchObject({ client: "agent", velocityRatio: 0.3 });
    await handle.position({ yaw: 0.2 }).accepted;
    expect(rig.actuation.sent.at(-1)).toMatchObject({ kind: "position" });
    await lease.revoke();
    await until(() => !handle.isHeld, "the end");
    expect(lease.isHeld).toBe(true);
    await expect(handle.position({ yaw: 0 })).rejects.toMatchObject({ code: "client/lease-lost" });
    owner.close();
    agent.close();
  });

  it("is the only one an agent gets", async () => {
    await using rig = await openControlRig();
    const agent = await connect(rig, "agent");
    await expect(agent.acquire("mount0")).rejects.toMatchObject({ code: "control/role" });
    agent.close();
  });
});

describe("a session that is kept", () => {
  it("begins anew after a loss, with an epoch of its own and nothing in hand", async () => {
    const first = await openControlRig();
    const { port } = first.server;
    const kept = keepControl(first.server.url, {
      role: "controller",
      client: "kept",
      WebSocket,
      maxBackoffMs: 50,
    });
    const epochs: string[] = [];
    kept.on("session", ({ welcome }) => epochs.push(welcome.epoch));
    await until(() => kept.client !== undefined, "the first session");
    const lease = await kept.client!.acquire("mount0");
    const velocity = lease.velocity({ periodMs: 10 });
    velocity.set({ yaw: 0.5 });
    await first[Symbol.asyncDispose]();
    await using second = await openControlRig({ port });
    await until(() => epochs.length === 2, "the second session");
    expect(epochs[0]).not.toBe(epochs[1]);
    expect([lease.isHeld, velocity.isMoving]).toEqual([false, false]);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(second.actuation.sent).toEqual([]);
    kept.close();
  });

  it("is not asked for again when the server says no", async () => {
    await using rig = await openControlRig();
    const kept = keepControl(rig.server.url, { role: "king" as Role, client: "x", WebSocket });
    const error = await new Promise<{ code: string }>((resolve) => kept.on("refused", resolve));
    expect(error.code).toBe("control/message");
  });
});

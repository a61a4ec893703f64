import { describe, expect, it } from "vitest";
import { connectStream } from "../../bridge/client/index.ts";
import type { AckMessage } from "../../bridge/control/server-messages.ts";
import { openActuationBackend, type ActuationBackend } from "../fakes/actuation-backend.ts";
import { RawClient } from "../fakes/control-rig.ts";
import { WebSocket } from "ws";

/** A supervisor who checks in while it waits, with the lease. */
async function driver(backend: ActuationBackend): Promise<{
  readonly client: RawClient;
  readonly lease: { readonly epoch: string; readonly sequence: number };
  /** Sends a command and waits for its end. */
  readonly run: (command: object) => Promise<AckMessage>;
  readonly [Symbol.dispose]: () => void;
}> {
  const client = await RawClient.greeted(backend.server);
  const timer = setInterval(() => {
    client.say({ type: "checkin" });
  }, 200);
  const lease = await client.acquire();
  let last = 0;
  return {
    client,
    lease,
    async run(command) {
      last += 1;
      const id = last;
      client.say({ type: "command", id, seq: id, device: "mount0", lease, ...command });
      return await client.next(
        "ack",
        (ack) => ack.id === id && (ack.status === "done" || ack.status === "rejected"),
      );
    },
    [Symbol.dispose]: () => {
      clearInterval(timer);
      client.socket.terminate();
    },
  };
}

describe("commands over the wire reach the actuation thread and end as they should", () => {
  it.each([
    { name: "a nod", command: { kind: "action", action: "nod" } },
    {
      name: "a position in a given time",
      command: { kind: "position", posRad: { yaw: 0.2 }, durationMs: 600 },
    },
    {
      name: "a trajectory",
      command: {
        kind: "trajectory",
        axes: ["yaw", "pitch"],
        points: [
          { timeMs: 500, posRad: [0.1, 0.05], velRadPerS: [0.1, 0] },
          { timeMs: 1000, posRad: [0.2, 0], velRadPerS: [0, 0] },
        ],
      },
    },
    { name: "deploying", command: { kind: "deploy" } },
  ])("$name completes", async ({ command }) => {
    await using backend = await openActuationBackend();
    using hand = await driver(backend);
    expect(await hand.run(command)).toMatchObject({ status: "done", result: "completed" });
  });

  it("an agent moves with its share of the limits and no faster", async () => {
    await using backend = await openActuationBackend();
    using hand = await driver(backend);
    const agent = await RawClient.greeted(backend.server, "agent");
    const alive = setInterval(() => {
      agent.say({ type: "checkin" });
    }, 200);
    const { client, lease } = hand;
    const session = (agent.messages[0] as { readonly session: string }).session;
    client.say({
      type: "lease.delegate",
      id: 500,
      device: "mount0",
      lease,
      to: session,
      velocityRatio: 0.1,
      accelerationRatio: 0.1,
    });
    const { lease: lent } = await agent.next(
      "lease",
      ({ lease: granted }) => granted !== undefined,
    );
    const speeds: number[] = [];
    const stream = connectStream(backend.server.url, [{ topic: "state" }], { WebSocket });
    stream.on("state", ({ velRadPerS }) => speeds.push(Math.abs(velRadPerS[1] ?? 0)));
    agent.say({
      type: "command",
      kind: "position",
      id: 1,
      seq: 1,
      device: "mount0",
      lease: lent,
      posRad: { yaw: 0.3 },
    });
    const done = await agent.next("ack", ({ status }) => status === "done");
    expect(done.result).toBe("completed");
    // 2.09 rad/s are the axis', the joint's lag overshoots a little.
    expect(Math.max(...speeds)).toBeGreaterThan(0.1);
    expect(Math.max(...speeds)).toBeLessThan(0.25);
    clearInterval(alive);
    stream.close();
    agent.socket.terminate();
  });
});

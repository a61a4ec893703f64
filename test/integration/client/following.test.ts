import { WebSocket } from "ws";
import { describe, expect, it } from "vitest";
import {
  connectControl,
  type ControlClient,
  type FollowOptions,
  type FollowStream,
  type LeaseHandle,
} from "../../../bridge/client/index.ts";
import type { Aim, Aimed } from "../../../bridge/core/aim.ts";
import { openControlRig, until, type ControlRig } from "../../fakes/control-rig.ts";

const seen = { ok: true, posRad: [null, 0.2, 0, 0], velRadPerS: [null, 0.1, 0, 0] } as const;
const lost: Aimed = { ok: false, reason: "the target is lost" };

interface Followed {
  readonly rig: ControlRig;
  readonly client: ControlClient;
  readonly lease: LeaseHandle;
  readonly stream: FollowStream;
  /** What the model sees from now on. */
  readonly see: (aimed: Aimed) => void;
  readonly countOf: (kind: string) => number;
}

async function following(
  test: (followed: Followed) => Promise<void>,
  { options, first = seen }: { options?: FollowOptions; first?: Aimed } = {},
): Promise<void> {
  let aimed: Aimed = first;
  const refuse = (): Aimed => ({ ok: false, reason: "asked for something else" });
  const aim: Aim = {
    pose: refuse,
    lookAt: refuse,
    follow: (target) => ("predicted" in target ? aimed : refuse()),
  };
  await using rig = await openControlRig({
    aim: () => aim,
    readJoints: (_device, out) => {
      out.fill(0);
      return true;
    },
  });
  const client = await connectControl(rig.server.url, {
    role: "controller",
    client: "test",
    WebSocket,
  });
  const lease = await client.acquire("mount0");
  await test({
    rig,
    client,
    lease,
    stream: lease.followPredicted({ periodMs: 5, ...options }),
    see: (next) => {
      aimed = next;
    },
    countOf: (kind) => rig.actuation.kinds.filter((sent) => sent === kind).length,
  });
  client.close();
}

/** Long enough for many more to be said. */
const aWhile = async (): Promise<void> => {
  await new Promise((resolve) => setTimeout(resolve, 100));
};

describe("following what the model sees", () => {
  it("is said again and again, each time for a while, and ends with one rest", async () => {
    await following(
      async ({ rig, stream, countOf }) => {
        await until(() => countOf("follow") > 3, "a few sayings");
        expect(stream.isFollowing).toBe(true);
        const said = rig.actuation.sent.find(({ kind }) => kind === "follow");
        if (said?.kind !== "follow") throw new Error("no follow was sent");
        expect(said.posRad).toEqual(seen.posRad);
        expect(said.expiresAtMs - said.atMs).toBeLessThanOrEqual(300);
        stream.stop();
        expect(stream.isFollowing).toBe(false);
        expect(await stream.ended).toEqual({ because: "stopped" });
        await until(() => countOf("velocity") === 1, "the rest");
        const sofar = rig.actuation.sent.length;
        expect(rig.actuation.sent.at(-1)).toMatchObject({ velRadPerS: [0, 0, 0, 0] });
        stream.stop();
        await aWhile();
        expect(rig.actuation.sent).toHaveLength(sofar);
      },
      { options: { ttlMs: 300 } },
    );
  });

  it.each([
    ["at first", lost],
    ["after a while", seen],
  ])("ends when the target is lost %s, and does not wait for it", async (_when, first) => {
    await following(
      async ({ rig, stream, see, countOf }) => {
        if (first.ok) await until(() => countOf("follow") > 1, "a saying");
        see(lost);
        const end = { because: "refused", code: "command/unreachable" };
        expect(await stream.ended).toMatchObject({ ...end, reason: "the target is lost" });
        const sofar = rig.actuation.sent.length;
        see(seen);
        await aWhile();
        expect(rig.actuation.sent).toHaveLength(sofar);
      },
      { first },
    );
  });

  it("ends with the lease, which is somebody else's now", async () => {
    await following(async ({ rig, client, stream, countOf }) => {
      await until(() => countOf("follow") > 1, "a saying");
      const supervisor = { role: "supervisor", client: "other", WebSocket } as const;
      const other = await connectControl(rig.server.url, supervisor);
      await other.take("mount0");
      expect(await stream.ended).toEqual({ because: "lease-lost" });
      expect(client.isOpen).toBe(true);
      other.close();
    });
  });

  it("ends with the connection", async () => {
    await following(async ({ client, stream, countOf }) => {
      await until(() => countOf("follow") > 1, "a saying");
      client.close();
      expect(await stream.ended).toEqual({ because: "closed" });
    });
  });

  it("goes on although a few of the row are overtaken", async () => {
    await following(async ({ client, lease, stream, countOf }) => {
      await until(() => countOf("follow") > 1, "a saying");
      const late: string[] = [];
      client.on("ack", ({ status, code = "" }) => {
        if (status === "rejected") late.push(code);
      });
      client.send({
        type: "command",
        kind: "velocity",
        id: client.nextId(),
        seq: client.nextSeq() + 3,
        device: "mount0",
        lease: lease.ticket,
        acks: "rejections",
        ttlMs: 100,
        velRadPerS: { yaw: 0.1 },
      });
      await until(() => countOf("velocity") === 1 && late.length === 3, "three refusals");
      const before = countOf("follow");
      await until(() => countOf("follow") > before, "the next");
      expect([late, stream.isFollowing]).toEqual([Array(3).fill("command/late"), true]);
    });
  });
});

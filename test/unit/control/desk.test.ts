import { describe, expect, it } from "vitest";
import { ActuationMode } from "../../../bridge/contract/actuation.ts";
import type { AckMessage, ServerMessage } from "../../../bridge/control/server-messages.ts";
import { DeskRig, device, statusOf, type DeskClient } from "../../fakes/desk-rig.ts";

const acks = (client: DeskClient): AckMessage[] =>
  client.heard.filter((message): message is AckMessage => message.type === "ack");
const last = <T extends ServerMessage["type"]>(client: DeskClient, type: T) =>
  client.heard.findLast(
    (message): message is Extract<ServerMessage, { type: T }> => message.type === type,
  );

describe("a request that comes twice", () => {
  it("gets the first answer and is carried out once", () => {
    const rig = new DeskRig();
    const client = rig.join();
    client.acquire();
    const command = client.velocityMessage(0.5);
    const first = client.ask(command);
    rig.nowMs += 29_000;
    client.say({ type: "checkin" });
    expect(client.ask(command)).toEqual(first);
    expect(rig.actuation.kinds).toEqual(["velocity"]);
  });

  it("gets its first refusal too, even if it would pass by now", () => {
    const rig = new DeskRig();
    const [owner, other] = [rig.join(), rig.join()];
    owner.acquire();
    const wanted = { type: "lease.acquire", id: 77, device } as const;
    expect(other.ask(wanted)).toMatchObject({ result: "lease/held" });
    rig.leave(owner);
    expect(other.ask(wanted)).toMatchObject({ result: "lease/held" });
    expect(other.ask({ ...wanted, id: 78 })).toMatchObject({ result: "ok" });
  });

  it("does not get a second lease for the same acquire", () => {
    const rig = new DeskRig();
    const client = rig.join();
    const wanted = { type: "lease.acquire", id: 900, device } as const;
    const first = client.ask(wanted);
    expect(client.ask(wanted)).toEqual(first);
    expect(client.velocity(0.1)).toBe("accepted");
  });

  it("is a new one after 30 s, or after 256 others; its seq is then too late", () => {
    const rig = new DeskRig();
    const client = rig.join();
    client.acquire();
    const command = client.velocityMessage(0.5);
    client.say(command);
    rig.nowMs += 30_000;
    client.say({ type: "checkin" });
    expect(statusOf(client.ask(command))).toBe("command/late");
    const again = client.velocityMessage(0.5);
    client.say(again);
    for (let count = 0; count < 256; count += 1) client.velocity(0.1);
    expect(statusOf(client.ask(again))).toBe("command/late");
  });

  it("is refused when the id was used for something else", () => {
    const rig = new DeskRig();
    const client = rig.join();
    client.acquire();
    client.say({ ...client.velocityMessage(0.5), id: 500 });
    client.say({ ...client.velocityMessage(0.7), id: 500 });
    expect(last(client, "error")).toMatchObject({ code: "control/id-reused", id: 500 });
    expect(rig.actuation.kinds).toEqual(["velocity"]);
  });

  it("stops every time, if it is a stop", () => {
    const rig = new DeskRig();
    const client = rig.join("viewer");
    const stop = { type: "stop", id: 1, level: "hold" } as const;
    client.say(stop);
    client.say(stop);
    expect(rig.actuation.kinds).toEqual(["stop hold", "stop hold"]);
  });
});

describe("what is left of an old connection", () => {
  it("does not arm a new one: its lease answers for its own session alone (dimos#3328)", () => {
    const rig = new DeskRig();
    const old = rig.join();
    old.acquire();
    const { lease } = old;
    rig.leave(old);
    const young = rig.join();
    expect(young.velocity(0.5, 200, { lease })).toBe("lease/revoked");
    expect(young.acquire()).toBe("ok");
    expect(young.velocity(0.5, 200, { lease })).toBe("lease/older");
    expect(young.velocity(0.5)).toBe("accepted");
  });

  it("is not carried out when clicks waited for the reconnect", () => {
    const rig = new DeskRig();
    const old = rig.join();
    old.acquire();
    const clicks = [old.velocityMessage(1), old.velocityMessage(-1)];
    rig.leave(old);
    const young = rig.join();
    for (const click of clicks) young.say(click);
    expect(acks(young).map(({ code }) => code)).toEqual(["lease/revoked", "lease/revoked"]);
    expect(rig.actuation.kinds).toEqual(["stop hold"]);
  });

  it("is nobody's after a restart: leases carry the epoch", () => {
    const rig = new DeskRig();
    const client = rig.join();
    client.acquire();
    expect(client.velocity(0.5, 200, { lease: { epoch: "e0", sequence: 1 } })).toBe(
      "lease/wrong-epoch",
    );
  });
});

describe("age by the client's clock", () => {
  /** A client whose clock shows `offMs` less than ours, compared over a way of 1 ms. */
  function synced(offMs: number): { rig: DeskRig; client: DeskClient; clock: () => number } {
    const rig = new DeskRig();
    const client = rig.join();
    const clock = (): number => rig.nowMs - offMs;
    client.acquire();
    const t0Ms = clock();
    rig.nowMs += 1;
    client.say({ type: "sync", t0Ms });
    const { t1Ms = 0, t2Ms = 0 } = last(client, "sync") ?? {};
    rig.nowMs += 1;
    const previous = { t0Ms, t1Ms, t2Ms, t3Ms: clock() };
    client.say({ type: "sync", t0Ms: clock(), previous });
    return { rig, client, clock };
  }

  it.each([0, 3_600_000, -3_600_000])("with a clock that is %d ms off", (offMs) => {
    const { rig, client, clock } = synced(offMs);
    expect(last(client, "sync")?.clock).toMatchObject({ state: "ok" });
    const sentAtMs = clock();
    const command = client.velocityMessage(0.5, 200, { sentAtMs });
    rig.nowMs += 150;
    expect(statusOf(client.ask(command))).toBe("accepted");
    const [sent] = rig.actuation.sent;
    // It ends 200 ms after sending, not after arrival; the 2 ms of the comparison are its doubt.
    expect(sent).toMatchObject({ kind: "velocity" });
    const endsMs = sent !== undefined && "expiresAtMs" in sent ? (sent.expiresAtMs ?? 0) : 0;
    expect(endsMs - rig.nowMs).toBeGreaterThanOrEqual(50);
    expect(endsMs - rig.nowMs).toBeLessThanOrEqual(52);
    const late = client.velocityMessage(0.5, 200, { sentAtMs: clock() });
    rig.nowMs += 203;
    expect(statusOf(client.ask(late))).toBe("command/expired");
  });

  it("ages a click without a ttl like a check-in", () => {
    const { rig, client, clock } = synced(50_000);
    const lease = client.lease ?? { epoch: "", sequence: 1 };
    const click = (id: number) =>
      ({ type: "command", kind: "stow", id, seq: id, device, lease, sentAtMs: clock() }) as const;
    const [early, late] = [click(100), click(101)];
    rig.nowMs += 900;
    expect(statusOf(client.ask(early))).toBe("accepted");
    rig.nowMs += 110;
    expect(statusOf(client.ask(late))).toBe("command/expired");
  });

  it("never makes a command younger than its arrival", () => {
    const { rig, client, clock } = synced(0);
    client.velocity(0.5, 200, { sentAtMs: clock() + 1_000_000 });
    expect(rig.actuation.sent[0]).toMatchObject({ expiresAtMs: rig.nowMs + 200 });
  });
});

describe("acknowledgements", () => {
  const applied = {
    kind: "applied",
    commandId: 1,
    atMs: 10_004,
    applied: [null, 0.5, null, null],
    limits: [],
  } as const;
  const ended = { kind: "done", commandId: 1, result: "expired", reason: "ttl" } as const;

  it.each([
    { acks: undefined, statuses: ["accepted", "applied", "done"] },
    { acks: "all", statuses: ["received", "accepted", "applied", "done"] },
    { acks: "rejections", statuses: [] },
    { acks: [], statuses: [] },
    { acks: ["received"], statuses: ["received"] },
    { acks: ["accepted", "done"], statuses: ["accepted", "done"] },
    { acks: ["applied"], statuses: ["applied"] },
  ])("$acks asks for $statuses", ({ acks: wanted, statuses }) => {
    const rig = new DeskRig();
    const client = rig.join();
    client.acquire();
    client.say(client.velocityMessage(0.5, 200, wanted === undefined ? {} : { acks: wanted }));
    rig.actuation.emit(applied);
    rig.actuation.emit(ended);
    expect(acks(client).map(({ status }) => status)).toEqual(statuses);
  });

  it.each([{ wanted: "all" }, { wanted: "rejections" }, { wanted: [] }])(
    "$wanted always hears of a refusal",
    ({ wanted }) => {
      const rig = new DeskRig();
      const client = rig.join();
      client.velocity(0.5, 200, { acks: wanted });
      expect(acks(client).at(-1)).toMatchObject({ status: "rejected", code: "lease/wrong-epoch" });
    },
  );

  it("say what was applied after limits, the desk's and the device's", () => {
    const rig = new DeskRig();
    const client = rig.join("controller", { share: { velocityRatio: 0.1, accelerationRatio: 1 } });
    client.acquire();
    client.velocity(2);
    rig.actuation.emit({
      ...applied,
      applied: [null, 0.209, null, null],
      limits: ["near its end"],
    });
    expect(acks(client).at(-1)).toMatchObject({
      status: "applied",
      applied: { yaw: 0.209 },
      limits: ["yaw velocity 2.00 limited to 0.21 rad/s, this client's share", "near its end"],
    });
    expect(rig.desk.counts.clippedCount).toBe(1);
  });
});

describe("an agent", () => {
  it("moves with what its owner lent, and no faster", () => {
    const rig = new DeskRig();
    const [owner, agent] = [rig.join(), rig.join("agent")];
    expect(agent.acquire()).toBe("control/role");
    owner.acquire();
    expect(owner.lend(agent, 0.2)).toBe("ok");
    expect(agent.lease).toMatchObject({ sequence: 1, sub: 1 });
    expect(agent.velocity(2)).toBe("accepted");
    expect(rig.actuation.sent.at(-1)).toMatchObject({
      kind: "velocity",
      velRadPerS: [null, 0.2 * 2.09, null, null],
      share: { velocityRatio: 0.2, accelerationRatio: 0.2 },
    });
    expect(last(owner, "lease")).toMatchObject({ delegate: { session: agent.id } });
  });

  it("has it no more when the owner moves, holds, revokes, returns, leaves, or the time is up", () => {
    const endings: Readonly<Record<string, (rig: DeskRig, owner: DeskClient) => void>> = {
      moves: (_, owner) => void owner.velocity(0.1),
      holds: (_, owner) => {
        owner.say({ type: "stop", level: "hold" });
      },
      revokes: (_, owner) => {
        const lease = owner.lease ?? { epoch: "", sequence: 1 };
        owner.say({ type: "lease.revoke", id: owner.nextId(), device, lease });
      },
      leaves: (rig, owner) => {
        rig.leave(owner);
      },
    };
    for (const [name, end] of Object.entries(endings)) {
      const rig = new DeskRig();
      const [owner, agent] = [rig.join(), rig.join("agent")];
      owner.acquire();
      owner.lend(agent);
      expect(agent.velocity(0.1), name).toBe("accepted");
      end(rig, owner);
      expect(agent.velocity(0.1), name).toBe("lease/revoked");
    }
  });

  it("has it no more after the time it was lent for", () => {
    const rig = new DeskRig();
    const [owner, agent] = [rig.join(), rig.join("agent")];
    owner.acquire();
    const lease = owner.lease ?? { epoch: "", sequence: 1 };
    const share = { velocityRatio: 0.5, accelerationRatio: 0.5 };
    owner.say({
      type: "lease.delegate",
      id: 90,
      device,
      lease,
      to: agent.id,
      forMs: 400,
      ...share,
    });
    rig.nowMs += 399;
    rig.desk.tick();
    expect(agent.velocity(0.1)).toBe("accepted");
    rig.nowMs += 1;
    rig.desk.tick();
    expect(agent.velocity(0.1)).toBe("lease/revoked");
    expect(rig.actuation.kinds.at(-1)).toBe("stop hold");
  });

  it("powers nothing up or down", () => {
    const rig = new DeskRig();
    const [owner, agent] = [rig.join(), rig.join("agent")];
    owner.acquire();
    owner.lend(agent);
    const head = { type: "command", id: 1, seq: 1, device, lease: agent.lease } as const;
    const answer = agent.ask({
      ...head,
      lease: agent.lease ?? head.lease!,
      kind: "mode",
      mode: "inactive",
    });
    expect(statusOf(answer)).toBe("control/role");
  });
});

describe("keepalive as a client chose it", () => {
  it("latches at the first miss, if that was its wish", () => {
    const rig = new DeskRig();
    const client = rig.join("controller", { keepalive: { missMs: 300, onMiss: "estop" } });
    expect(last(client, "welcome")?.keepalive).toMatchObject({ missMs: 300, checkInMs: 75 });
    client.acquire();
    rig.nowMs += 300;
    rig.desk.tick();
    expect(rig.actuation.kinds).toEqual(["stop estop"]);
    expect(rig.desk.summary()[0]).toMatchObject({ owner: null, latched: true });
  });

  it("gives the lease up when stale, if that was its wish", () => {
    const rig = new DeskRig();
    const client = rig.join("controller", { keepalive: { staleMs: 2000, onStale: "return" } });
    client.acquire();
    rig.nowMs += 2000;
    rig.desk.tick();
    expect(rig.desk.summary()[0]).toMatchObject({ owner: null, stale: false });
  });

  it("ends with what admitted it", () => {
    const rig = new DeskRig();
    const client = rig.join("controller", { expiresAtMs: 10_500 });
    client.acquire();
    rig.nowMs = 10_500;
    rig.desk.tick();
    expect(client.ended).toBe("control/closing");
    expect(rig.actuation.kinds).toEqual(["stop hold"]);
  });

  it("ends with the key that was revoked, and no other", () => {
    const rig = new DeskRig();
    const [gone, stays] = [
      rig.join("viewer", { subject: "k1" }),
      rig.join("viewer", { subject: "k2" }),
    ];
    rig.desk.endSubject("k1", "revoked");
    expect([gone.ended, stays.ended]).toEqual(["control/closing", undefined]);
  });
});

describe("the audit log", () => {
  it("holds who did what, what came of it, and why the device was stopped", () => {
    const rig = new DeskRig();
    const client = rig.join("supervisor", { subject: "key 7" });
    client.acquire();
    client.velocity(0.5);
    rig.actuation.emit({
      kind: "applied",
      commandId: 1,
      atMs: 10_003,
      applied: [null, 0.5, null, null],
      limits: [],
    });
    rig.nowMs += 200;
    rig.actuation.emit({ kind: "done", commandId: 1, result: "expired", reason: "ttl" });
    client.velocity(0.5, 200, { lease: { epoch: "e1", sequence: 9 } });
    client.say({ type: "stop", level: "estop", reason: "a hand" });
    rig.actuation.emit({ kind: "mode", mode: ActuationMode.Latched, reason: "at rest" });
    client.say({ type: "reset" });
    rig.leave(client);
    const kinds = rig.audit.map(({ kind }) => kind);
    expect(kinds).toEqual([
      "session.opened",
      "lease",
      "command",
      "outcome",
      "command",
      "stop",
      "lease",
      "reset",
      "session.closed",
    ]);
    expect(rig.audit[2]).toMatchObject({
      by: { subject: "key 7", role: "supervisor" },
      requested: { kind: "velocity", ttlMs: 200, velRadPerS: { yaw: 0.5 } },
      verdict: "accepted",
    });
    expect(rig.audit[3]).toMatchObject({
      result: "expired",
      applied: { yaw: 0.5 },
      appliedAfterMs: 3,
      endedAfterMs: 200,
    });
    expect(rig.audit[4]).toMatchObject({ verdict: "rejected", code: "lease/invalid" });
    expect(rig.audit[5]).toMatchObject({
      level: "estop",
      cause: "estop",
      reason: expect.stringContaining("a hand") as string,
    });
    expect(JSON.parse(JSON.stringify(rig.audit))).toEqual(rig.audit);
  });
});

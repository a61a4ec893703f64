import { describe, expect, it } from "vitest";
import type { Lease } from "../../../bridge/core/authority-lease.ts";
import type { AuthorityEffect } from "../../../bridge/core/authority-outcome.ts";
import { Authority } from "../../../bridge/core/authority.ts";
import type { Role } from "../../../bridge/core/roles.ts";

const device = "mount0";

function authority(): Authority {
  const made = new Authority({ epoch: "e1", resources: [device] });
  made.openSession({ id: "a", role: "controller", client: "anna" }, 0);
  made.openSession({ id: "b", role: "controller", client: "ben" }, 0);
  made.openSession({ id: "s", role: "supervisor", client: "sue" }, 0);
  made.openSession({ id: "v", role: "viewer", client: "vic" }, 0);
  return made;
}

function leaseOf(made: Authority, session: string): Lease {
  const outcome = made.acquire(session, device);
  if (!outcome.ok) throw new Error(outcome.refusal);
  return outcome.lease;
}

const kinds = (effects: readonly AuthorityEffect[]): string[] => effects.map(({ kind }) => kind);

describe("acquire, take, return", () => {
  it("grants a free device and refuses it to the next", () => {
    const made = authority();
    expect(made.acquire("a", device)).toMatchObject({ ok: true, lease: { sequence: 1 } });
    const refused = made.acquire("b", device);
    expect(refused).toMatchObject({ ok: false, refusal: "lease/held" });
    expect(made.leaseState(device)?.owner?.client).toBe("anna");
  });

  it("does not stop a device that nobody held", () => {
    const outcome = authority().acquire("a", device);
    expect(outcome.ok && kinds(outcome.effects)).toEqual(["lease-changed"]);
  });

  it.each<{ role: Role; session: string; allowed: boolean }>([
    { role: "viewer", session: "v", allowed: false },
    { role: "controller", session: "b", allowed: false },
    { role: "supervisor", session: "s", allowed: true },
  ])("lets a $role take a held device: $allowed", ({ session, allowed }) => {
    const made = authority();
    leaseOf(made, "a");
    const outcome = made.take(session, device);
    expect(outcome.ok).toBe(allowed);
    if (outcome.ok) expect(kinds(outcome.effects)).toEqual(["stop", "lease-changed"]);
    else expect(outcome.refusal).toBe("control/role");
    expect(made.leaseState(device)?.owner?.client).toBe(allowed ? "sue" : "anna");
  });

  it("stops the device when its lease is returned, and is free again", () => {
    const made = authority();
    const outcome = made.giveBack("a", leaseOf(made, "a"));
    expect(outcome.ok && kinds(outcome.effects)).toEqual(["stop", "lease-changed"]);
    expect(made.acquire("b", device)).toMatchObject({ ok: true, lease: { sequence: 2 } });
  });

  it("knows no device but its own, and no session that was not opened", () => {
    const made = authority();
    expect(made.acquire("a", "arm")).toMatchObject({ refusal: "lease/unmanaged" });
    expect(made.acquire("ghost", device)).toMatchObject({ refusal: "control/session" });
    expect(made.acquire("v", device)).toMatchObject({ refusal: "control/role" });
  });
});

describe("using a lease", () => {
  it.each<{ name: string; change: Partial<Lease>; refusal: string | undefined }>([
    { name: "the newest", change: {}, refusal: undefined },
    { name: "another epoch's", change: { epoch: "e0" }, refusal: "lease/wrong-epoch" },
    { name: "one never issued", change: { sequence: 3 }, refusal: "lease/invalid" },
    { name: "sequence 0", change: { sequence: 0 }, refusal: "lease/invalid" },
    { name: "a fraction", change: { sequence: 1.5 }, refusal: "lease/invalid" },
    { name: "an older one", change: { sequence: 1 }, refusal: "lease/older" },
    { name: "one for another device", change: { resource: "arm" }, refusal: "lease/unmanaged" },
  ])("judges $name: $refusal", ({ change, refusal }) => {
    const made = authority();
    leaseOf(made, "a");
    const lease = { ...leaseOf(made, "a"), ...change };
    const verdict = made.judge({ sessionId: "a", resource: device, lease, sequence: 1 });
    expect(verdict).toMatchObject(refusal === undefined ? { ok: true } : { ok: false, refusal });
  });

  it("refuses a lease in the hands of another session", () => {
    const made = authority();
    const lease = leaseOf(made, "a");
    const verdict = made.judge({ sessionId: "b", resource: device, lease, sequence: 1 });
    expect(verdict).toMatchObject({
      refusal: "lease/invalid",
      state: { owner: { client: "anna" } },
    });
  });

  it("calls a returned lease revoked and an overtaken one older", () => {
    const made = authority();
    const lease = leaseOf(made, "a");
    made.giveBack("a", lease);
    const claim = { sessionId: "a", resource: device, lease, sequence: 1 };
    expect(made.judge(claim)).toMatchObject({ refusal: "lease/revoked" });
    leaseOf(made, "b");
    expect(made.judge(claim)).toMatchObject({ refusal: "lease/older" });
  });

  it.each([
    { last: 5, next: 6, ok: true },
    { last: 5, next: 5, ok: false },
    { last: 5, next: 4, ok: false },
    { last: 0, next: 100, ok: true },
  ])("after seq $last takes seq $next: $ok", ({ last, next, ok }) => {
    const made = authority();
    const lease = leaseOf(made, "a");
    const claim = { sessionId: "a", resource: device, lease };
    expect(made.judge({ ...claim, sequence: last }).ok).toBe(true);
    expect(made.judge({ ...claim, sequence: next })).toMatchObject(
      ok ? { ok: true } : { refusal: "command/late" },
    );
  });

  it("does not use a sequence up for a command it refused", () => {
    const made = authority();
    const lease = leaseOf(made, "a");
    const claim = { sessionId: "a", resource: device, sequence: 9 };
    expect(made.judge({ ...claim, lease: { ...lease, epoch: "e0" } }).ok).toBe(false);
    expect(made.judge({ ...claim, lease }).ok).toBe(true);
  });
});

describe("silence", () => {
  it("stops at the miss, goes stale, and closes, each once", () => {
    const made = authority();
    leaseOf(made, "a");
    for (const other of ["b", "s", "v"]) made.closeSession(other, "not part of this");
    expect(made.tick(999)).toEqual([]);
    expect(kinds(made.tick(1000))).toEqual(["stop"]);
    expect(made.tick(2999)).toEqual([]);
    expect(made.tick(3000)).toMatchObject([{ kind: "lease-changed", state: { stale: true } }]);
    expect(kinds(made.tick(10_000))).toEqual(["stop", "lease-changed", "close-session"]);
    expect(made.tick(20_000)).toEqual([]);
    expect(made.sessionCount).toBe(0);
  });

  it("takes every step it slept through", () => {
    const made = authority();
    leaseOf(made, "a");
    for (const other of ["b", "s", "v"]) made.closeSession(other, "not part of this");
    expect(kinds(made.tick(60_000))).toEqual([
      "stop",
      "lease-changed",
      "stop",
      "lease-changed",
      "close-session",
    ]);
  });

  it("refuses commands between a miss and the next check-in", () => {
    const made = authority();
    const claim = { sessionId: "a", resource: device, lease: leaseOf(made, "a") };
    made.tick(1500);
    expect(made.judge({ ...claim, sequence: 1 })).toMatchObject({ refusal: "control/keepalive" });
    made.checkIn("a", 1600);
    expect(made.judge({ ...claim, sequence: 2 }).ok).toBe(true);
    expect(made.tick(2500)).toMatchObject([]);
  });

  it("lets others acquire a stale lease, and its owner no longer use it", () => {
    const made = authority();
    const lease = leaseOf(made, "a");
    for (const live of ["b", "s", "v"]) made.checkIn(live, 2500);
    made.tick(3000);
    made.checkIn("a", 3001);
    const claim = { sessionId: "a", resource: device, lease, sequence: 1 };
    expect(made.judge(claim)).toMatchObject({ refusal: "lease/revoked" });
    const outcome = made.acquire("b", device);
    expect(outcome.ok && kinds(outcome.effects)).toEqual(["stop", "lease-changed"]);
    expect(made.judge(claim)).toMatchObject({ refusal: "lease/older" });
  });

  it("makes a stale lease fresh by retaining it, if nobody took it", () => {
    const made = authority();
    const lease = leaseOf(made, "a");
    made.tick(3000);
    expect(made.retain("a", lease, 3100)).toMatchObject({ ok: true });
    expect(made.leaseState(device)).toMatchObject({ stale: false, owner: { client: "anna" } });
    const claim = { sessionId: "a", resource: device, lease, sequence: 1 };
    expect(made.judge(claim).ok).toBe(true);
  });
});

describe("stop, estop and reset", () => {
  it("leaves the owner its lease when it holds, and ends it when another does", () => {
    const made = authority();
    const lease = leaseOf(made, "a");
    expect(made.hold("a", device, "own stop")).toEqual([]);
    expect(kinds(made.hold("v", device, "stop by vic"))).toEqual(["lease-changed"]);
    const claim = { sessionId: "a", resource: device, lease, sequence: 1 };
    expect(made.judge(claim)).toMatchObject({ refusal: "lease/revoked" });
  });

  it("refuses commands until reset, new lease and new command", () => {
    const made = authority();
    const first = leaseOf(made, "a");
    made.estop(device, "pressed");
    const claim = { sessionId: "a", resource: device };
    expect(made.judge({ ...claim, lease: first, sequence: 1 })).toMatchObject({
      refusal: "lease/revoked",
    });
    const second = leaseOf(made, "a");
    expect(made.judge({ ...claim, lease: second, sequence: 2 })).toMatchObject({
      refusal: "command/latched",
    });
    expect(made.requestReset("a", device)).toMatchObject({ refusal: "command/stopping" });
    made.noteLatched(device, true);
    expect(made.requestReset("a", device)).toEqual({ ok: true });
    expect(made.isLatched(device)).toBe(true);
    expect(made.noteLatched(device, false)).toEqual([]);
    expect(made.judge({ ...claim, lease: second, sequence: 3 }).ok).toBe(true);
  });

  it("does not believe an unlatched report that nobody asked for", () => {
    const made = authority();
    made.estop(device, "pressed");
    made.noteLatched(device, false);
    expect(made.isLatched(device)).toBe(true);
  });

  it("latches when the device says so, and ends the lease", () => {
    const made = authority();
    leaseOf(made, "a");
    expect(kinds(made.noteLatched(device, true))).toEqual(["lease-changed"]);
    expect(made.isLatched(device)).toBe(true);
  });

  it.each<{ role: string; session: string; allowed: boolean }>([
    { role: "viewer", session: "v", allowed: false },
    { role: "controller", session: "a", allowed: true },
    { role: "supervisor", session: "s", allowed: true },
    { role: "nobody", session: "ghost", allowed: false },
  ])("lets a $role reset: $allowed", ({ session, allowed }) => {
    expect(authority().requestReset(session, device).ok).toBe(allowed);
  });
});

describe("a device out of service", () => {
  const claim = { sessionId: "a", resource: device };

  it("stops, loses its owner, and takes no command until it is back", () => {
    const made = authority();
    const lease = leaseOf(made, "a");
    const effects = made.suspend(device, "the node is inactive");
    expect(kinds(effects)).toEqual(["stop", "lease-changed"]);
    expect(made.judge({ ...claim, lease, sequence: 1 })).toMatchObject({
      refusal: "lease/revoked",
    });
    const second = leaseOf(made, "a");
    expect(made.judge({ ...claim, lease: second, sequence: 2 })).toMatchObject({
      refusal: "command/inactive",
      reason: "the node is inactive",
    });
    made.resume(device);
    expect(made.judge({ ...claim, lease: second, sequence: 3 }).ok).toBe(true);
  });

  it("refuses a supervisor who takes it by force", () => {
    const made = authority();
    made.suspend(device, "inactive");
    const taken = made.take("s", device);
    if (!taken.ok) throw new Error(taken.refusal);
    const { lease } = taken;
    expect(made.judge({ sessionId: "s", resource: device, lease, sequence: 1 })).toMatchObject({
      refusal: "command/inactive",
    });
  });

  it("is stopped also where nobody holds it", () => {
    expect(kinds(authority().suspend(device, "inactive"))).toEqual(["stop"]);
  });

  it("stays latched through being out of service and back", () => {
    const made = authority();
    made.estop(device, "pressed");
    made.suspend(device, "inactive");
    made.resume(device);
    const lease = leaseOf(made, "a");
    expect(made.judge({ ...claim, lease, sequence: 1 })).toMatchObject({
      refusal: "command/latched",
    });
  });
});

describe("a session that has been silent", () => {
  it("acquires a lease that goes stale at once, unless it checks in", () => {
    const made = authority();
    made.tick(3000);
    leaseOf(made, "a");
    expect(made.leaseState(device)).toMatchObject({ stale: false });
    made.checkIn("b", 3100);
    made.tick(3100);
    expect(made.leaseState(device)).toMatchObject({ stale: true });
    expect(made.acquire("b", device)).toMatchObject({ ok: true });
  });

  it("may not move with it before it has checked in", () => {
    const made = authority();
    made.tick(3000);
    const claim = { sessionId: "a", resource: device, lease: leaseOf(made, "a"), sequence: 1 };
    expect(made.judge(claim)).toMatchObject({ refusal: "control/keepalive" });
    made.checkIn("a", 3001);
    made.tick(3100);
    expect(made.judge(claim)).toMatchObject({ ok: true });
  });
});

it("an id that comes again is a new session: nothing of the one before is its own", () => {
  const made = authority();
  const lease = leaseOf(made, "a");
  const effects = made.openSession({ id: "a", role: "controller", client: "anna again" }, 10);
  expect(kinds(effects)).toEqual(["stop", "lease-changed"]);
  const claim = { sessionId: "a", resource: device, lease, sequence: 1 };
  expect(made.judge(claim)).toMatchObject({ refusal: "lease/revoked" });
});

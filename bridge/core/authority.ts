import type { StopCause } from "./audit.ts";
import { end, endDelegation, granted, lentEnd, stop, tell } from "./authority-effects.ts";
import { judgeCommand } from "./authority-judge.ts";
import type { Lease, LeaseState, LeaseUse } from "./authority-lease.ts";
import {
  describeUse,
  type AuthorityEffect,
  type CommandClaim,
  type CommandVerdict,
  type Delegation,
  type LeaseOutcome,
  refused,
  type ResetVerdict,
  type SessionIdentity,
} from "./authority-outcome.ts";
import { AuthorityRoster, type Resource } from "./authority-roster.ts";
import { afterSilence, closeSession } from "./authority-silence.ts";
import { defaultPolicy, policyFor, type KeepalivePolicy } from "./keepalive.ts";
import { rightsOf } from "./roles.ts";
import { SessionClock } from "./session-clock.ts";
import type { StopState } from "./stop-latch.ts";

export interface AuthorityOptions {
  /** One run of the service; leases of another run are refused. */
  readonly epoch: string;
  /** One lease each: the device ids. */
  readonly resources: readonly string[];
  /** What happens when a session falls silent, unless its client chose otherwise. */
  readonly keepalive?: Partial<KeepalivePolicy>;
}

/**
 * Who may move what, right now. A pure state machine: time comes in as monotonic ms, and what
 * follows goes out as effects. Every change of who may move stops the device first, so that a new
 * owner finds it at rest and no motion outlives the authority that began it.
 */
export class Authority {
  readonly epoch: string;
  readonly keepalive: KeepalivePolicy;
  readonly #roster: AuthorityRoster;

  constructor(options: AuthorityOptions) {
    this.epoch = options.epoch;
    this.keepalive = { ...defaultPolicy, ...options.keepalive };
    this.#roster = new AuthorityRoster(options.epoch, options.resources);
  }

  get sessionCount(): number {
    return this.#roster.sessions.size;
  }

  /** An id that is open already is another client's from now on: what the one before held ends. */
  openSession(identity: SessionIdentity, nowMs: number): readonly AuthorityEffect[] {
    const effects = this.closeSession(identity.id, "its id was opened again");
    const policy = policyFor(this.keepalive, identity.keepalive);
    const clock = new SessionClock(policy, nowMs);
    this.#roster.sessions.set(identity.id, { identity, policy, clock, lastSequence: new Map() });
    return effects;
  }

  /** The socket is gone: stops what the session moved and frees its leases at once. */
  closeSession(
    sessionId: string,
    reason: string,
    cause: StopCause = "disconnect",
  ): readonly AuthorityEffect[] {
    return closeSession(this.#roster, sessionId, reason, cause);
  }

  checkIn(sessionId: string, nowMs: number): void {
    this.#roster.sessions.get(sessionId)?.clock.checkIn(nowMs);
  }

  /** What a session is told to keep, and what happens if it does not. */
  policyOf(sessionId: string): KeepalivePolicy {
    return this.#roster.sessions.get(sessionId)?.policy ?? this.keepalive;
  }

  leaseState(resource: string): LeaseState | undefined {
    return this.#roster.resources.get(resource)?.desk.state;
  }

  stopState(resource: string): StopState | undefined {
    return this.#roster.resources.get(resource)?.latch.state;
  }

  isLatched(resource: string): boolean {
    return this.#roster.resources.get(resource)?.latch.isLatched ?? false;
  }

  acquire(sessionId: string, resource: string): LeaseOutcome {
    const found = this.#roster.forLease(sessionId, resource);
    if (!found.ok) return found;
    const { desk } = found.resource;
    const { client } = found.session.identity;
    const before = desk.owner;
    const lease = desk.acquire({ sessionId, client });
    if (lease === undefined) {
      return refused("lease/held", `held by ${before?.client ?? "nobody"}`, desk.state);
    }
    found.session.clock.noteGranted();
    return { ok: true, lease, effects: granted(desk, before, "acquired", client) };
  }

  /** By force, for a supervisor who knows what the present owner is doing. */
  take(sessionId: string, resource: string): LeaseOutcome {
    const found = this.#roster.forLease(sessionId, resource);
    if (!found.ok) return found;
    const { desk } = found.resource;
    const { client, role } = found.session.identity;
    if (!rightsOf[role].take) {
      return refused("control/role", `a ${role} may not take a device`, desk.state);
    }
    const before = desk.owner;
    const lease = desk.take({ sessionId, client });
    found.session.clock.noteGranted();
    return { ok: true, lease, effects: granted(desk, before, "taken", client) };
  }

  retain(sessionId: string, lease: Lease, nowMs: number): LeaseOutcome {
    this.checkIn(sessionId, nowMs);
    return this.#withLease(sessionId, lease, ({ desk }) => {
      const wasStale = desk.state.stale;
      const use = desk.retain(sessionId, lease);
      const isFresh = wasStale && use === "ok";
      return { use, effects: isFresh ? tell(desk, "retained", "retained") : [] };
    });
  }

  giveBack(sessionId: string, lease: Lease): LeaseOutcome {
    return this.#withLease(sessionId, lease, ({ desk }) => {
      const use = desk.giveBack(sessionId, lease);
      const isSub = lease.sub !== undefined;
      const what = isSub ? "lent-ended" : "returned";
      const cause = isSub ? "sublease-end" : "owner-change";
      const reason = "lease returned";
      return { use, effects: [...stop(desk, cause, reason), ...tell(desk, what, reason)] };
    });
  }

  /**
   * The owner lends an agent a reduced right. It ends with the lease, at its own time, when it is
   * revoked, and as soon as the owner moves or stops the device itself.
   */
  delegate(sessionId: string, lease: Lease, delegation: Delegation): LeaseOutcome {
    const found = this.#roster.forOwner(sessionId, lease);
    if (!found.ok) return found;
    const { desk } = found.resource;
    const agent = this.#roster.sessions.get(delegation.to);
    if (agent === undefined || rightsOf[agent.identity.role].move !== "sublease") {
      const role = agent === undefined ? "not open" : `a ${agent.identity.role}`;
      return refused(
        "lease/delegate",
        `session ${delegation.to} is ${role}, expected an agent`,
        desk.state,
      );
    }
    const { client } = agent.identity;
    const { to, share, expiresAtMs } = delegation;
    const expiry = expiresAtMs === undefined ? {} : { expiresAtMs };
    agent.clock.noteGranted();
    const lent = desk.lend({ sessionId: to, client, share, ...expiry });
    const reason = `lent to ${client} by ${found.session.identity.client}`;
    const effects = [...stop(desk, "owner-change", reason), ...tell(desk, "lent", reason)];
    return { ok: true, lease: lent, effects };
  }

  /** The owner takes back what it lent. */
  revoke(sessionId: string, lease: Lease): LeaseOutcome {
    const found = this.#roster.forOwner(sessionId, lease);
    if (!found.ok) return found;
    const reason = `revoked by ${found.session.identity.client}`;
    return { ok: true, lease, effects: endDelegation(found.resource, lentEnd(reason)) };
  }

  /** May this command be carried out? An `ok` uses its sequence up. */
  judge(claim: CommandClaim): CommandVerdict {
    return judgeCommand(this.#roster, claim);
  }

  /**
   * Somebody stops the device, which needs no lease. If it was not who moves it, that right ends: a
   * stream of setpoints would else undo the stop within its next period.
   */
  hold(sessionId: string, resource: string, reason: string): readonly AuthorityEffect[] {
    const found = this.#roster.resources.get(resource);
    if (found === undefined || found.desk.isLentTo(sessionId)) return [];
    if (found.desk.isOwnedBy(sessionId)) {
      return endDelegation(found, { what: "lent-ended", reason });
    }
    return end(found, { what: "ended", reason });
  }

  /** Allowed to everybody. The lease ends, so that going on takes a reset and a new lease. */
  estop(resource: string, reason: string): readonly AuthorityEffect[] {
    const found = this.#roster.resources.get(resource);
    if (found === undefined) return [];
    found.latch.note("press");
    return end(found, { what: "ended", reason });
  }

  /**
   * From now on no command is carried out, whoever holds the lease, until `resume`: the device is out
   * of service. What moves is stopped, and the lease ends, so that going on takes a new one.
   */
  suspend(resource: string, reason: string): readonly AuthorityEffect[] {
    const found = this.#roster.resources.get(resource);
    if (found === undefined) return [];
    found.suspended = reason;
    return [...stop(found.desk, "suspended", reason), ...end(found, { what: "ended", reason })];
  }

  /** Lets commands be judged again. Never moves. */
  resume(resource: string): void {
    const found = this.#roster.resources.get(resource);
    if (found !== undefined) found.suspended = undefined;
  }

  /** May the session ask for a reset now? Never moves: it only lets new commands be judged. */
  requestReset(sessionId: string, resource: string): ResetVerdict {
    const session = this.#roster.sessions.get(sessionId);
    const found = this.#roster.resources.get(resource);
    const state = found?.desk.state;
    if (session === undefined) return refused("control/session", "the session is not open", state);
    if (found === undefined) return refused("lease/unmanaged", `no device ${resource}`, state);
    const { role } = session.identity;
    if (!rightsOf[role].reset) {
      const reason = `a ${role} may not reset, expected controller or supervisor`;
      return refused("control/role", reason, state);
    }
    if (found.latch.state === "stopping") {
      const reason = "the device still brakes, expected a reset once it is latched";
      return refused("command/stopping", reason, state);
    }
    found.latch.note("reset");
    return { ok: true };
  }

  /**
   * The actuation's own word on the latch. It may latch by itself at any time; it is believed to be
   * unlatched only after a reset was asked for, since an older report may still be under way.
   */
  noteLatched(resource: string, latched: boolean): readonly AuthorityEffect[] {
    const found = this.#roster.resources.get(resource);
    if (found === undefined) return [];
    const wasLatched = found.latch.isLatched;
    found.latch.note(latched ? "at-rest" : "released");
    if (!latched || wasLatched) return [];
    return end(found, { what: "ended", reason: "latched by the device" });
  }

  /** Lets time pass: what silence of sessions leads to, and what has run out. */
  tick(nowMs: number): readonly AuthorityEffect[] {
    return afterSilence(this.#roster, nowMs);
  }

  #withLease(
    sessionId: string,
    lease: Lease,
    act: (resource: Resource) => { use: LeaseUse; effects: readonly AuthorityEffect[] },
  ): LeaseOutcome {
    const found = this.#roster.find(sessionId, lease.resource);
    if (!found.ok) return found;
    const { use, effects } = act(found.resource);
    if (use === "ok") return { ok: true, lease, effects };
    const { state } = found.resource.desk;
    return refused(`lease/${use}`, describeUse(use, lease, state), state);
  }
}

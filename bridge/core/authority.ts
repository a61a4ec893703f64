import type { StopCause } from "./audit.ts";
import { LeaseDesk, type Lease, type LeaseState, type LeaseUse } from "./authority-lease.ts";
import {
  end,
  endDelegation,
  granted,
  lentEnd,
  stop,
  tell,
  type Leased,
} from "./authority-effects.ts";
import {
  describeUse,
  type AuthorityEffect,
  type CommandClaim,
  type CommandVerdict,
  type Delegation,
  type LeaseOutcome,
  type Refusal,
  refused,
  type Refused,
  type ResetVerdict,
  type SessionIdentity,
} from "./authority-outcome.ts";
import { defaultPolicy, policyFor, type KeepalivePolicy } from "./keepalive.ts";
import { fullShare, lesserShare, rightsOf } from "./roles.ts";
import { SessionClock, type SessionStage } from "./session-clock.ts";
import { StopLatch, type StopState } from "./stop-latch.ts";

export interface AuthorityOptions {
  /** One run of the service; leases of another run are refused. */
  readonly epoch: string;
  /** One lease each: the device ids. */
  readonly resources: readonly string[];
  /** What happens when a session falls silent, unless its client chose otherwise. */
  readonly keepalive?: Partial<KeepalivePolicy>;
}

interface Session {
  readonly identity: SessionIdentity;
  readonly policy: KeepalivePolicy;
  readonly clock: SessionClock;
  readonly lastSequence: Map<string, number>;
}

interface Resource extends Leased {
  readonly latch: StopLatch;
  /** Why no command is carried out at present. */
  suspended: string | undefined;
}

/**
 * Who may move what, right now. A pure state machine: time comes in as monotonic ms, and what
 * follows goes out as effects. Every change of who may move stops the device first, so that a new
 * owner finds it at rest and no motion outlives the authority that began it.
 */
export class Authority {
  readonly epoch: string;
  readonly keepalive: KeepalivePolicy;
  readonly #sessions = new Map<string, Session>();
  readonly #resources = new Map<string, Resource>();

  constructor(options: AuthorityOptions) {
    this.epoch = options.epoch;
    this.keepalive = { ...defaultPolicy, ...options.keepalive };
    for (const name of options.resources) {
      const desk = new LeaseDesk(name, options.epoch);
      this.#resources.set(name, { desk, latch: new StopLatch(), suspended: undefined });
    }
  }

  get sessionCount(): number {
    return this.#sessions.size;
  }

  /** An id that is open already is another client's from now on: what the one before held ends. */
  openSession(identity: SessionIdentity, nowMs: number): readonly AuthorityEffect[] {
    const effects = this.closeSession(identity.id, "its id was opened again");
    const policy = policyFor(this.keepalive, identity.keepalive);
    const clock = new SessionClock(policy, nowMs);
    this.#sessions.set(identity.id, { identity, policy, clock, lastSequence: new Map() });
    return effects;
  }

  /** The socket is gone: stops what the session moved and frees its leases at once. */
  closeSession(
    sessionId: string,
    reason: string,
    cause: StopCause = "disconnect",
  ): readonly AuthorityEffect[] {
    if (!this.#sessions.delete(sessionId)) return [];
    return this.#heldBy(sessionId).flatMap((resource) =>
      resource.desk.isOwnedBy(sessionId)
        ? end(resource, { what: "ended", reason, stop: cause })
        : endDelegation(resource, { what: "lent-ended", reason, stop: cause }),
    );
  }

  checkIn(sessionId: string, nowMs: number): void {
    this.#sessions.get(sessionId)?.clock.checkIn(nowMs);
  }

  /** What a session is told to keep, and what happens if it does not. */
  policyOf(sessionId: string): KeepalivePolicy {
    return this.#sessions.get(sessionId)?.policy ?? this.keepalive;
  }

  leaseState(resource: string): LeaseState | undefined {
    return this.#resources.get(resource)?.desk.state;
  }

  stopState(resource: string): StopState | undefined {
    return this.#resources.get(resource)?.latch.state;
  }

  isLatched(resource: string): boolean {
    return this.#resources.get(resource)?.latch.isLatched ?? false;
  }

  acquire(sessionId: string, resource: string): LeaseOutcome {
    const found = this.#forLease(sessionId, resource);
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
    const found = this.#forLease(sessionId, resource);
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
    const found = this.#forOwner(sessionId, lease);
    if (!found.ok) return found;
    const { desk } = found.resource;
    const agent = this.#sessions.get(delegation.to);
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
    const found = this.#forOwner(sessionId, lease);
    if (!found.ok) return found;
    const reason = `revoked by ${found.session.identity.client}`;
    return { ok: true, lease, effects: endDelegation(found.resource, lentEnd(reason)) };
  }

  /** May this command be carried out? An `ok` uses its sequence up. */
  judge(claim: CommandClaim): CommandVerdict {
    const { lease, sequence } = claim;
    const session = this.#sessions.get(claim.sessionId);
    const resource = this.#resources.get(claim.resource);
    const state = resource?.desk.state;
    const refuse = (refusal: Refusal, reason: string): Refused => refused(refusal, reason, state);
    if (session === undefined) return refuse("control/session", "the session is not open");
    if (resource === undefined) return refuse("lease/unmanaged", `no device ${claim.resource}`);
    const { role } = session.identity;
    if (rightsOf[role].move === "never") {
      return refuse("control/role", `a ${role} may not move devices`);
    }
    if (claim.powers === true && !rightsOf[role].power) {
      return refuse("control/role", `a ${role} may not power devices up or down`);
    }
    const use = resource.desk.use(claim.sessionId, lease);
    if (use !== "ok") return refuse(`lease/${use}`, describeUse(use, lease, state));
    if (resource.latch.isLatched) return refuse("command/latched", "emergency stop is latched");
    if (resource.suspended !== undefined) return refuse("command/inactive", resource.suspended);
    if (!this.#isHeard(session, resource)) {
      return refuse("control/keepalive", "check-ins are missing");
    }
    const last = session.lastSequence.get(claim.resource) ?? -1;
    if (sequence <= last) {
      return refuse("command/late", `seq is ${sequence}, expected more than ${last}`);
    }
    session.lastSequence.set(claim.resource, sequence);
    resource.latch.note("command");
    return this.#allow(session, resource, lease);
  }

  /**
   * Somebody stops the device, which needs no lease. If it was not who moves it, that right ends: a
   * stream of setpoints would else undo the stop within its next period.
   */
  hold(sessionId: string, resource: string, reason: string): readonly AuthorityEffect[] {
    const found = this.#resources.get(resource);
    if (found === undefined || found.desk.isLentTo(sessionId)) return [];
    if (found.desk.isOwnedBy(sessionId)) {
      return endDelegation(found, { what: "lent-ended", reason });
    }
    return end(found, { what: "ended", reason });
  }

  /** Allowed to everybody. The lease ends, so that going on takes a reset and a new lease. */
  estop(resource: string, reason: string): readonly AuthorityEffect[] {
    const found = this.#resources.get(resource);
    if (found === undefined) return [];
    found.latch.note("press");
    return end(found, { what: "ended", reason });
  }

  /**
   * From now on no command is carried out, whoever holds the lease, until `resume`: the device is out
   * of service. What moves is stopped, and the lease ends, so that going on takes a new one.
   */
  suspend(resource: string, reason: string): readonly AuthorityEffect[] {
    const found = this.#resources.get(resource);
    if (found === undefined) return [];
    found.suspended = reason;
    return [...stop(found.desk, "suspended", reason), ...end(found, { what: "ended", reason })];
  }

  /** Lets commands be judged again. Never moves. */
  resume(resource: string): void {
    const found = this.#resources.get(resource);
    if (found !== undefined) found.suspended = undefined;
  }

  /** May the session ask for a reset now? Never moves: it only lets new commands be judged. */
  requestReset(sessionId: string, resource: string): ResetVerdict {
    const session = this.#sessions.get(sessionId);
    const found = this.#resources.get(resource);
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
    const found = this.#resources.get(resource);
    if (found === undefined) return [];
    const wasLatched = found.latch.isLatched;
    found.latch.note(latched ? "at-rest" : "released");
    if (!latched || wasLatched) return [];
    return end(found, { what: "ended", reason: "latched by the device" });
  }

  /** Lets time pass: what silence of sessions leads to, and what has run out. */
  tick(nowMs: number): readonly AuthorityEffect[] {
    const effects: AuthorityEffect[] = [];
    for (const [sessionId, session] of this.#sessions) {
      for (const stage of session.clock.advance(nowMs)) {
        effects.push(...this.#silent(sessionId, session, stage));
      }
      if (nowMs >= (session.identity.expiresAtMs ?? Number.POSITIVE_INFINITY)) {
        effects.push(...this.#ended(sessionId, "its admittance has expired", "disconnect"));
      }
    }
    for (const resource of this.#resources.values()) {
      if (nowMs < (resource.desk.delegate?.expiresAtMs ?? Number.POSITIVE_INFINITY)) continue;
      effects.push(...endDelegation(resource, lentEnd("what was lent has run out")));
    }
    return effects;
  }

  #allow(session: Session, resource: Resource, lease: Lease): CommandVerdict {
    const own = session.identity.share ?? fullShare;
    const { delegate } = resource.desk;
    if (lease.sub !== undefined) {
      return { ok: true, share: lesserShare(own, delegate?.share ?? own), effects: [] };
    }
    // Two streams at once would pull the device to and fro: the owner's word ends what it lent.
    const reason = `${session.identity.client} moves it again`;
    return { ok: true, share: own, effects: endDelegation(resource, lentEnd(reason)) };
  }

  /** A delegate is heard only while its owner is: what is lent never outlives the lender's presence. */
  #isHeard(session: Session, { desk }: Resource): boolean {
    if (session.clock.stage !== "fresh") return false;
    const owner = this.#sessions.get(desk.owner?.sessionId ?? "");
    return owner?.clock.stage === "fresh";
  }

  #silent(sessionId: string, session: Session, stage: SessionStage): readonly AuthorityEffect[] {
    const { missMs, staleMs, closeMs, onMiss, onStale } = session.policy;
    switch (stage) {
      case "missed":
        return this.#missed(sessionId, onMiss, `no check-in for ${missMs} ms`);
      case "stale":
        return this.#stale(sessionId, onStale, `no check-in for ${staleMs} ms`);
      case "closed":
        return this.#ended(sessionId, `no check-in for ${closeMs} ms`, "keepalive");
      case "fresh":
        return [];
      default:
        return stage satisfies never;
    }
  }

  #missed(
    sessionId: string,
    level: KeepalivePolicy["onMiss"],
    reason: string,
  ): readonly AuthorityEffect[] {
    return this.#heldBy(sessionId).flatMap((resource) => {
      const stopped = stop(resource.desk, "keepalive", reason, level);
      if (level === "hold") return stopped;
      resource.latch.note("press");
      return [...stopped, ...end(resource, { what: "ended", reason })];
    });
  }

  #stale(
    sessionId: string,
    then: KeepalivePolicy["onStale"],
    reason: string,
  ): readonly AuthorityEffect[] {
    return this.#heldBy(sessionId).flatMap((resource) => {
      const { desk } = resource;
      if (!desk.isOwnedBy(sessionId)) return endDelegation(resource, lentEnd(reason));
      if (then === "return") return end(resource, { what: "ended", reason });
      desk.markStale();
      return tell(desk, "stale", reason);
    });
  }

  #ended(sessionId: string, reason: string, cause: StopCause): readonly AuthorityEffect[] {
    const effects = this.closeSession(sessionId, reason, cause);
    return [...effects, { kind: "close-session", sessionId, reason }];
  }

  #heldBy(sessionId: string): readonly Resource[] {
    return [...this.#resources.values()].filter(
      ({ desk }) => desk.isOwnedBy(sessionId) || desk.isLentTo(sessionId),
    );
  }

  #find(sessionId: string, name: string): Found | Refused {
    const resource = this.#resources.get(name);
    const session = this.#sessions.get(sessionId);
    if (resource === undefined) return refused("lease/unmanaged", `no device ${name}`, undefined);
    if (session === undefined) {
      return refused("control/session", "the session is not open", resource.desk.state);
    }
    return { ok: true, resource, session };
  }

  #forLease(sessionId: string, name: string): Found | Refused {
    const found = this.#find(sessionId, name);
    if (!found.ok) return found;
    const { role } = found.session.identity;
    if (rightsOf[role].lease) return found;
    return refused("control/role", `a ${role} may not hold a lease`, found.resource.desk.state);
  }

  /** The session holds this very lease itself, and is alive. */
  #forOwner(sessionId: string, lease: Lease): Found | Refused {
    const found = this.#forLease(sessionId, lease.resource);
    if (!found.ok) return found;
    const { desk } = found.resource;
    const use = lease.sub === undefined ? desk.use(sessionId, lease) : "invalid";
    if (use !== "ok")
      return refused(`lease/${use}`, describeUse(use, lease, desk.state), desk.state);
    return found;
  }

  #withLease(
    sessionId: string,
    lease: Lease,
    act: (resource: Resource) => { use: LeaseUse; effects: readonly AuthorityEffect[] },
  ): LeaseOutcome {
    const found = this.#find(sessionId, lease.resource);
    if (!found.ok) return found;
    const { use, effects } = act(found.resource);
    if (use === "ok") return { ok: true, lease, effects };
    const { state } = found.resource.desk;
    return refused(`lease/${use}`, describeUse(use, lease, state), state);
  }
}

interface Found {
  readonly ok: true;
  readonly resource: Resource;
  readonly session: Session;
}

import { LeaseDesk, type Lease, type LeaseState, type LeaseUse } from "./authority-lease.ts";
import { defaultKeepalive, SessionClock, type KeepaliveLimits } from "./session-clock.ts";

/** What a session is allowed. Stopping is allowed to all of them, without a lease. */
export type Role = "viewer" | "controller" | "supervisor" | "estop";

export interface AuthorityOptions {
  /** One run of the service; leases of another run are refused. */
  readonly epoch: string;
  /** One lease each: the device ids. */
  readonly resources: readonly string[];
  readonly keepalive?: Partial<KeepaliveLimits>;
}

export interface SessionIdentity {
  readonly id: string;
  readonly role: Role;
  readonly client: string;
}

/** What the caller has to do now. The machine itself reaches nothing. */
export type AuthorityEffect =
  | { readonly kind: "stop"; readonly resource: string; readonly reason: string }
  | { readonly kind: "lease-changed"; readonly state: LeaseState; readonly reason: string }
  | { readonly kind: "close-session"; readonly sessionId: string; readonly reason: string };

/** Why a request was refused, by a stable code; `lease/*` are the lease's use results. */
type Refusal =
  | `lease/${Exclude<LeaseUse, "ok">}`
  | "lease/held"
  | "control/role"
  | "control/session"
  | "control/keepalive"
  | "command/latched"
  | "command/inactive"
  | "command/late";

export type LeaseOutcome =
  | { readonly ok: true; readonly lease: Lease; readonly effects: readonly AuthorityEffect[] }
  | { readonly ok: false; readonly refusal: Refusal; readonly state: LeaseState | undefined };

export type CommandVerdict =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly refusal: Refusal;
      readonly reason: string;
      readonly state: LeaseState | undefined;
    };

export interface CommandClaim {
  readonly sessionId: string;
  readonly resource: string;
  readonly lease: Lease;
  /** Rises with every command of a session to a device; a repeated or late one is not carried out. */
  readonly sequence: number;
}

interface Session {
  readonly identity: SessionIdentity;
  readonly clock: SessionClock;
  readonly lastSequence: Map<string, number>;
}

interface Resource {
  readonly desk: LeaseDesk;
  latched: boolean;
  resetRequested: boolean;
  /** Why no command is carried out at present. */
  suspended: string | undefined;
}

const mayLease = (role: Role): boolean => role === "controller" || role === "supervisor";

/**
 * Who may move what, right now. A pure state machine: time comes in as monotonic ms, and what
 * follows goes out as effects. Every change of owner stops the device first, so that a new owner
 * finds it at rest and no motion outlives the authority that began it.
 */
export class Authority {
  readonly epoch: string;
  readonly keepalive: KeepaliveLimits;
  readonly #sessions = new Map<string, Session>();
  readonly #resources = new Map<string, Resource>();

  constructor(options: AuthorityOptions) {
    this.epoch = options.epoch;
    this.keepalive = { ...defaultKeepalive, ...options.keepalive };
    for (const name of options.resources) {
      const desk = new LeaseDesk(name, options.epoch);
      this.#resources.set(name, {
        desk,
        latched: false,
        resetRequested: false,
        suspended: undefined,
      });
    }
  }

  get sessionCount(): number {
    return this.#sessions.size;
  }

  openSession(identity: SessionIdentity, nowMs: number): void {
    const clock = new SessionClock(this.keepalive, nowMs);
    this.#sessions.set(identity.id, { identity, clock, lastSequence: new Map() });
  }

  /** The socket is gone: stops what the session moved and frees its leases at once. */
  closeSession(sessionId: string, reason: string): readonly AuthorityEffect[] {
    if (!this.#sessions.delete(sessionId)) return [];
    return this.#ownedBy(sessionId).flatMap(({ desk }) => {
      desk.revoke();
      return changed(desk, { stop: true, reason });
    });
  }

  checkIn(sessionId: string, nowMs: number): void {
    this.#sessions.get(sessionId)?.clock.checkIn(nowMs);
  }

  leaseState(resource: string): LeaseState | undefined {
    return this.#resources.get(resource)?.desk.state;
  }

  isLatched(resource: string): boolean {
    return this.#resources.get(resource)?.latched ?? false;
  }

  acquire(sessionId: string, resource: string): LeaseOutcome {
    const found = this.#forLease(sessionId, resource);
    if (!found.ok) return found;
    const { desk, session } = found;
    const before = desk.state;
    const lease = desk.acquire(ownerOf(session));
    if (lease === undefined) return { ok: false, refusal: "lease/held", state: desk.state };
    const { client } = session.identity;
    const stop = before.owner !== undefined;
    return { ok: true, lease, effects: changed(desk, { stop, reason: `acquired by ${client}` }) };
  }

  /** By force, for a supervisor who knows what the present owner is doing. */
  take(sessionId: string, resource: string): LeaseOutcome {
    const found = this.#forLease(sessionId, resource);
    if (!found.ok) return found;
    const { desk, session } = found;
    if (session.identity.role !== "supervisor") {
      return { ok: false, refusal: "control/role", state: desk.state };
    }
    const stop = desk.state.owner !== undefined;
    const lease = desk.take(ownerOf(session));
    const reason = `taken by ${session.identity.client}`;
    return { ok: true, lease, effects: changed(desk, { stop, reason }) };
  }

  retain(sessionId: string, lease: Lease, nowMs: number): LeaseOutcome {
    this.checkIn(sessionId, nowMs);
    return this.#withLease(sessionId, lease, (desk) => {
      const wasStale = desk.state.stale;
      const use = desk.retain(sessionId, lease);
      return { use, effects: wasStale ? changed(desk, { stop: false, reason: "retained" }) : [] };
    });
  }

  giveBack(sessionId: string, lease: Lease): LeaseOutcome {
    return this.#withLease(sessionId, lease, (desk) => {
      const use = desk.giveBack(sessionId, lease);
      return { use, effects: changed(desk, { stop: true, reason: "lease returned" }) };
    });
  }

  /** May this command be carried out? A `true` uses its sequence up. */
  judge(claim: CommandClaim): CommandVerdict {
    const session = this.#sessions.get(claim.sessionId);
    const resource = this.#resources.get(claim.resource);
    const state = resource?.desk.state;
    const refuse = (refusal: Refusal, reason: string): CommandVerdict => {
      return { ok: false, refusal, reason, state };
    };
    if (session === undefined) return refuse("control/session", "the session is not open");
    if (resource === undefined) return refuse("lease/unmanaged", `no device ${claim.resource}`);
    if (!mayLease(session.identity.role)) {
      return refuse("control/role", `a ${session.identity.role} may not move devices`);
    }
    const use = resource.desk.use(claim.sessionId, claim.lease);
    if (use !== "ok") return refuse(`lease/${use}`, describeUse(use, claim.lease, state));
    if (resource.latched) return refuse("command/latched", "emergency stop is latched");
    if (resource.suspended !== undefined) return refuse("command/inactive", resource.suspended);
    if (session.clock.stage !== "fresh")
      return refuse("control/keepalive", "check-ins are missing");
    const last = session.lastSequence.get(claim.resource) ?? -1;
    if (claim.sequence <= last) {
      return refuse("command/late", `seq is ${claim.sequence}, expected more than ${last}`);
    }
    session.lastSequence.set(claim.resource, claim.sequence);
    return { ok: true };
  }

  /**
   * Somebody stops the device, which needs no lease. If it was not the owner, the lease ends: a
   * stream of setpoints would else undo the stop within its next period.
   */
  hold(sessionId: string, resource: string, reason: string): readonly AuthorityEffect[] {
    const desk = this.#resources.get(resource)?.desk;
    if (desk?.state.owner === undefined || desk.isOwnedBy(sessionId)) return [];
    desk.revoke();
    return changed(desk, { stop: false, reason });
  }

  /** Allowed to everybody. The lease ends, so that going on takes a reset and a new lease. */
  estop(resource: string, reason: string): readonly AuthorityEffect[] {
    const found = this.#resources.get(resource);
    if (found === undefined) return [];
    found.latched = true;
    found.resetRequested = false;
    if (found.desk.state.owner === undefined) return [];
    found.desk.revoke();
    return changed(found.desk, { stop: false, reason });
  }

  /**
   * From now on no command is carried out, whoever holds the lease, until `resume`: the device is out
   * of service. What moves is stopped, and the lease ends, so that going on takes a new one.
   */
  suspend(resource: string, reason: string): readonly AuthorityEffect[] {
    const found = this.#resources.get(resource);
    if (found === undefined) return [];
    found.suspended = reason;
    if (found.desk.state.owner === undefined) return [{ kind: "stop", resource, reason }];
    found.desk.revoke();
    return changed(found.desk, { stop: true, reason });
  }

  /** Lets commands be judged again. Never moves. */
  resume(resource: string): void {
    const found = this.#resources.get(resource);
    if (found !== undefined) found.suspended = undefined;
  }

  /** True if the session may ask for a reset. Never moves: it only lets new commands be judged. */
  requestReset(sessionId: string, resource: string): boolean {
    const session = this.#sessions.get(sessionId);
    const found = this.#resources.get(resource);
    if (session === undefined || found === undefined) return false;
    if (!mayLease(session.identity.role)) return false;
    found.resetRequested = true;
    return true;
  }

  /**
   * The actuation's own word on the latch. It may latch by itself at any time; it is believed to be
   * unlatched only after a reset was asked for, since an older report may still be under way.
   */
  noteLatched(resource: string, latched: boolean): readonly AuthorityEffect[] {
    const found = this.#resources.get(resource);
    if (found === undefined) return [];
    if (latched) return found.latched ? [] : this.estop(resource, "latched by the device");
    if (!found.resetRequested) return [];
    found.latched = false;
    found.resetRequested = false;
    return [];
  }

  /** Lets time pass: what silence of sessions leads to. */
  tick(nowMs: number): readonly AuthorityEffect[] {
    const effects: AuthorityEffect[] = [];
    for (const [sessionId, session] of this.#sessions) {
      for (const stage of session.clock.advance(nowMs)) {
        if (stage === "missed") effects.push(...this.#stopOwned(sessionId));
        else if (stage === "stale") effects.push(...this.#staleOwned(sessionId));
        else if (stage === "closed") {
          const reason = `no check-in for ${this.keepalive.closeMs} ms`;
          effects.push(...this.closeSession(sessionId, reason));
          effects.push({ kind: "close-session", sessionId, reason });
        }
      }
    }
    return effects;
  }

  #stopOwned(sessionId: string): readonly AuthorityEffect[] {
    const reason = `no check-in for ${this.keepalive.missMs} ms`;
    return this.#ownedBy(sessionId).map(({ desk }) => ({
      kind: "stop",
      resource: desk.resource,
      reason,
    }));
  }

  #staleOwned(sessionId: string): readonly AuthorityEffect[] {
    const reason = `no check-in for ${this.keepalive.staleMs} ms`;
    return this.#ownedBy(sessionId).flatMap(({ desk }) => {
      desk.markStale();
      return changed(desk, { stop: false, reason });
    });
  }

  #ownedBy(sessionId: string): readonly Resource[] {
    return [...this.#resources.values()].filter(({ desk }) => desk.isOwnedBy(sessionId));
  }

  #forLease(
    sessionId: string,
    resource: string,
  ):
    | { readonly ok: true; readonly desk: LeaseDesk; readonly session: Session }
    | Extract<LeaseOutcome, { ok: false }> {
    const desk = this.#resources.get(resource)?.desk;
    const session = this.#sessions.get(sessionId);
    if (desk === undefined) return { ok: false, refusal: "lease/unmanaged", state: undefined };
    if (session === undefined) return { ok: false, refusal: "control/session", state: desk.state };
    if (!mayLease(session.identity.role)) {
      return { ok: false, refusal: "control/role", state: desk.state };
    }
    return { ok: true, desk, session };
  }

  #withLease(
    sessionId: string,
    lease: Lease,
    act: (desk: LeaseDesk) => { use: LeaseUse; effects: readonly AuthorityEffect[] },
  ): LeaseOutcome {
    const found = this.#forLease(sessionId, lease.resource);
    if (!found.ok) return found;
    const { use, effects } = act(found.desk);
    if (use === "ok") return { ok: true, lease, effects };
    return { ok: false, refusal: `lease/${use}`, state: found.desk.state };
  }
}

function ownerOf(session: Session): { sessionId: string; client: string } {
  return { sessionId: session.identity.id, client: session.identity.client };
}

function changed(
  desk: LeaseDesk,
  change: { readonly stop: boolean; readonly reason: string },
): readonly AuthorityEffect[] {
  const { reason } = change;
  const tell: AuthorityEffect = { kind: "lease-changed", state: desk.state, reason };
  return change.stop ? [{ kind: "stop", resource: desk.resource, reason }, tell] : [tell];
}

function describeUse(use: LeaseUse, lease: Lease, state: LeaseState | undefined): string {
  const owner = state?.owner === undefined ? "nobody" : state.owner.client;
  const newest = state === undefined ? "none" : `${state.epoch}/${state.sequence}`;
  return `lease ${lease.epoch}/${lease.sequence} is ${use}, newest is ${newest} of ${owner}`;
}

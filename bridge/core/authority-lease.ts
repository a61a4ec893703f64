import type { MotionShare } from "../contract/actuation.ts";

/**
 * The right to move one device. A newer owner has a higher sequence; sequences compare only within
 * one epoch, which is one run of the service. (The model is Boston Dynamics Spot's lease service.)
 */
export interface Lease {
  readonly resource: string;
  readonly epoch: string;
  readonly sequence: number;
  /** Of a sub-lease: a reduced right that the owner lent. Absent for the lease itself. */
  readonly sub?: number;
}

export interface LeaseOwner {
  readonly sessionId: string;
  /** The name the client gave in its hello, for people. */
  readonly client: string;
}

/** Somebody who moves the device by leave of its owner, with a share of the limits. */
export interface Delegate extends LeaseOwner {
  readonly share: MotionShare;
  /** Monotonic ms at which it ends by itself; left out: with the lease. */
  readonly expiresAtMs?: number;
}

/**
 * - `ok`: the lease is the newest and its user owns it, or was lent it;
 * - `invalid`: never issued, or issued to another session;
 * - `older`: somebody owns or owned the device since;
 * - `revoked`: the newest, but returned, gone stale or ended by an emergency stop;
 * - `unmanaged`: no such device here;
 * - `wrong-epoch`: from another run of the service.
 */
export type LeaseUse = "ok" | "invalid" | "older" | "revoked" | "unmanaged" | "wrong-epoch";

export interface LeaseState {
  readonly resource: string;
  readonly epoch: string;
  /** The newest sequence issued; 0 before the first. */
  readonly sequence: number;
  readonly owner: LeaseOwner | undefined;
  /** Owned by a session that went silent: anyone may acquire it. */
  readonly stale: boolean;
  readonly delegate: Delegate | undefined;
}

/**
 * The lease of one resource: at most one owner, and a sequence that only rises. Its owner may lend a
 * reduced right to one delegate at a time, which never outlives the lease.
 */
export class LeaseDesk {
  readonly resource: string;
  readonly epoch: string;
  #sequence = 0;
  #owner: LeaseOwner | undefined;
  #stale = false;
  /** Rises with every right lent under any lease, so that an old one never fits a new owner's. */
  #sub = 0;
  #delegate: Delegate | undefined;

  constructor(resource: string, epoch: string) {
    this.resource = resource;
    this.epoch = epoch;
  }

  get state(): LeaseState {
    return {
      resource: this.resource,
      epoch: this.epoch,
      sequence: this.#sequence,
      owner: this.#owner,
      stale: this.#stale,
      delegate: this.#delegate,
    };
  }

  get owner(): LeaseOwner | undefined {
    return this.#owner;
  }

  get delegate(): Delegate | undefined {
    return this.#delegate;
  }

  isOwnedBy(sessionId: string): boolean {
    return this.#owner?.sessionId === sessionId;
  }

  isLentTo(sessionId: string): boolean {
    return this.#delegate?.sessionId === sessionId;
  }

  /** A new lease, or undefined while a live session of somebody else holds it. */
  acquire(owner: LeaseOwner): Lease | undefined {
    if (this.#owner !== undefined && !this.#stale && !this.isOwnedBy(owner.sessionId)) {
      return undefined;
    }
    return this.take(owner);
  }

  /** A new lease, whoever held the old one. Who may do this is for the caller to know. */
  take(owner: LeaseOwner): Lease {
    this.revoke();
    this.#sequence += 1;
    this.#owner = owner;
    return { resource: this.resource, epoch: this.epoch, sequence: this.#sequence };
  }

  /** Keep-alive: a stale lease that nobody claimed becomes fresh again. */
  retain(sessionId: string, lease: Lease): LeaseUse {
    const use = this.#judge(sessionId, lease);
    if (use === "ok" && lease.sub === undefined) this.#stale = false;
    return use;
  }

  /** Of the lease, or of what was lent. */
  giveBack(sessionId: string, lease: Lease): LeaseUse {
    const use = this.#judge(sessionId, lease);
    if (use !== "ok") return use;
    if (lease.sub === undefined) this.revoke();
    else this.endDelegation();
    return use;
  }

  /** Lends a reduced right; who had one before has it no more. The caller has judged the lease. */
  lend(delegate: Delegate): Lease {
    this.#sub += 1;
    this.#delegate = delegate;
    const { resource, epoch } = this;
    return { resource, epoch, sequence: this.#sequence, sub: this.#sub };
  }

  endDelegation(): void {
    this.#delegate = undefined;
  }

  /** May `sessionId` act with this lease? A stale one has to be retained first. */
  use(sessionId: string, lease: Lease): LeaseUse {
    const use = this.#judge(sessionId, lease);
    return use === "ok" && this.#stale ? "revoked" : use;
  }

  /** Its owner went silent. What it lent ends with that. */
  markStale(): void {
    if (this.#owner === undefined) return;
    this.#stale = true;
    this.#delegate = undefined;
  }

  /** Nobody owns it any more; the sequence stays, so the old lease answers `revoked`. */
  revoke(): void {
    this.#owner = undefined;
    this.#stale = false;
    this.#delegate = undefined;
  }

  #judge(sessionId: string, lease: Lease): LeaseUse {
    if (lease.resource !== this.resource) return "unmanaged";
    if (lease.epoch !== this.epoch) return "wrong-epoch";
    const use = compare(lease.sequence, this.#sequence);
    if (use !== "ok") return use;
    if (this.#owner === undefined) return "revoked";
    if (lease.sub === undefined) return this.isOwnedBy(sessionId) ? "ok" : "invalid";
    const subUse = compare(lease.sub, this.#sub);
    if (subUse !== "ok") return subUse;
    if (this.#delegate === undefined) return "revoked";
    return this.isLentTo(sessionId) ? "ok" : "invalid";
  }
}

function compare(found: number, newest: number): LeaseUse {
  if (!Number.isSafeInteger(found) || found < 1 || found > newest) return "invalid";
  return found < newest ? "older" : "ok";
}

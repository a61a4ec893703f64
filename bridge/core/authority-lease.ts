/**
 * The right to move one device. A newer owner has a higher sequence; sequences compare only within
 * one epoch, which is one run of the service. (The model is Boston Dynamics Spot's lease service.)
 */
export interface Lease {
  readonly resource: string;
  readonly epoch: string;
  readonly sequence: number;
}

export interface LeaseOwner {
  readonly sessionId: string;
  /** The name the client gave in its hello, for people. */
  readonly client: string;
}

/**
 * - `ok`: the lease is the newest and its user owns it;
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
}

/** The lease of one resource: at most one owner, and a sequence that only rises. */
export class LeaseDesk {
  readonly resource: string;
  readonly epoch: string;
  #sequence = 0;
  #owner: LeaseOwner | undefined;
  #stale = false;

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
    };
  }

  isOwnedBy(sessionId: string): boolean {
    return this.#owner?.sessionId === sessionId;
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
    this.#sequence += 1;
    this.#owner = owner;
    this.#stale = false;
    return { resource: this.resource, epoch: this.epoch, sequence: this.#sequence };
  }

  /** Keep-alive: a stale lease that nobody claimed becomes fresh again. */
  retain(sessionId: string, lease: Lease): LeaseUse {
    const use = this.#judge(sessionId, lease);
    if (use === "ok") this.#stale = false;
    return use;
  }

  giveBack(sessionId: string, lease: Lease): LeaseUse {
    const use = this.#judge(sessionId, lease);
    if (use === "ok") this.revoke();
    return use;
  }

  /** May `sessionId` act with this lease? A stale one has to be retained first. */
  use(sessionId: string, lease: Lease): LeaseUse {
    const use = this.#judge(sessionId, lease);
    return use === "ok" && this.#stale ? "revoked" : use;
  }

  markStale(): void {
    if (this.#owner !== undefined) this.#stale = true;
  }

  /** Nobody owns it any more; the sequence stays, so the old lease answers `revoked`. */
  revoke(): void {
    this.#owner = undefined;
    this.#stale = false;
  }

  #judge(sessionId: string, lease: Lease): LeaseUse {
    if (lease.resource !== this.resource) return "unmanaged";
    if (lease.epoch !== this.epoch) return "wrong-epoch";
    if (!Number.isSafeInteger(lease.sequence) || lease.sequence < 1) return "invalid";
    if (lease.sequence > this.#sequence) return "invalid";
    if (lease.sequence < this.#sequence) return "older";
    if (this.#owner === undefined) return "revoked";
    return this.isOwnedBy(sessionId) ? "ok" : "invalid";
  }
}

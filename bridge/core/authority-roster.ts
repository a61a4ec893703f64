import type { Leased } from "./authority-effects.ts";
import { LeaseDesk, type Lease } from "./authority-lease.ts";
import { describeUse, refused, type Refused, type SessionIdentity } from "./authority-outcome.ts";
import type { KeepalivePolicy } from "./keepalive.ts";
import { rightsOf } from "./roles.ts";
import type { SessionClock } from "./session-clock.ts";
import { StopLatch } from "./stop-latch.ts";

export interface Session {
  readonly identity: SessionIdentity;
  readonly policy: KeepalivePolicy;
  readonly clock: SessionClock;
  readonly lastSequence: Map<string, number>;
}

export interface Resource extends Leased {
  readonly latch: StopLatch;
  /** Why no command is carried out at present. */
  suspended: string | undefined;
}

export interface Found {
  readonly ok: true;
  readonly resource: Resource;
  readonly session: Session;
}

/** Which sessions are open and which devices there are, with who has which right to ask for what. */
export class AuthorityRoster {
  readonly sessions = new Map<string, Session>();
  readonly resources = new Map<string, Resource>();

  constructor(epoch: string, resources: readonly string[]) {
    for (const name of resources) {
      const desk = new LeaseDesk(name, epoch);
      this.resources.set(name, { desk, latch: new StopLatch(), suspended: undefined });
    }
  }

  /** What it owns, and what it was lent. */
  heldBy(sessionId: string): readonly Resource[] {
    return [...this.resources.values()].filter(
      ({ desk }) => desk.isOwnedBy(sessionId) || desk.isLentTo(sessionId),
    );
  }

  find(sessionId: string, name: string): Found | Refused {
    const resource = this.resources.get(name);
    const session = this.sessions.get(sessionId);
    if (resource === undefined) return refused("lease/unmanaged", `no device ${name}`, undefined);
    if (session === undefined) {
      return refused("control/session", "the session is not open", resource.desk.state);
    }
    return { ok: true, resource, session };
  }

  forLease(sessionId: string, name: string): Found | Refused {
    const found = this.find(sessionId, name);
    if (!found.ok) return found;
    const { role } = found.session.identity;
    if (rightsOf[role].lease) return found;
    return refused("control/role", `a ${role} may not hold a lease`, found.resource.desk.state);
  }

  /** The session holds this very lease itself, and is alive. */
  forOwner(sessionId: string, lease: Lease): Found | Refused {
    const found = this.forLease(sessionId, lease.resource);
    if (!found.ok) return found;
    const { desk } = found.resource;
    const use = lease.sub === undefined ? desk.use(sessionId, lease) : "invalid";
    if (use !== "ok")
      return refused(`lease/${use}`, describeUse(use, lease, desk.state), desk.state);
    return found;
  }
}

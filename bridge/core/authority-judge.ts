import { endDelegation, lentEnd } from "./authority-effects.ts";
import type { Lease } from "./authority-lease.ts";
import {
  describeUse,
  refused,
  type CommandClaim,
  type CommandVerdict,
  type Refusal,
  type Refused,
} from "./authority-outcome.ts";
import type { AuthorityRoster, Resource, Session } from "./authority-roster.ts";
import { fullShare, lesserShare, rightsOf } from "./roles.ts";

/** May this command be carried out? An `ok` uses its sequence up. */
export function judgeCommand(roster: AuthorityRoster, claim: CommandClaim): CommandVerdict {
  const { lease, sequence } = claim;
  const session = roster.sessions.get(claim.sessionId);
  const resource = roster.resources.get(claim.resource);
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
  if (!isHeard(roster, session, resource)) {
    return refuse("control/keepalive", "check-ins are missing");
  }
  const last = session.lastSequence.get(claim.resource) ?? -1;
  if (sequence <= last) {
    return refuse("command/late", `seq is ${sequence}, expected more than ${last}`);
  }
  session.lastSequence.set(claim.resource, sequence);
  resource.latch.note("command");
  return allow(session, resource, lease);
}

function allow(session: Session, resource: Resource, lease: Lease): CommandVerdict {
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
function isHeard(roster: AuthorityRoster, session: Session, { desk }: Resource): boolean {
  if (session.clock.stage !== "fresh") return false;
  const owner = roster.sessions.get(desk.owner?.sessionId ?? "");
  return owner?.clock.stage === "fresh";
}

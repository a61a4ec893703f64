import type { StopCause } from "./audit.ts";
import type { LeaseDesk, LeaseOwner } from "./authority-lease.ts";
import type { AuthorityEffect, LeaseChange } from "./authority-outcome.ts";

export interface Leased {
  readonly desk: LeaseDesk;
}

interface Change {
  readonly what: LeaseChange;
  readonly reason: string;
  /** Whether, and why, the device is stopped before the change is told. */
  readonly stop?: StopCause;
}

/** What was lent is over, and the device stops. */
export function lentEnd(reason: string): Change {
  return { what: "lent-ended", reason, stop: "sublease-end" };
}

export function granted(
  desk: LeaseDesk,
  before: LeaseOwner | undefined,
  what: "acquired" | "taken",
  client: string,
): readonly AuthorityEffect[] {
  const reason = `${what} by ${client}`;
  const stopped = before === undefined ? [] : stop(desk, "owner-change", reason);
  return [...stopped, ...tell(desk, what, reason)];
}

/** Nobody owns the device any more; nothing to tell if nobody did. */
export function end({ desk }: Leased, change: Change): readonly AuthorityEffect[] {
  if (desk.owner === undefined) return [];
  desk.revoke();
  return changed(desk, change);
}

/** What the owner lent ends, its own lease does not; nothing to tell if nothing was lent. */
export function endDelegation({ desk }: Leased, change: Change): readonly AuthorityEffect[] {
  if (desk.delegate === undefined) return [];
  desk.endDelegation();
  return changed(desk, change);
}

export function stop(
  { resource }: LeaseDesk,
  cause: StopCause,
  reason: string,
  level: "hold" | "estop" = "hold",
): readonly AuthorityEffect[] {
  return [{ kind: "stop", resource, level, cause, reason }];
}

export function tell(
  desk: LeaseDesk,
  what: LeaseChange,
  reason: string,
): readonly AuthorityEffect[] {
  return [{ kind: "lease-changed", state: desk.state, what, reason }];
}

function changed(desk: LeaseDesk, change: Change): readonly AuthorityEffect[] {
  const { what, reason, stop: cause } = change;
  return [...(cause === undefined ? [] : stop(desk, cause, reason)), ...tell(desk, what, reason)];
}

import type { StopCause } from "./audit.ts";
import { end, endDelegation, lentEnd, stop, tell } from "./authority-effects.ts";
import type { AuthorityEffect } from "./authority-outcome.ts";
import type { AuthorityRoster, Session } from "./authority-roster.ts";
import type { KeepalivePolicy } from "./keepalive.ts";
import type { SessionStage } from "./session-clock.ts";

/** Lets time pass: what silence of sessions leads to, and what has run out. */
export function afterSilence(roster: AuthorityRoster, nowMs: number): readonly AuthorityEffect[] {
  const effects: AuthorityEffect[] = [];
  for (const [sessionId, session] of roster.sessions) {
    for (const stage of session.clock.advance(nowMs)) {
      effects.push(...silent(roster, sessionId, session, stage));
    }
    if (nowMs >= (session.identity.expiresAtMs ?? Number.POSITIVE_INFINITY)) {
      effects.push(...ended(roster, sessionId, "its admittance has expired", "disconnect"));
    }
  }
  for (const resource of roster.resources.values()) {
    if (nowMs < (resource.desk.delegate?.expiresAtMs ?? Number.POSITIVE_INFINITY)) continue;
    effects.push(...endDelegation(resource, lentEnd("what was lent has run out")));
  }
  return effects;
}

/** The socket is gone: stops what the session moved and frees its leases at once. */
export function closeSession(
  roster: AuthorityRoster,
  sessionId: string,
  reason: string,
  cause: StopCause,
): readonly AuthorityEffect[] {
  if (!roster.sessions.delete(sessionId)) return [];
  return roster
    .heldBy(sessionId)
    .flatMap((resource) =>
      resource.desk.isOwnedBy(sessionId)
        ? end(resource, { what: "ended", reason, stop: cause })
        : endDelegation(resource, { what: "lent-ended", reason, stop: cause }),
    );
}

function silent(
  roster: AuthorityRoster,
  sessionId: string,
  session: Session,
  stage: SessionStage,
): readonly AuthorityEffect[] {
  const { missMs, staleMs, closeMs, onMiss, onStale } = session.policy;
  switch (stage) {
    case "missed":
      return missed(roster, sessionId, onMiss, `no check-in for ${missMs} ms`);
    case "stale":
      return stale(roster, sessionId, onStale, `no check-in for ${staleMs} ms`);
    case "closed":
      return ended(roster, sessionId, `no check-in for ${closeMs} ms`, "keepalive");
    case "fresh":
      return [];
    default:
      return stage satisfies never;
  }
}

function missed(
  roster: AuthorityRoster,

  sessionId: string,
  level: KeepalivePolicy["onMiss"],
  reason: string,
): readonly AuthorityEffect[] {
  return roster.heldBy(sessionId).flatMap((resource) => {
    const stopped = stop(resource.desk, "keepalive", reason, level);
    if (level === "hold") return stopped;
    resource.latch.note("press");
    return [...stopped, ...end(resource, { what: "ended", reason })];
  });
}

function stale(
  roster: AuthorityRoster,

  sessionId: string,
  then: KeepalivePolicy["onStale"],
  reason: string,
): readonly AuthorityEffect[] {
  return roster.heldBy(sessionId).flatMap((resource) => {
    const { desk } = resource;
    if (!desk.isOwnedBy(sessionId)) return endDelegation(resource, lentEnd(reason));
    if (then === "return") return end(resource, { what: "ended", reason });
    desk.markStale();
    return tell(desk, "stale", reason);
  });
}

function ended(
  roster: AuthorityRoster,
  sessionId: string,
  reason: string,
  cause: StopCause,
): readonly AuthorityEffect[] {
  const effects = closeSession(roster, sessionId, reason, cause);
  return [...effects, { kind: "close-session", sessionId, reason }];
}

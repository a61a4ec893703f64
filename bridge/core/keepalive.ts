import { defaultKeepalive, type KeepaliveLimits } from "./session-clock.ts";

/** At the first missed check-ins: brake to rest, or brake and latch. */
export const onMissActions = ["hold", "estop"] as const;
/** When silence lasts: others may acquire the lease and its owner may still retain it, or it is free at once. */
export const onStaleActions = ["offer", "return"] as const;

/** What happens when a session falls silent. */
export interface KeepalivePolicy extends KeepaliveLimits {
  readonly onMiss: (typeof onMissActions)[number];
  readonly onStale: (typeof onStaleActions)[number];
}

export const defaultPolicy: KeepalivePolicy = {
  ...defaultKeepalive,
  onMiss: "hold",
  onStale: "offer",
};

/**
 * The policy of one session: the server's, with what its client chose. Later stages are moved back so
 * that they never come before earlier ones, and check-ins are asked for four times per `missMs`.
 */
export function policyFor(
  server: KeepalivePolicy,
  wish: Partial<KeepalivePolicy> = {},
): KeepalivePolicy {
  const { missMs, onMiss, onStale } = { ...server, ...wish };
  const staleMs = Math.max(wish.staleMs ?? server.staleMs, missMs);
  const closeMs = Math.max(wish.closeMs ?? server.closeMs, staleMs);
  const checkInMs = Math.min(server.checkInMs, missMs / 4);
  return { checkInMs, missMs, staleMs, closeMs, onMiss, onStale };
}

/** 8.7.2: what a writer offers or a reader asks for. Only what ROS 2 uses is told apart. */
export interface EndpointQos {
  readonly reliable: boolean;
  /** 0 volatile, 1 transient local, 2 transient, 3 persistent. */
  readonly durability: number;
  readonly depth: number;
  /** Infinity = no deadline. */
  readonly deadlineMs: number;
  /** 0 automatic, 1 by participant, 2 by topic. */
  readonly livelinessKind: number;
  readonly livelinessLeaseMs: number;
  /** 0 shared, 1 exclusive. */
  readonly ownership: number;
  /** Empty = the default partition. */
  readonly partitions: readonly string[];
}

export const Durability = { Volatile: 0, TransientLocal: 1 } as const;

export const defaultQos: EndpointQos = {
  reliable: false,
  durability: Durability.Volatile,
  depth: 1,
  deadlineMs: Number.POSITIVE_INFINITY,
  livelinessKind: 0,
  livelinessLeaseMs: Number.POSITIVE_INFINITY,
  ownership: 0,
  partitions: [],
};

/**
 * Names of the policies that keep writer and reader apart, in DDS's words; empty = they match.
 * Offered must be at least requested (DDS 1.4, 2.2.3).
 */
export function incompatiblePolicies(
  offered: EndpointQos,
  requested: EndpointQos,
): readonly string[] {
  const policies: string[] = [];
  if (requested.reliable && !offered.reliable) policies.push("RELIABILITY");
  if (offered.durability < requested.durability) policies.push("DURABILITY");
  if (offered.deadlineMs > requested.deadlineMs) policies.push("DEADLINE");
  if (
    offered.livelinessKind < requested.livelinessKind ||
    offered.livelinessLeaseMs > requested.livelinessLeaseMs
  ) {
    policies.push("LIVELINESS");
  }
  if (offered.ownership !== requested.ownership) policies.push("OWNERSHIP");
  if (!shareAPartition(offered.partitions, requested.partitions)) policies.push("PARTITION");
  return policies;
}

function shareAPartition(offered: readonly string[], requested: readonly string[]): boolean {
  const ours = offered.length === 0 ? [""] : offered;
  const theirs = requested.length === 0 ? [""] : requested;
  return ours.some((name) => theirs.includes(name));
}

/** ROS 2 distributions whose conventions on the wire differ, or may come to. */
export const rosDistributions = ["humble", "iron", "jazzy", "kilted", "rolling"] as const;
export type RosDistribution = (typeof rosDistributions)[number];

export const defaultDistribution: RosDistribution = "jazzy";

export interface DistributionConventions {
  /** Octets of a GID in `ros_discovery_info`: Iron cut the zeros behind the 16 that mean something. */
  readonly gidBytes: 16 | 24;
  /** Whether endpoints state their type's hash (REP 2016, since Iron). */
  readonly hasTypeHashes: boolean;
}

/** The conventions are not negotiated: nodes of Humble and of later distributions do not list each other. */
export function conventionsOf(distribution: RosDistribution): DistributionConventions {
  return distribution === "humble"
    ? { gidBytes: 24, hasTypeHashes: false }
    : { gidBytes: 16, hasTypeHashes: true };
}

import type { RosPolicy, RosQos } from "../../../bridge/contract/ros-transport.ts";
import { shareAPartition } from "./partition.ts";

/** 8.7.2: what a writer offers or a reader asks for. */
export interface EndpointQos {
  readonly reliable: boolean;
  /** 0 volatile, 1 transient local, 2 transient, 3 persistent. */
  readonly durability: number;
  readonly keepAll: boolean;
  /** Of keep-last. */
  readonly depth: number;
  /** Infinity = no deadline. */
  readonly deadlineMs: number;
  /** Of a writer; Infinity = for ever. */
  readonly lifespanMs: number;
  /** 0 automatic, 1 by participant, 2 by topic. */
  readonly livelinessKind: number;
  readonly livelinessLeaseMs: number;
  /** 0 shared, 1 exclusive. */
  readonly ownership: number;
  /** Empty = the default partition. */
  readonly partitions: readonly string[];
  /** A writer's first is what it writes; a reader's are what it reads. Empty = XCDR1. */
  readonly representations: readonly number[];
}

export const Durability = { Volatile: 0, TransientLocal: 1 } as const;
export const LivelinessKind = { Automatic: 0, ByParticipant: 1, ByTopic: 2 } as const;
/** DDS-XTypes 1.3, 7.6.3.1.1. */
export const Representation = { Xcdr1: 0, Xcdr2: 2 } as const;

export const defaultQos: EndpointQos = {
  reliable: false,
  durability: Durability.Volatile,
  keepAll: false,
  depth: 1,
  deadlineMs: Number.POSITIVE_INFINITY,
  lifespanMs: Number.POSITIVE_INFINITY,
  livelinessKind: LivelinessKind.Automatic,
  livelinessLeaseMs: Number.POSITIVE_INFINITY,
  ownership: 0,
  partitions: [],
  representations: [],
};

/** What a ROS topic's quality of service is in DDS. */
export function endpointQos(qos: RosQos): EndpointQos {
  return {
    ...defaultQos,
    reliable: qos.reliability === "reliable",
    durability:
      qos.durability === "transient_local" ? Durability.TransientLocal : Durability.Volatile,
    keepAll: qos.history === "keep_all",
    depth: Math.max(1, qos.depth),
    deadlineMs: qos.deadlineMs ?? defaultQos.deadlineMs,
    lifespanMs: qos.lifespanMs ?? defaultQos.lifespanMs,
    livelinessKind:
      qos.liveliness === "manual_by_topic" ? LivelinessKind.ByTopic : LivelinessKind.Automatic,
    livelinessLeaseMs: qos.livelinessLeaseMs ?? defaultQos.livelinessLeaseMs,
    representations: [Representation.Xcdr1],
  };
}

/**
 * Names of the policies that keep writer and reader apart, in DDS's words; empty = they match.
 * Offered must be at least requested (DDS 1.4, 2.2.3). History, depth and lifespan never do.
 */
export function incompatiblePolicies(
  offered: EndpointQos,
  requested: EndpointQos,
): readonly RosPolicy[] {
  const policies: RosPolicy[] = [];
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
  if (!isReadable(offered.representations, requested.representations)) {
    policies.push("DATA_REPRESENTATION");
  }
  if (!shareAPartition(offered.partitions, requested.partitions)) policies.push("PARTITION");
  return policies;
}

/** DDS-XTypes 1.3, 7.6.3.1.2: the first one offered must be among those requested. */
function isReadable(offered: readonly number[], requested: readonly number[]): boolean {
  const written = offered[0] ?? Representation.Xcdr1;
  return requested.length === 0 ? written === Representation.Xcdr1 : requested.includes(written);
}

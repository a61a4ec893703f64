import type { RosGraph, RosService } from "../bridge/contract/ros-services.ts";
import type { RosEvent, RosTopic, RosTransportStats } from "../bridge/contract/ros-transport.ts";
import type { RosDistribution } from "./rtps/rosgraph/distribution.ts";
import type { CallOutcome } from "./rtps/services/service-client.ts";
import type { DiscoveryRange } from "./rtps/transport/discovery-range.ts";

/** What a ROS host is opened with. Travels as `workerData`, so it is plain data. */
export interface RosHostOptions {
  readonly domainId: number;
  readonly discoveryRange: DiscoveryRange;
  readonly staticPeers: readonly string[];
  readonly interfaces: readonly string[];
  readonly nodeName: string;
  /** `/` or e.g. `/kairos`. */
  readonly namespace: string;
  readonly fragmentBytes?: number;
  /** Whose conventions to keep; default Jazzy's. */
  readonly distribution?: RosDistribution;
  /** Security enclave that `ros2 node list` shows; default `/`. */
  readonly enclave?: string;
}

/** `workerData` of a host that is a worker. */
export interface RosHostWorkerData {
  readonly options: RosHostOptions;
  /** Buffer of the `Heartbeats`; the host beats `Thread.Ros`. */
  readonly heartbeats: SharedArrayBuffer;
  /** Buffer of the `TakenCounts`. */
  readonly taken: SharedArrayBuffer;
}

export interface RosHostReady {
  /** `address:port` of every socket peers are told of. */
  readonly addresses: readonly string[];
}

/**
 * To the host. `endpointId` is chosen by the owner, once per publisher, subscription, server or client, and
 * stays below `maxEndpoints`. `cdr` is one serialized message with its encapsulation header; its buffer is
 * transferred.
 */
export type ToRosHost =
  | { readonly kind: "advertise"; readonly endpointId: number; readonly topic: RosTopic }
  | { readonly kind: "publish"; readonly endpointId: number; readonly cdr: Uint8Array }
  | { readonly kind: "subscribe"; readonly endpointId: number; readonly topic: RosTopic }
  | { readonly kind: "unsubscribe"; readonly endpointId: number }
  | ToServiceHost
  | { readonly kind: "stats"; readonly requestId: number }
  | { readonly kind: "close" };

/** The part of services. `callId` counts a client's calls, `requestId` a server's requests. */
export type ToServiceHost =
  | ({ readonly kind: "serve" } & ServiceToOpen)
  /** Without `cdr`: there will be no response. */
  | {
      readonly kind: "respond";
      readonly endpointId: number;
      readonly requestId: number;
      readonly cdr?: Uint8Array;
    }
  | ({ readonly kind: "open-client" } & ServiceToOpen)
  | {
      readonly kind: "call";
      readonly endpointId: number;
      readonly callId: number;
      readonly timeoutMs: number;
      readonly cdr: Uint8Array;
    }
  | { readonly kind: "close-service"; readonly endpointId: number }
  | { readonly kind: "graph"; readonly requestId: number };

export type FromServiceHost =
  | {
      readonly kind: "request";
      readonly endpointId: number;
      readonly requestId: number;
      readonly cdr: Uint8Array;
    }
  | {
      readonly kind: "response";
      readonly endpointId: number;
      readonly callId: number;
      readonly outcome: CallOutcome;
    }
  | { readonly kind: "servers"; readonly endpointId: number; readonly serverCount: number }
  | { readonly kind: "graph"; readonly requestId: number; readonly graph: RosGraph };

interface ServiceToOpen {
  readonly endpointId: number;
  readonly service: RosService;
}

export type FromRosHost =
  | FromServiceHost
  | { readonly kind: "message"; readonly endpointId: number; readonly cdr: Uint8Array }
  | { readonly kind: "matched"; readonly endpointId: number; readonly matchedCount: number }
  | { readonly kind: "stats"; readonly requestId: number; readonly stats: RosHostStats }
  | { readonly kind: "event"; readonly event: RosEvent }
  | {
      readonly kind: "log";
      readonly level: "error" | "warn" | "info" | "debug";
      readonly fields: Readonly<Record<string, unknown>>;
      readonly sentence: string;
    };

/** `RosTransportStats` with what a host knows beyond it; optional is what only the embedded participant knows. */
export interface RosHostStats extends RosTransportStats {
  /** What of `malformedCount` was wrong with what. */
  readonly malformedByKind?: Readonly<Record<string, number>>;
  /** Peers and endpoints not let in because there were too many. */
  readonly refusedCount?: number;
  /** Endpoints of all peers. */
  readonly endpointCount?: number;
  /** Pairs that were not matched for QoS or type, since the start; those at present are in `incompatibilities`. */
  readonly mismatchCount?: number;
  readonly topics: readonly RosTopicStats[];
  /** Readers and writers of our topics that could not be matched, and for which policies. */
  readonly incompatibilities: readonly {
    readonly topicName: string;
    readonly peer: string;
    readonly policies: readonly string[];
  }[];
}

export interface RosTopicStats {
  readonly name: string;
  readonly sentCount: number;
  readonly sentBytes: number;
  /** Highest message number all reliable readers have acknowledged. */
  readonly ackedCount: number;
  readonly resentCount: number;
  readonly receivedCount: number;
  readonly receivedBytes: number;
  /** Messages that were sent to us, or asked of us, and no longer to be had. */
  readonly lostCount: number;
  /** Messages refused because a keep-all history was full. */
  readonly rejectedCount?: number;
  readonly deadlineMissedCount?: number;
  /** Messages dropped because this process did not take them in time. */
  readonly droppedCount: number;
  readonly matchedCount: number;
}

/** A topic of which nothing is known yet. */
export function emptyTopicStats(name: string): RosTopicStats {
  return {
    name,
    sentCount: 0,
    sentBytes: 0,
    ackedCount: 0,
    resentCount: 0,
    receivedCount: 0,
    receivedBytes: 0,
    lostCount: 0,
    rejectedCount: 0,
    deadlineMissedCount: 0,
    droppedCount: 0,
    matchedCount: 0,
  };
}

/** What a host says that counts nothing of its own. */
export const emptyHostStats: RosHostStats = {
  peerCount: 0,
  malformedCount: 0,
  malformedByKind: {},
  refusedCount: 0,
  endpointCount: 0,
  mismatchCount: 0,
  topics: [],
  incompatibilities: [],
};

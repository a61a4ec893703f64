import type { RosEvent } from "../../bridge/contract/ros-transport.ts";
import type { Guid, PrefixKey } from "./wire/guid.ts";
import type { DatagramLink, Locator } from "./transport/link.ts";
import type { Pacer } from "./writer/pacer.ts";
import type { SampleIdentity } from "./wire/sample-identity.ts";
import type { EndpointQos } from "./params/qos.ts";
import type { ReceiveBudget } from "./reader/receive-budget.ts";
import type { Scheduler } from "./transport/scheduler.ts";
import type { MalformedCounts } from "./wire/malformed-counts.ts";

/** What every endpoint of a participant shares. */
export interface EndpointContext {
  readonly prefix: PrefixKey;
  readonly link: DatagramLink;
  readonly pacer: Pacer;
  readonly scheduler: Scheduler;
  /** Unix ms, for source timestamps. */
  readonly unixMs: () => number;
  /** Samples larger than this go out in fragments of this size. */
  readonly fragmentBytes: number;
  /** Tells the owner of the participant. */
  readonly emit: (event: RosEvent) => void;
  readonly malformed: MalformedCounts;
  readonly receiveBudget: ReceiveBudget;
}

/** A remote writer or reader that matches one of ours, and where to reach it. */
export interface MatchedEndpoint {
  readonly guid: Guid;
  /** Changes when the peer's addresses do. */
  locator: Locator;
  readonly qos: EndpointQos;
}

/** The entity ids in front of every submessage between a writer and a reader. */
export interface Route {
  /** 0 = every reader at the destination that knows the writer. */
  readonly readerId: number;
  readonly writerId: number;
}

/** One sample as a reader hands it over, in order per writer. */
export interface ReceivedSample {
  readonly sequenceNumber: number;
  /** With its encapsulation header; of a disposal, the serialized key. Undefined: nothing came along. */
  readonly payload: Buffer | undefined;
  /** STATUS_INFO: 0 = alive, else disposed or unregistered. */
  readonly status: number;
  /** 16 octets, where the writer sent them. */
  readonly keyHash: Buffer | undefined;
  /** Of a reply: the request it answers. Of a request: where replies should go. */
  readonly related: SampleIdentity | undefined;
}

/** What a sample that is part of a service call carries beside its payload. */
export interface CallTag {
  /** The only participant that gets it; others are told that it is not for them. */
  readonly to: PrefixKey;
  readonly related: SampleIdentity | undefined;
}

/** What a reader holds at most per writer. */
export interface ReaderLimits {
  /** A sample announced as larger is ignored. */
  readonly maxSampleBytes: number;
  /** Samples waiting for an earlier one. */
  readonly maxWaitingCount: number;
  readonly maxWaitingBytes: number;
  /** Samples being put together from fragments. */
  readonly maxAssemblies: number;
}

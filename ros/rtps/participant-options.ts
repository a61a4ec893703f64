import type { Log } from "../../bridge/contract/log.ts";
import type { RosEvent } from "../../bridge/contract/ros-transport.ts";
import type { ReaderLimits } from "./endpoint.ts";
import type { RosDistribution } from "./rosgraph/distribution.ts";
import type { DiscoveryRange } from "./transport/discovery-range.ts";
import type { DatagramLink } from "./transport/link.ts";
import type { Scheduler } from "./transport/scheduler.ts";
import type { WriterLimits, WriterPast } from "./writer/writer-options.ts";

export interface ParticipantOptions {
  /** 0..232. */
  readonly domainId: number;
  readonly range: DiscoveryRange;
  /** IPv4 addresses of this machine: see `UdpLinkOptions`. */
  readonly interfaces?: readonly string[];
  readonly staticPeers?: readonly string[];
  readonly nodeName: string;
  /** `/` or e.g. `/kairos`. */
  readonly namespace: string;
  /** Samples above this size are split; 60 kB suits loopback, about 1,300 a network without jumbo frames. */
  readonly fragmentBytes?: number;
  /** Peers forget us when they have heard nothing for this long. */
  readonly leaseMs?: number;
  readonly announcePeriodMs?: number;
  /** Whose conventions to keep; default Jazzy's. */
  readonly distribution?: RosDistribution;
  /** The hash of a type by its ROS name, where it is known: announced where the distribution has hashes. */
  readonly typeHashOf?: (type: string) => string | undefined;
  /** Security enclave that `ros2 node list` shows; default `/`. */
  readonly enclave?: string;
  readonly readerLimits?: Partial<ReaderLimits>;
  readonly writerLimits?: Partial<WriterLimits>;
  /** Octets all readers together hold of samples not delivered yet; default 256 MiB. */
  readonly maxReceiveBytes?: number;
  readonly log?: Log;
  /** Hears of quality-of-service events. */
  readonly onEvent?: (event: RosEvent) => void;
  /** A test's: every writer of a topic begins as if it had done so much. */
  readonly writerPast?: WriterPast;
  /** A test's time and link; default the machine's. */
  readonly scheduler?: Scheduler;
  readonly link?: DatagramLink;
  /** Default those of the machine. */
  readonly listAddresses?: () => readonly string[];
  readonly addressCheckMs?: number;
}

import type { Incompatibility } from "./discovery/mismatches.ts";
import type { ReaderStats } from "./reader/reader.ts";
import type { MalformedKind } from "./wire/malformed-counts.ts";
import type { WriterStats } from "./writer/writer-options.ts";

/** Counters of one participant, from its start on. */
export interface ParticipantStats {
  readonly peerCount: number;
  /** Datagrams in and out; what the system refused to send. */
  readonly receivedDatagramCount: number;
  readonly sentDatagramCount: number;
  readonly sendErrorCount: number;
  /** Octets held of samples not delivered yet, and how often there was no room for more. */
  readonly receiveBytes: number;
  readonly receiveRefusedCount: number;
  /** What arrived and was not sound RTPS. */
  readonly malformedCount: number;
  readonly malformedByKind: Readonly<Record<MalformedKind, number>>;
  /** Peers and endpoints not let in because there were too many. */
  readonly refusedCount: number;
  /** Endpoints of all peers. */
  readonly endpointCount: number;
  readonly writers: readonly WriterStats[];
  readonly readers: readonly ReaderStats[];
  /** Pairs kept apart at present, by name; `mismatchCount` is all that ever were, by QoS or type. */
  readonly incompatibilities: readonly Incompatibility[];
  readonly mismatchCount: number;
}

import type { EndpointQos } from "../params/qos.ts";

export interface WriterOptions {
  readonly entityId: number;
  readonly topicName: string;
  readonly typeName: string;
  readonly qos: EndpointQos;
  /** Announced with it. */
  readonly userData?: string;
  /** One change per key instead of the newest `depth`: discovery's own topics. */
  readonly keyed?: boolean;
  readonly limits?: Partial<WriterLimits>;
  /** A test's: as if so many samples and heartbeats had been sent before. */
  readonly past?: WriterPast;
  /** A reader was matched, or is no longer. */
  readonly onMatch?: () => void;
}

export interface WriterPast {
  readonly sampleCount: number;
  readonly heartbeatCount: number;
}

/** What a writer holds at most for resending. */
export interface WriterLimits {
  /** Samples, of keep-all. */
  readonly keepAllCount: number;
  readonly maxBytes: number;
}

export const defaultWriterLimits: WriterLimits = {
  keepAllCount: 4096,
  maxBytes: 128 * 1024 * 1024,
};

export interface WriterStats {
  readonly topicName: string;
  readonly sentCount: number;
  readonly sentBytes: number;
  /** Samples and fragments sent again on request. */
  readonly resentCount: number;
  /** Highest number every reliable reader has acknowledged; `sentCount` when there is none. */
  readonly ackedThrough: number;
  /** Requests for samples the history no longer held. */
  readonly lostCount: number;
  /** Samples that `write` refused because keep-all was full. */
  readonly rejectedCount: number;
  readonly deadlineMissedCount: number;
  readonly livelinessLostCount: number;
  /** What is kept for resending and late joiners. */
  readonly heldCount: number;
  readonly heldBytes: number;
  readonly matchedCount: number;
}

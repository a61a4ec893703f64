import type {
  EndpointContext,
  MatchedEndpoint,
  ReaderLimits,
  ReceivedSample,
} from "../endpoint.ts";
import { type Guid, guidKey } from "../wire/guid.ts";
import type { EndpointQos } from "../params/qos.ts";
import { type SampleSink, WriterProxy } from "./writer-proxy.ts";

export interface ReaderOptions {
  readonly entityId: number;
  readonly topicName: string;
  readonly typeName: string;
  readonly qos: EndpointQos;
  /** Announced with it. */
  readonly userData?: string;
  readonly onSample: (sample: ReceivedSample, from: Guid) => void;
  readonly limits?: Partial<ReaderLimits>;
  /** A writer was matched, or is no longer. */
  readonly onMatch?: () => void;
}

const defaultLimits: ReaderLimits = {
  maxSampleBytes: 32 * 1024 * 1024,
  maxWaitingCount: 1024,
  maxWaitingBytes: 64 * 1024 * 1024,
  maxAssemblies: 16,
};

export interface ReaderStats {
  readonly topicName: string;
  readonly receivedCount: number;
  readonly receivedBytes: number;
  /** Numbers that were skipped: dropped by a best-effort link, or gone from the writer's history. */
  readonly lostCount: number;
  readonly duplicateCount: number;
  readonly matchedCount: number;
}

/** One reader: its matched writers and what it has received. The work is done per writer. */
export class Reader implements SampleSink {
  readonly options: ReaderOptions;
  readonly context: EndpointContext;
  readonly limits: ReaderLimits;
  receivedCount = 0;
  receivedBytes = 0;
  lostCount = 0;
  duplicateCount = 0;
  readonly #writers = new Map<string, WriterProxy>();

  constructor(options: ReaderOptions, context: EndpointContext) {
    this.options = options;
    this.context = context;
    this.limits = { ...defaultLimits, ...options.limits };
  }

  get guid(): Guid {
    return { prefix: this.context.prefix, entityId: this.options.entityId };
  }

  get matchedCount(): number {
    return this.#writers.size;
  }

  /**
   * Matching again is how a change of address is told.
   *
   * @returns the proxy that takes this writer's submessages; `start` it once it can be reached.
   */
  match(writer: MatchedEndpoint): WriterProxy {
    const key = guidKey(writer.guid);
    const known = this.#writers.get(key);
    if (known !== undefined) {
      known.writer.locator = writer.locator;
      return known;
    }
    const proxy = new WriterProxy(this, writer);
    this.#writers.set(key, proxy);
    this.options.onMatch?.();
    return proxy;
  }

  /** The writers matched at present, in the order they were matched. */
  *matchedWriters(): Iterable<MatchedEndpoint> {
    for (const proxy of this.#writers.values()) yield proxy.writer;
  }

  unmatch(writer: Guid): void {
    this.#writers.get(guidKey(writer))?.close();
    if (this.#writers.delete(guidKey(writer))) this.options.onMatch?.();
  }

  close(): void {
    for (const proxy of this.#writers.values()) proxy.close();
    this.#writers.clear();
  }

  /** // hot path */
  deliver(sample: ReceivedSample, from: Guid): void {
    this.receivedCount += 1;
    this.receivedBytes += sample.payload?.length ?? 0;
    this.options.onSample(sample, from);
  }

  stats(): ReaderStats {
    return {
      topicName: this.options.topicName,
      receivedCount: this.receivedCount,
      receivedBytes: this.receivedBytes,
      lostCount: this.lostCount,
      duplicateCount: this.duplicateCount,
      matchedCount: this.matchedCount,
    };
  }
}

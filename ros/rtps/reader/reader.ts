import type {
  EndpointContext,
  MatchedEndpoint,
  ReaderLimits,
  ReceivedSample,
} from "../endpoint.ts";
import { type Guid, guidKey } from "../wire/guid.ts";
import type { EndpointQos } from "../params/qos.ts";
import { rosTopicName } from "../rosgraph/names.ts";
import { ReaderExpectations } from "./reader-expectations.ts";
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

type ReaderEvent =
  | { readonly kind: "deadline-missed" | "message-lost"; readonly totalCount: number }
  | {
      readonly kind: "liveliness-changed";
      readonly aliveCount: number;
      readonly notAliveCount: number;
    };

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
  readonly deadlineMissedCount: number;
  /** Matched writers with a finite liveliness lease, by whether they keep it. */
  readonly aliveCount: number;
  readonly notAliveCount: number;
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
  #isPaused = false;
  readonly #expectations: ReaderExpectations;
  readonly #writers = new Map<string, WriterProxy>();

  constructor(options: ReaderOptions, context: EndpointContext) {
    this.options = options;
    this.context = context;
    this.limits = { ...defaultLimits, ...options.limits };
    this.#expectations = new ReaderExpectations(options.qos, context.scheduler, {
      onDeadlineMissed: (totalCount) => {
        this.#tell({ kind: "deadline-missed", totalCount });
      },
      onLivelinessChanged: (counts) => {
        this.#tell({ kind: "liveliness-changed", ...counts });
      },
    });
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
    this.#expectations.onMatch(proxy);
    this.options.onMatch?.();
    return proxy;
  }

  /** The writers matched at present, in the order they were matched. */
  *matchedWriters(): Iterable<MatchedEndpoint> {
    for (const proxy of this.#writers.values()) yield proxy.writer;
  }

  unmatch(writer: Guid): void {
    const proxy = this.#writers.get(guidKey(writer));
    if (proxy === undefined) return;
    proxy.close();
    this.#writers.delete(guidKey(writer));
    this.#expectations.onUnmatch(proxy, { matchedCount: this.matchedCount });
    this.options.onMatch?.();
  }

  close(): void {
    this.#expectations.close();
    for (const proxy of this.#writers.values()) proxy.close();
    this.#writers.clear();
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /**
   * Delivers nothing and acknowledges nothing until `resume`: reliable writers keep what they have, as far
   * as their histories reach. Best effort goes on.
   */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    for (const proxy of this.#writers.values()) proxy.resume();
  }

  /** // hot path */
  deliver(sample: ReceivedSample, from: Guid): void {
    this.receivedCount += 1;
    this.receivedBytes += sample.payload?.length ?? 0;
    this.#expectations.onSample();
    this.options.onSample(sample, from);
  }

  /** Gives up samples of which no fragment came since. */
  dropStale(sinceMs: number): void {
    for (const proxy of this.#writers.values()) proxy.assemblies.deleteStale(sinceMs);
  }

  lose(count: number): void {
    if (count === 0) return;
    this.lostCount += count;
    this.#tell({ kind: "message-lost", totalCount: this.lostCount });
  }

  #tell(event: ReaderEvent): void {
    const topic = rosTopicName(this.options.topicName);
    this.context.emit({ ...event, topic, side: "subscription" });
  }

  stats(): ReaderStats {
    return {
      topicName: this.options.topicName,
      receivedCount: this.receivedCount,
      receivedBytes: this.receivedBytes,
      lostCount: this.lostCount,
      duplicateCount: this.duplicateCount,
      deadlineMissedCount: this.#expectations.deadlineMissedCount,
      aliveCount: this.#expectations.aliveCount,
      notAliveCount: this.#expectations.notAliveCount,
      matchedCount: this.matchedCount,
    };
  }
}

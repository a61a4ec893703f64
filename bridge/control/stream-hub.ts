import type { Clock } from "../contract/clock.ts";
import { streamTopics, type StreamTopic } from "./messages/stream-requests.ts";
import { MsgpackWriter } from "./msgpack-writer.ts";
import type { StreamData, StreamPayloads } from "./stream-messages.ts";
import type { StreamQueue } from "./stream-queue.ts";

const binaryTopics: ReadonlySet<StreamTopic> = new Set([
  "prediction",
  "camera",
  "camera.predicted",
]);

export interface StreamStats {
  readonly clientCount: number;
  readonly topics: readonly {
    readonly topic: StreamTopic;
    readonly publishedCount: number;
    readonly subscriberCount: number;
    /** Messages dropped because clients did not read, all clients together. */
    readonly lostCount: number;
  }[];
}

/**
 * Where the loop hands over what it wants seen. A message is encoded once, and only when somebody
 * is due to get it; nobody's slowness reaches the publisher or another client.
 */
export class StreamHub {
  readonly #clock: Clock;
  readonly #queues = new Set<StreamQueue>();
  readonly #writer = new MsgpackWriter();
  readonly #published = new Map<StreamTopic, number>();
  readonly #wanted = new Map<StreamTopic, boolean>();
  readonly #demandListeners: ((topic: StreamTopic, wanted: boolean) => void)[] = [];
  readonly #lost = new Map<StreamTopic, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Does anyone subscribe? Work done only to be shown can be left out when not. // hot path */
  wants(topic: StreamTopic): boolean {
    return this.#wanted.get(topic) ?? false;
  }

  /** Would a message published now reach anyone? Asks the subscribers' rates. // hot path */
  isDue(topic: StreamTopic): boolean {
    if (!this.wants(topic)) return false;
    const nowMs = this.#clock.monotonicMs();
    for (const queue of this.#queues) if (queue.isDue(topic, nowMs)) return true;
    return false;
  }

  /** The fastest rate anyone takes; 0 without subscribers, Infinity without a limit. */
  rateHz(topic: StreamTopic): number {
    let fastest = 0;
    for (const queue of this.#queues) fastest = Math.max(fastest, queue.rateHz(topic));
    return fastest;
  }

  /**
   * How far ahead those who are due want to see: one of them after the other. Undefined: nobody is
   * due, or who is leaves it to the publisher. // hot path
   */
  nextAheadMs(topic: StreamTopic): number | undefined {
    const nowMs = this.#clock.monotonicMs();
    let chosen: StreamQueue | undefined;
    for (const queue of this.#queues) {
      if (!queue.isDue(topic, nowMs)) continue;
      if (chosen === undefined || queue.dueSinceMs(topic) < chosen.dueSinceMs(topic))
        chosen = queue;
    }
    return chosen?.aheadMs(topic);
  }

  /** Called with every change of `wants`. */
  onDemand(listener: (topic: StreamTopic, wanted: boolean) => void): void {
    this.#demandListeners.push(listener);
  }

  /**
   * Arrays are read before this returns; the caller may reuse them. // hot path
   *
   * @param isFor tells by a client's `aheadMs` whether the message is what it asked for.
   */
  publish<T extends StreamTopic>(
    topic: T,
    data: StreamPayloads[T],
    isFor?: (aheadMs: number | undefined) => boolean,
  ): void {
    const seq = (this.#published.get(topic) ?? 0) + 1;
    this.#published.set(topic, seq);
    if (!this.wants(topic)) return;
    const nowMs = this.#clock.monotonicMs();
    let message: string | Uint8Array | undefined;
    for (const queue of this.#queues) {
      if (!queue.isDue(topic, nowMs)) continue;
      if (isFor !== undefined && !isFor(queue.aheadMs(topic))) continue;
      message ??= this.#encode({ type: "data", topic, seq, data });
      queue.offer(topic, message, nowMs);
    }
  }

  attach(queue: StreamQueue): void {
    this.#queues.add(queue);
    this.noteDemand();
  }

  detach(queue: StreamQueue): void {
    this.#queues.delete(queue);
    this.noteDemand();
  }

  /** To be called for every message that a queue dropped. */
  noteLost(topic: StreamTopic): void {
    this.#lost.set(topic, (this.#lost.get(topic) ?? 0) + 1);
  }

  /** To be called after a queue's subscriptions changed. */
  noteDemand(): void {
    for (const topic of streamTopics) {
      const wanted = this.rateHz(topic) > 0;
      if (wanted === this.wants(topic)) continue;
      this.#wanted.set(topic, wanted);
      for (const listener of this.#demandListeners) listener(topic, wanted);
    }
  }

  stats(): StreamStats {
    const topics = streamTopics.map((topic) => {
      const subscribers = [...this.#queues].filter((queue) => queue.rateHz(topic) > 0);
      const publishedCount = this.#published.get(topic) ?? 0;
      const lostCount = this.#lost.get(topic) ?? 0;
      return { topic, publishedCount, subscriberCount: subscribers.length, lostCount };
    });
    return { clientCount: this.#queues.size, topics };
  }

  #encode(message: StreamData): string | Uint8Array {
    return binaryTopics.has(message.topic) ? this.#writer.encode(message) : JSON.stringify(message);
  }
}

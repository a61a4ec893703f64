import type { StreamTopic } from "./messages/stream-requests.ts";
import type { StreamNotice } from "./stream-messages.ts";

/** Where a client's messages go: its socket. */
export interface StreamSink {
  /** Sent, and not yet where it has to go. */
  readonly bufferedBytes: number;
  /** `onFlushed` is called whenever there has become less of that. */
  send(message: string | Uint8Array, onFlushed: () => void): void;
}

interface TopicPolicy {
  /** Messages kept for a client that is behind; the oldest goes first. */
  readonly depth: number;
  /** The topic waits while this much is unsent: pictures give way to small messages. */
  readonly highWaterBytes: number;
}

// So much is on its way to a slow peer, and so old is what it gets: at 100 kB/s, a second.
const small = 128 * 1024;
const bulk = 64 * 1024;

/** In the order of importance: what is small and rare goes first. */
const policies: Readonly<Record<StreamTopic, TopicPolicy>> = {
  status: { depth: 1, highWaterBytes: small },
  score: { depth: 1, highWaterBytes: small },
  state: { depth: 16, highWaterBytes: small },
  prediction: { depth: 1, highWaterBytes: bulk },
  camera: { depth: 1, highWaterBytes: bulk },
  "camera.predicted": { depth: 1, highWaterBytes: bulk },
};
const topicOrder = Object.keys(policies) as readonly StreamTopic[];

// Timers and message loops jitter; a message this much early is on time.
const slackMs = 2;

interface Subscription {
  readonly periodMs: number;
  readonly aheadMs: number | undefined;
  nextDueMs: number;
  readonly waiting: (string | Uint8Array)[];
  lostCount: number;
}

/**
 * What one stream client gets: per topic a rate and a short queue that drops its oldest. A client
 * that does not read costs these few messages and nothing else, and is told what it lost.
 */
export class StreamQueue {
  readonly #sink: StreamSink;
  readonly #topics = new Map<StreamTopic, Subscription>();
  readonly #onLost: (topic: StreamTopic) => void;

  /** @param onLost called for every message that was dropped. */
  constructor(sink: StreamSink, onLost: (topic: StreamTopic) => void = () => undefined) {
    this.#sink = sink;
    this.#onLost = onLost;
  }

  get topics(): readonly StreamTopic[] {
    return topicOrder.filter((topic) => this.#topics.has(topic));
  }

  /** @param aheadMs for pictures of the future: which one; undefined leaves it to the publisher. */
  subscribe(topic: StreamTopic, maxRateHz = Number.POSITIVE_INFINITY, aheadMs?: number): void {
    const periodMs = 1000 / maxRateHz;
    this.#topics.set(topic, { periodMs, aheadMs, nextDueMs: 0, waiting: [], lostCount: 0 });
  }

  unsubscribe(topic: StreamTopic): void {
    this.#topics.delete(topic);
  }

  /** Messages per second the client takes; 0 if it did not subscribe. */
  rateHz(topic: StreamTopic): number {
    const subscription = this.#topics.get(topic);
    return subscription === undefined ? 0 : 1000 / subscription.periodMs;
  }

  /** How far ahead the client wants to see, if it subscribed and said so. */
  aheadMs(topic: StreamTopic): number | undefined {
    return this.#topics.get(topic)?.aheadMs;
  }

  /** When its next message was or will be due; Infinity if it did not subscribe. */
  dueSinceMs(topic: StreamTopic): number {
    return this.#topics.get(topic)?.nextDueMs ?? Number.POSITIVE_INFINITY;
  }

  /** Would a message of now be within the client's rate? */
  isDue(topic: StreamTopic, nowMs: number): boolean {
    const subscription = this.#topics.get(topic);
    return subscription !== undefined && nowMs + slackMs >= subscription.nextDueMs;
  }

  /** Queues a message that `isDue`, and sends what the socket takes. // hot path */
  offer(topic: StreamTopic, message: string | Uint8Array, nowMs: number): void {
    const subscription = this.#topics.get(topic);
    if (subscription === undefined) return;
    subscription.nextDueMs = Math.max(subscription.nextDueMs + subscription.periodMs, nowMs);
    if (subscription.waiting.length >= policies[topic].depth) {
      subscription.waiting.shift();
      subscription.lostCount += 1;
      this.#onLost(topic);
    }
    subscription.waiting.push(message);
    this.#pump();
  }

  readonly #pump = (): void => {
    for (const topic of topicOrder) {
      const subscription = this.#topics.get(topic);
      if (subscription === undefined) continue;
      const { highWaterBytes } = policies[topic];
      while (subscription.waiting.length > 0 && this.#sink.bufferedBytes < highWaterBytes) {
        this.#tellLost(topic, subscription);
        const message = subscription.waiting.shift();
        if (message !== undefined) this.#sink.send(message, this.#pump);
      }
    }
  };

  #tellLost(topic: StreamTopic, subscription: Subscription): void {
    if (subscription.lostCount === 0) return;
    const notice: StreamNotice = { type: "lost", topic, count: subscription.lostCount };
    subscription.lostCount = 0;
    this.#sink.send(JSON.stringify(notice), this.#pump);
  }
}

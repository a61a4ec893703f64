import { parseEndpoint } from "./endpoint.ts";
import type { Advertisement } from "./discovery-message.ts";
import { ZmtpDialer } from "./zmtp-dialer.ts";
import type { ZmtpOptions } from "./zmtp-connection.ts";

/** Publishing processes one process listens to at a time. */
const maxPublishers = 64;
/**
 * How long a connection outlives its last topic: `gz topic -p` says goodbye before the one message it
 * sends is on the wire, and its own subscribers lose it.
 */
const lingerMs = 300;

/** @param payload protobuf bytes, borrowed: valid until the function returns. */
export type MessageHandler = (payload: Uint8Array) => void;

interface Topic {
  /** Whole type name; empty takes every type. */
  readonly typeName: string;
  readonly handlers: Set<MessageHandler>;
  readonly publishers: Map<string, Advertisement>;
  /** Messages since the publishers were last told that we listen. */
  heardCount: number;
}

interface Peer {
  readonly dialer: ZmtpDialer;
  /** Topics it publishes that are subscribed here. */
  readonly topics: Set<string>;
}

export interface SubscriptionsOptions {
  readonly zmtp: ZmtpOptions;
  readonly register: (publisher: Advertisement) => void;
  readonly unregister: (publisher: Advertisement) => void;
}

/**
 * The subscribing side of one process: one connection to each publishing process that has a topic we
 * want, dialled again when it breaks, given up when discovery says that the process is gone.
 */
export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  readonly #topics = new Map<string, Topic>();
  readonly #peers = new Map<string, Peer>();
  readonly #lingering = new Set<NodeJS.Timeout>();

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
  }

  /** @returns a function that ends it. */
  add(topicName: string, typeName: string, handler: MessageHandler): () => void {
    let topic = this.#topics.get(topicName);
    if (topic === undefined) {
      topic = { typeName, handlers: new Set(), publishers: new Map(), heardCount: 0 };
      this.#topics.set(topicName, topic);
    }
    const { handlers } = topic;
    handlers.add(handler);
    return () => {
      handlers.delete(handler);
      if (handlers.size === 0) this.#drop(topicName);
    };
  }

  /** Publishers of `topicName` that are connected now. */
  publisherCount(topicName: string): number {
    let count = 0;
    for (const { address } of this.#topics.get(topicName)?.publishers.values() ?? []) {
      if (this.#peers.get(address)?.dialer.isReady === true) count += 1;
    }
    return count;
  }

  /** An advertisement was heard, for the first time or again. */
  onAdvertised(advertisement: Advertisement): void {
    const topic = this.#topics.get(advertisement.topic);
    if (topic === undefined || advertisement.message === undefined) return;
    if (topic.typeName !== "" && topic.typeName !== advertisement.message.type) return;
    topic.publishers.set(advertisement.nodeUuid, advertisement);
    const peer = this.#peerAt(advertisement.address);
    if (peer === undefined) return;
    peer.topics.add(advertisement.topic);
    if (!peer.dialer.isReady) return;
    peer.dialer.send([subscription(1, advertisement.topic)]);
    // A registration is one datagram and may be lost; while nothing comes, say it again.
    if (topic.heardCount === 0) this.#options.register(advertisement);
    topic.heardCount = 0;
  }

  onGone(advertisement: Advertisement): void {
    const topic = this.#topics.get(advertisement.topic);
    if (topic?.publishers.delete(advertisement.nodeUuid) !== true) return;
    const timer = setTimeout(() => {
      this.#lingering.delete(timer);
      this.#leave(advertisement);
    }, lingerMs);
    this.#lingering.add(timer);
  }

  close(): void {
    for (const name of [...this.#topics.keys()]) this.#drop(name);
    for (const timer of this.#lingering) clearTimeout(timer);
    for (const { dialer } of this.#peers.values()) dialer.close();
    this.#peers.clear();
  }

  #drop(topicName: string): void {
    const topic = this.#topics.get(topicName);
    if (topic === undefined) return;
    this.#topics.delete(topicName);
    for (const advertisement of topic.publishers.values()) {
      this.#options.unregister(advertisement);
      this.#leave(advertisement);
    }
  }

  /** The connection goes when it carries no topic any more. */
  #leave({ address, topic }: Advertisement): void {
    const peer = this.#peers.get(address);
    const others = this.#topics.get(topic)?.publishers.values() ?? [];
    for (const other of others) if (other.address === address) return;
    if (peer === undefined) return;
    peer.topics.delete(topic);
    if (peer.dialer.isReady) peer.dialer.send([subscription(0, topic)]);
    if (peer.topics.size > 0) return;
    peer.dialer.close();
    this.#peers.delete(address);
  }

  #peerAt(address: string): Peer | undefined {
    const known = this.#peers.get(address);
    if (known !== undefined) return known;
    const endpoint = parseEndpoint(address);
    if (endpoint === undefined || this.#peers.size >= maxPublishers) return undefined;
    const topics = new Set<string>();
    const dialer = new ZmtpDialer(endpoint, this.#options.zmtp, {
      onReady: () => {
        this.#onReady(address, topics);
      },
      onMessage: (_, parts) => {
        this.#onMessage(parts);
      },
    });
    const peer = { dialer, topics };
    this.#peers.set(address, peer);
    return peer;
  }

  #onReady(address: string, topics: ReadonlySet<string>): void {
    for (const name of topics) {
      this.#peers.get(address)?.dialer.send([subscription(1, name)]);
      const topic = this.#topics.get(name);
      for (const publisher of topic?.publishers.values() ?? []) {
        if (publisher.address === address) this.#options.register(publisher);
      }
    }
  }

  /** topic · address of the sender · payload · type name (· statistics). // hot path */
  #onMessage(parts: readonly Uint8Array[]): void {
    const [topicName, , payload, typeName] = parts;
    if (topicName === undefined || payload === undefined || typeName === undefined) return;
    const topic = this.#topics.get(text(topicName));
    if (topic === undefined) return;
    if (topic.typeName !== "" && text(typeName) !== topic.typeName) return;
    topic.heardCount += 1;
    for (const handler of topic.handlers) handler(payload);
  }
}

function subscription(action: 0 | 1, topic: string): Buffer {
  return Buffer.concat([Buffer.from([action]), Buffer.from(topic)]);
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}

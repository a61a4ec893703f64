import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import type {
  RosPublisher,
  RosSubscription,
  RosTopic,
  RosTransport,
  RosTransportInfo,
  RosTransportStats,
} from "../../bridge/contract/ros-transport.ts";

interface Subscriber {
  readonly topic: RosTopic;
  readonly onMessage: (cdr: Uint8Array) => void;
}

/**
 * A ROS graph inside the process: delivers at once, records everything, loses nothing. A reader
 * matches a writer by name, type and ROS's rule that a reliable reader needs a reliable writer.
 */
export class MemoryRosTransport implements RosTransport {
  readonly info: RosTransportInfo = {
    transport: "rtps",
    reason: "in-memory fake",
    domainId: 0,
    discoveryRange: "OFF",
    addresses: [],
  };
  readonly advertised: RosTopic[] = [];
  readonly published: { readonly topic: RosTopic; readonly cdr: Uint8Array }[] = [];
  readonly #subscribers = new Set<Subscriber>();
  #closed = false;

  advertise(topic: RosTopic): RosPublisher {
    this.#checkOpen();
    this.advertised.push(topic);
    const matched = (): Subscriber[] =>
      [...this.#subscribers].filter((subscriber) => matches(topic, subscriber.topic));
    return {
      topic,
      get matchedCount() {
        return matched().length;
      },
      publish: (cdr) => {
        this.#checkOpen();
        const copy = cdr.slice();
        this.published.push({ topic, cdr: copy });
        for (const subscriber of matched()) subscriber.onMessage(copy);
      },
    };
  }

  subscribe(topic: RosTopic, onMessage: (cdr: Uint8Array) => void): RosSubscription {
    this.#checkOpen();
    const subscriber = { topic, onMessage };
    this.#subscribers.add(subscriber);
    return {
      topic,
      close: () => {
        this.#subscribers.delete(subscriber);
      },
    };
  }

  stats(): Promise<RosTransportStats> {
    const topics = this.advertised.map((topic) => ({
      name: topic.name,
      sentCount: this.published.filter((entry) => entry.topic === topic).length,
      resentCount: 0,
      receivedCount: 0,
      matchedCount: [...this.#subscribers].filter((each) => matches(topic, each.topic)).length,
    }));
    return Promise.resolve({ peerCount: 0, malformedCount: 0, topics });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#subscribers.clear();
    return Promise.resolve();
  }

  #checkOpen(): void {
    if (this.#closed) throw new BridgeError(ErrorCode.RosTransport, "the transport is closed");
  }
}

function matches(offered: RosTopic, wanted: RosTopic): boolean {
  const reliable = offered.qos.reliability === "reliable";
  const kept = offered.qos.durability === "transient_local";
  return (
    offered.name === wanted.name &&
    offered.type === wanted.type &&
    (reliable || wanted.qos.reliability === "best_effort") &&
    (kept || wanted.qos.durability === "volatile")
  );
}

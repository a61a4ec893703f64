import { errorText } from "../../bridge/contract/errors.ts";
import type { RosTopic } from "../../bridge/contract/ros-transport.ts";
import { checkCdr } from "../cdr-guard.ts";
import { HostOutbox } from "../host-outbox.ts";
import {
  emptyHostStats,
  emptyTopicStats,
  type RosHostStats,
  type RosTopicStats,
  type ToServiceHost,
} from "../host-protocol.ts";
import { TakenCounts } from "../taken-counts.ts";
import type { Rclnodejs, RclNode, RclPublisher, RclSubscription } from "./api.ts";
import { rclQos, unsetPolicies } from "./rcl-qos.ts";
import { isForActions, type ToActionHost } from "./action-notes.ts";
import { RclActions } from "./rcl-actions.ts";
import { RclServices } from "./rcl-services.ts";
import { beatMs, type FromHostProcess, isForServices, type ToHostProcess } from "./host-notes.ts";

/** How the host answers: over the pipe, or into a test. */
export interface RclHostOutput {
  data(endpointId: number, cdr: Uint8Array): void;
  note(note: FromHostProcess): void;
}

type TopicNote = Exclude<
  ToHostProcess,
  ToActionHost | ToServiceHost | { kind: "open" } | { kind: "close" }
>;

interface Writer {
  readonly topic: RosTopic;
  readonly publisher: RclPublisher;
  matchedCount: number;
  sentCount: number;
  sentBytes: number;
  failedCount: number;
}

interface Reader {
  readonly topic: RosTopic;
  readonly subscription: RclSubscription;
  readonly outbox: HostOutbox;
  readonly counts: { receivedCount: number; receivedBytes: number };
}

/**
 * The ROS host's protocol over an rclnodejs node: serialized messages in and out, nothing else. Runs in
 * the host process. What one endpoint cannot have is refused for that endpoint; the others go on.
 */
export class RclHost {
  readonly #rcl: Rclnodejs;
  readonly #node: RclNode;
  readonly #output: RclHostOutput;
  readonly #taken = new TakenCounts();
  readonly #writers = new Map<number, Writer>();
  readonly #readers = new Map<number, Reader>();
  readonly #services: RclServices;
  readonly #actions: RclActions;
  readonly #ticks: NodeJS.Timeout;

  constructor(rcl: Rclnodejs, node: RclNode, output: RclHostOutput) {
    this.#rcl = rcl;
    this.#node = node;
    this.#output = output;
    const answers = {
      post: (note: FromHostProcess): void => {
        output.note(note);
      },
      refuse: (endpointId: number, error: unknown): void => {
        this.#refuse(endpointId, error);
      },
    };
    this.#services = new RclServices(rcl, node, answers);
    this.#actions = new RclActions(rcl, node, answers);
    this.#ticks = setInterval(() => {
      this.#tick();
    }, beatMs);
  }

  /** A message of ours for the graph. // hot path */
  publish(endpointId: number, cdr: Uint8Array): void {
    const writer = this.#writers.get(endpointId);
    if (writer === undefined) return;
    try {
      checkCdr(cdr, writer.topic.name);
      // The same octets as a Buffer: what is no Buffer would be taken for a message object.
      writer.publisher.publish(Buffer.from(cdr.buffer, cdr.byteOffset, cdr.byteLength));
      writer.sentCount += 1;
      writer.sentBytes += cdr.byteLength;
    } catch (error) {
      writer.failedCount += 1;
      if (writer.failedCount > 1) return;
      const fields = { topic: writer.topic.name, error: errorText(error) };
      this.#log("error", fields, "a message could not be published; more of them are only counted");
    }
  }

  /** The owner has taken messages of a subscription: room for those that wait. // hot path */
  taken(endpointId: number, count: number): void {
    this.#taken.take(endpointId, count);
    this.#readers.get(endpointId)?.outbox.flush();
  }

  handle(note: Exclude<ToHostProcess, { kind: "open" | "close" }>): void {
    if (isForActions(note)) this.#actions.handle(note);
    else if (isForServices(note)) this.#services.handle(note);
    else this.#handleTopic(note);
  }

  #handleTopic(note: TopicNote): void {
    switch (note.kind) {
      case "advertise":
        this.#orRefuse(note.endpointId, () => {
          this.#advertise(note.endpointId, note.topic);
        });
        return;
      case "subscribe":
        this.#orRefuse(note.endpointId, () => {
          this.#subscribe(note.endpointId, note.topic);
        });
        return;
      case "unsubscribe": {
        const reader = this.#readers.get(note.endpointId);
        if (reader !== undefined) this.#node.destroySubscription(reader.subscription);
        this.#readers.delete(note.endpointId);
        return;
      }
      case "stats":
        this.#output.note({ kind: "stats", requestId: note.requestId, stats: this.#stats() });
        return;
      default:
        note satisfies never;
    }
  }

  /** Leaves the graph. */
  close(): void {
    clearInterval(this.#ticks);
    this.#rcl.shutdown();
  }

  #advertise(endpointId: number, topic: RosTopic): void {
    const qos = rclQos(this.#rcl, topic.qos);
    const publisher = this.#node.createPublisher(topic.type, topic.name, { qos });
    this.#warnOfUnset(topic);
    const counts = { matchedCount: 0, sentCount: 0, sentBytes: 0, failedCount: 0 };
    this.#writers.set(endpointId, { topic, publisher, ...counts });
  }

  #subscribe(endpointId: number, topic: RosTopic): void {
    const outbox = new HostOutbox({
      endpointId,
      depth: topic.qos.depth,
      taken: this.#taken,
      post: (message) => {
        if (message.kind === "message") this.#output.data(endpointId, message.cdr);
      },
    });
    const counts = { receivedCount: 0, receivedBytes: 0 };
    const options = { qos: rclQos(this.#rcl, topic.qos), isRaw: true } as const;
    const subscription = this.#node.createSubscription(topic.type, topic.name, options, (cdr) => {
      counts.receivedCount += 1;
      counts.receivedBytes += cdr.byteLength;
      outbox.push(cdr);
    });
    this.#warnOfUnset(topic);
    this.#readers.set(endpointId, { topic, subscription, outbox, counts });
  }

  #warnOfUnset(topic: RosTopic): void {
    const policies = unsetPolicies(topic.qos);
    if (policies.length === 0) return;
    const fields = { topic: topic.name, policies: policies.join(", ") };
    this.#log("warn", fields, "rclnodejs cannot set these policies, they stay at ROS's default");
  }

  #orRefuse(endpointId: number, open: () => void): void {
    try {
      open();
    } catch (error) {
      this.#refuse(endpointId, error);
    }
  }

  #refuse(endpointId: number, error: unknown): void {
    this.#output.note({ kind: "refused", endpointId, text: errorText(error) });
  }

  #tick(): void {
    this.#output.note({ kind: "beat" });
    this.#services.look();
    this.#actions.look();
    for (const [endpointId, writer] of this.#writers) {
      const matchedCount = matchedCountOf(writer.publisher);
      if (matchedCount === writer.matchedCount) continue;
      writer.matchedCount = matchedCount;
      this.#output.note({ kind: "matched", endpointId, matchedCount });
    }
  }

  #stats(): RosHostStats {
    const topics: RosTopicStats[] = [];
    for (const { topic, publisher, sentCount, sentBytes } of this.#writers.values()) {
      const matchedCount = matchedCountOf(publisher);
      topics.push({ ...emptyTopicStats(topic.name), sentCount, sentBytes, matchedCount });
    }
    for (const { topic, outbox, counts } of this.#readers.values()) {
      topics.push({ ...emptyTopicStats(topic.name), ...counts, droppedCount: outbox.droppedCount });
    }
    // Our own node is among them.
    const peerCount = Math.max(0, this.#node.getNodeNamesAndNamespacesWithEnclaves().length - 1);
    // What rcl does not tell stays 0.
    return { ...emptyHostStats, peerCount, topics };
  }

  #log(level: "error" | "warn", fields: Readonly<Record<string, unknown>>, sentence: string): void {
    this.#output.note({ kind: "log", level, fields, sentence });
  }
}

/** A property in release 2.2, though typed as a method: both are read. */
function matchedCountOf({ subscriptionCount }: RclPublisher): number {
  return typeof subscriptionCount === "function" ? subscriptionCount() : subscriptionCount;
}

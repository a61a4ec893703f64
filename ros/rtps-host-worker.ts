import { parentPort, workerData } from "node:worker_threads";
import { monotonicMs } from "../bridge/contract/clock.ts";
import { Heartbeats, Thread } from "../bridge/contract/heartbeats.ts";
import type { Log } from "../bridge/contract/log.ts";
import {
  type WorkerFailed,
  workerFailure,
  type WorkerReady,
} from "../bridge/contract/worker-host.ts";
import { EventOutbox } from "./event-outbox.ts";
import { HostOutbox } from "./host-outbox.ts";
import type { FromRosHost, RosHostReady, RosHostWorkerData, ToRosHost } from "./host-protocol.ts";
import { typeHash } from "./messages/type-hash.ts";
import { hostStats } from "./rtps-host-stats.ts";
import { openParticipant, type Participant } from "./rtps/participant.ts";
import type { TopicReader, TopicWriter } from "./rtps/topic-endpoints.ts";
import { ServiceHost } from "./service-host.ts";
import { TakenCounts } from "./taken-counts.ts";

/** Beats, matched counts and waiting messages are looked after this often. */
const tickMs = 20;

/** The embedded participant in a thread of its own: serialized messages in and out, nothing else. */
class RtpsHost {
  readonly #participant: Participant;
  readonly #taken: TakenCounts;
  readonly #heartbeats: Heartbeats;
  readonly #writers = new Map<number, TopicWriter>();
  readonly #readers = new Map<
    number,
    { readonly reader: TopicReader; readonly outbox: HostOutbox }
  >();
  readonly #matchedCounts = new Map<number, number>();
  readonly #events: EventOutbox;
  readonly #services: ServiceHost;
  readonly #ticks: NodeJS.Timeout;

  constructor(participant: Participant, data: RosHostWorkerData, events: EventOutbox) {
    this.#participant = participant;
    this.#events = events;
    this.#services = new ServiceHost(participant, post);
    this.#taken = new TakenCounts(data.taken);
    this.#heartbeats = new Heartbeats(data.heartbeats);
    this.#tick();
    this.#ticks = setInterval(() => {
      this.#tick();
    }, tickMs);
  }

  handle(message: ToRosHost): void {
    switch (message.kind) {
      case "advertise":
        this.#writers.set(message.endpointId, this.#participant.createWriter(message));
        return;
      case "publish":
        this.#taken.take(message.endpointId);
        this.#writers.get(message.endpointId)?.publishOwned(message.cdr);
        return;
      case "subscribe":
        this.#subscribe(message);
        return;
      case "unsubscribe":
        this.#readers.get(message.endpointId)?.reader.close();
        this.#readers.delete(message.endpointId);
        this.#matchedCounts.delete(message.endpointId);
        return;
      case "stats":
        post({ kind: "stats", requestId: message.requestId, stats: this.#stats() });
        return;
      case "close":
        void this.#close();
        return;
      case "serve":
      case "respond":
      case "open-client":
      case "call":
      case "close-service":
      case "graph":
        this.#services.handle(message);
        return;
      default:
        message satisfies never;
    }
  }

  #subscribe({ endpointId, topic }: Extract<ToRosHost, { kind: "subscribe" }>): void {
    const reader = this.#participant.createReader({
      topic,
      onMessage: (cdr) => {
        outbox.push(cdr);
      },
    });
    const outbox = new HostOutbox({
      endpointId,
      depth: topic.qos.depth,
      taken: this.#taken,
      post,
      ...(topic.qos.history === "keep_all" ? { hold: reader } : {}),
    });
    this.#readers.set(endpointId, { reader, outbox });
  }

  #tick(): void {
    this.#heartbeats.beat(Thread.Ros, monotonicMs());
    for (const { outbox } of this.#readers.values()) outbox.flush();
    this.#events.flush((event) => {
      post({ kind: "event", event });
    });
    for (const [endpointId, { matchedCount }] of this.#writers) {
      if ((this.#matchedCounts.get(endpointId) ?? 0) === matchedCount) continue;
      this.#matchedCounts.set(endpointId, matchedCount);
      post({ kind: "matched", endpointId, matchedCount });
    }
  }

  #stats(): ReturnType<typeof hostStats> {
    const drops = new Map<string, number>();
    for (const { reader, outbox } of this.#readers.values()) {
      const { name } = reader.topic;
      drops.set(name, (drops.get(name) ?? 0) + outbox.droppedCount);
    }
    return hostStats(this.#participant.stats(), drops);
  }

  /** Says goodbye on the wire; then nothing holds the thread. */
  async #close(): Promise<void> {
    clearInterval(this.#ticks);
    await this.#participant[Symbol.asyncDispose]();
    parentPort?.close();
  }
}

function post(
  message: FromRosHost | WorkerReady<RosHostReady> | WorkerFailed,
  transfer: readonly ArrayBuffer[] = [],
): void {
  parentPort?.postMessage(message, transfer);
}

/** Lines go to the owner, which has the real log. */
const portLog: Log = {
  error: (fields, sentence) => {
    post({ kind: "log", level: "error", fields, sentence });
  },
  warn: (fields, sentence) => {
    post({ kind: "log", level: "warn", fields, sentence });
  },
  info: (fields, sentence) => {
    post({ kind: "log", level: "info", fields, sentence });
  },
  debug: (fields, sentence) => {
    post({ kind: "log", level: "debug", fields, sentence });
  },
  child: () => portLog,
};

async function main(data: RosHostWorkerData): Promise<void> {
  try {
    const { discoveryRange, ...options } = data.options;
    const events = new EventOutbox();
    const participant = await openParticipant({
      ...options,
      range: discoveryRange,
      typeHashOf: typeHash,
      log: portLog,
      onEvent: (event) => {
        events.push(event);
      },
    });
    const host = new RtpsHost(participant, data, events);
    parentPort?.on("message", (message: ToRosHost) => {
      host.handle(message);
    });
    const { metatraffic, userTraffic } = participant.link;
    const addresses = [...metatraffic, ...userTraffic].map((at) => `${at.address}:${at.port}`);
    post({ kind: "ready", ready: { addresses } });
  } catch (error) {
    post(workerFailure(error));
  }
}

await main(workerData as RosHostWorkerData);

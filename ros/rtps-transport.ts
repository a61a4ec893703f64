import { BridgeError, ErrorCode } from "../bridge/contract/errors.ts";
import type { Heartbeats } from "../bridge/contract/heartbeats.ts";
import type { Log } from "../bridge/contract/log.ts";
import type {
  RosGraph,
  RosNodeTransport,
  RosRequestHandler,
  RosService,
  RosServiceClient,
  RosServiceServer,
} from "../bridge/contract/ros-services.ts";
import type {
  RosEvent,
  RosPublisher,
  RosSubscription,
  RosTopic,
  RosTransportInfo,
} from "../bridge/contract/ros-transport.ts";
import { WorkerHost } from "../bridge/contract/worker-host.ts";
import { checkCdr } from "./cdr-guard.ts";
import type {
  FromRosHost,
  RosHostOptions,
  RosHostReady,
  RosHostStats,
  RosHostWorkerData,
  ToRosHost,
} from "./host-protocol.ts";
import { ddsServiceNames, ddsTopicName, ddsTypeName } from "./rtps/rosgraph/names.ts";
import { ServiceOwner } from "./service-owner.ts";
import { maxEndpoints, TakenCounts } from "./taken-counts.ts";

export interface RtpsTransportOptions extends RosHostOptions {
  /** The compiled `rtps-host-worker.js`. */
  readonly workerEntry: URL;
  readonly heartbeats: Heartbeats;
  readonly log: Log;
  /** Why this transport was chosen, for people. */
  readonly reason?: string;
}

type Host = WorkerHost<ToRosHost, FromRosHost, RosHostReady>;

/**
 * Messages posted to the host and not taken yet, above which `publish` drops: the host has stalled. At
 * least the depth of the history, which the host would keep.
 */
const minInFlightLimit = 256;

/**
 * Joins the ROS 2 graph with the embedded participant, in a worker.
 *
 * @throws BridgeError `ros/transport` when the sockets cannot be opened; `thread/*` when the worker fails.
 */
export async function openRtpsTransport(options: RtpsTransportOptions): Promise<RtpsTransport> {
  const { workerEntry, heartbeats, log, reason, ...hostOptions } = options;
  const taken = new TakenCounts();
  const data: RosHostWorkerData = {
    options: hostOptions,
    heartbeats: heartbeats.buffer,
    taken: taken.buffer,
  };
  const host: Host = await WorkerHost.open({ name: "ros", entry: workerEntry, workerData: data });
  return new RtpsTransport(host, taken, log, {
    transport: "rtps",
    reason: reason ?? "the embedded participant needs nothing installed",
    domainId: options.domainId,
    discoveryRange: options.discoveryRange,
    addresses: host.ready.addresses,
  });
}

interface Publisher extends RosPublisher {
  matchedCount: number;
  droppedCount: number;
}

/** `RosNodeTransport` over the RTPS host worker. Serialized messages cross the port; nothing is decoded. */
export class RtpsTransport implements RosNodeTransport {
  readonly info: RosTransportInfo;
  /** Resolves when the host thread is gone, with the error if it died by itself. */
  readonly exited: Promise<BridgeError | undefined>;
  readonly #host: Host;
  readonly #taken: TakenCounts;
  readonly #log: Log;
  readonly #publishers = new Map<number, Publisher>();
  readonly #subscriptions = new Map<number, (cdr: Uint8Array) => void>();
  readonly #eventListeners: ((event: RosEvent) => void)[] = [];
  readonly #services: ServiceOwner;
  readonly #pendingStats = new Map<number, (stats: RosHostStats | BridgeError) => void>();
  #endpointCount = 0;
  #requestCount = 0;
  #closed = false;

  constructor(host: Host, taken: TakenCounts, log: Log, info: RosTransportInfo) {
    this.#host = host;
    this.#taken = taken;
    this.#log = log;
    this.info = info;
    this.exited = host.exited;
    this.#services = new ServiceOwner({
      log,
      post: (message, transfer) => {
        host.post(message, transfer);
      },
    });
    host.onMessage((message) => {
      this.#handle(message);
    });
    void host.exited.then((error) => {
      this.#end(error);
    });
  }

  /** @throws BridgeError `ros/type` for names ROS 2 does not allow; `ros/transport` after disposal. */
  advertise(topic: RosTopic): RosPublisher {
    checkTopic(topic);
    const endpointId = this.#newEndpoint();
    const maxInFlight = Math.max(minInFlightLimit, topic.qos.depth);
    let postedCount = 0;
    const publisher: Publisher = {
      topic,
      matchedCount: 0,
      droppedCount: 0,
      publish: (cdr) => {
        checkCdr(cdr, topic.name);
        if (this.#closed || this.#taken.inFlight(endpointId, postedCount) >= maxInFlight) {
          publisher.droppedCount += 1;
          return;
        }
        postedCount += 1;
        // A copy in a buffer of its own: the caller keeps his, the host gets this one without another.
        const copy = new Uint8Array(cdr);
        this.#host.post({ kind: "publish", endpointId, cdr: copy }, [copy.buffer]);
      },
    };
    this.#publishers.set(endpointId, publisher);
    this.#host.post({ kind: "advertise", endpointId, topic });
    return publisher;
  }

  /** @throws BridgeError `ros/type` for names ROS 2 does not allow; `ros/transport` after disposal. */
  subscribe(topic: RosTopic, onMessage: (cdr: Uint8Array) => void): RosSubscription {
    checkTopic(topic);
    const endpointId = this.#newEndpoint();
    this.#subscriptions.set(endpointId, onMessage);
    this.#host.post({ kind: "subscribe", endpointId, topic });
    return {
      topic,
      close: () => {
        if (!this.#subscriptions.delete(endpointId) || this.#closed) return;
        this.#host.post({ kind: "unsubscribe", endpointId });
      },
    };
  }

  serve(service: RosService, handler: RosRequestHandler): RosServiceServer {
    ddsServiceNames(service);
    return this.#services.serve(this.#newEndpoint(), service, handler);
  }

  client(service: RosService): RosServiceClient {
    ddsServiceNames(service);
    return this.#services.client(this.#newEndpoint(), service);
  }

  graph(): Promise<RosGraph> {
    return this.#services.graph();
  }

  /** @throws BridgeError when the host is gone. */
  async stats(): Promise<RosHostStats> {
    if (this.#closed) throw closedError();
    this.#requestCount += 1;
    const requestId = this.#requestCount;
    const answer = await new Promise<RosHostStats | BridgeError>((resolve) => {
      this.#pendingStats.set(requestId, resolve);
      this.#host.post({ kind: "stats", requestId });
    });
    if (answer instanceof BridgeError) throw answer;
    return answer;
  }

  onEvent(listener: (event: RosEvent) => void): void {
    this.#eventListeners.push(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#host[Symbol.asyncDispose]();
  }

  #newEndpoint(): number {
    if (this.#closed) throw closedError();
    if (this.#endpointCount >= maxEndpoints) {
      throw new BridgeError(
        ErrorCode.RosTransport,
        `${this.#endpointCount} endpoints were opened, limit is ${maxEndpoints}`,
      );
    }
    this.#endpointCount += 1;
    return this.#endpointCount - 1;
  }

  #handle(message: FromRosHost): void {
    switch (message.kind) {
      case "message":
        this.#taken.take(message.endpointId);
        this.#subscriptions.get(message.endpointId)?.(message.cdr);
        return;
      case "matched": {
        const publisher = this.#publishers.get(message.endpointId);
        if (publisher !== undefined) publisher.matchedCount = message.matchedCount;
        return;
      }
      case "stats":
        this.#pendingStats.get(message.requestId)?.(message.stats);
        this.#pendingStats.delete(message.requestId);
        return;
      case "event":
        for (const listener of this.#eventListeners) listener(message.event);
        return;
      case "log":
        this.#log[message.level](message.fields, message.sentence);
        return;
      case "request":
      case "response":
      case "servers":
      case "graph":
        this.#services.handle(message);
        return;
      default:
        message satisfies never;
    }
  }

  #end(error: BridgeError | undefined): void {
    this.#closed = true;
    if (error !== undefined) this.#log.error({ error: error.message }, "the ROS host ended");
    for (const publisher of this.#publishers.values()) publisher.matchedCount = 0;
    this.#services.end(error ?? closedError());
    for (const answer of this.#pendingStats.values()) answer(error ?? closedError());
    this.#pendingStats.clear();
  }
}

/** Checked here, where the caller can be told. */
function checkTopic(topic: RosTopic): void {
  ddsTopicName(topic.name);
  ddsTypeName(topic.type);
}

function closedError(): BridgeError {
  return new BridgeError(ErrorCode.RosTransport, "the ROS transport is closed");
}

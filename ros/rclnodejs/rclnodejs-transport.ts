import { monotonicMs } from "../../bridge/contract/clock.ts";
import { BridgeError, ErrorCode, errorText } from "../../bridge/contract/errors.ts";
import { type Heartbeats, Thread } from "../../bridge/contract/heartbeats.ts";
import type { Log } from "../../bridge/contract/log.ts";
import {
  type RosGraph,
  type RosNodeTransport,
  type RosRequestHandler,
  type RosService,
  type RosServiceClient,
  type RosServiceServer,
} from "../../bridge/contract/ros-services.ts";
import type {
  RosHostHealth,
  RosPublisher,
  RosSubscription,
  RosTopic,
  RosTransportInfo,
} from "../../bridge/contract/ros-transport.ts";
import { checkCdr } from "../cdr-guard.ts";
import type { RosNetwork } from "../environment.ts";
import {
  emptyHostStats,
  type RosHostStats,
  type ToServiceHost,
  type FromServiceHost,
} from "../host-protocol.ts";
import { ddsServiceNames, ddsTopicName, ddsTypeName } from "../rtps/rosgraph/names.ts";
import { ServiceOwner } from "../service-owner.ts";
import { maxEndpoints } from "../taken-counts.ts";
import type { RosActions } from "../actions/action-port.ts";
import { type FromActionHost, isFromActions } from "./action-notes.ts";
import { ActionOwner } from "./action-owner.ts";
import { hostEnvironment } from "./host-environment.ts";
import { HostLink } from "./host-link.ts";
import { type FromHostProcess, isFromServices } from "./host-notes.ts";
import { RestartDelays } from "./restart-delays.ts";

export interface RclnodejsTransportOptions {
  readonly network: RosNetwork;
  readonly nodeName: string;
  /** `/` or e.g. `/kairos`. */
  readonly namespace: string;
  /** The compiled `host-child.js`. */
  readonly hostEntry: URL;
  /** What the host imports: the package's module as `checkRclnodejs` found it, or a test's stand-in. */
  readonly module: URL;
  /** The service's own environment; the host gets it with the network written in. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly heartbeats: Heartbeats;
  readonly log: Log;
  /** Why this transport was chosen, for people. */
  readonly reason: string;
}

interface Publisher extends RosPublisher {
  matchedCount: number;
  droppedCount: number;
  /** The newest messages of a transient-local topic: a new host has to offer them again. */
  readonly kept: Uint8Array[];
}

interface Subscription {
  readonly topic: RosTopic;
  readonly onMessage: (cdr: Uint8Array) => void;
}

/**
 * Joins the ROS 2 graph through rclnodejs, in a process of its own.
 *
 * @throws BridgeError `ros/transport` when what was imported is not rclnodejs 2; `thread/*` when the
 * host ends or hangs instead of answering. A host that fails later is started anew.
 */
export async function openRclnodejsTransport(
  options: RclnodejsTransportOptions,
): Promise<RclnodejsTransport> {
  const transport = new RclnodejsTransport(options);
  await transport.start();
  return transport;
}

/**
 * `RosNodeTransport` over the rclnodejs host process. When that process ends, whatever the cause, its
 * publishers and subscriptions wait, messages for them are dropped and counted, and a new process gets
 * them all again; nothing else of the service notices.
 */
export class RclnodejsTransport implements RosNodeTransport {
  readonly info: RosTransportInfo;
  /** Resolves at disposal: a host that ends by itself is started anew. */
  readonly exited: Promise<BridgeError | undefined>;
  readonly #options: RclnodejsTransportOptions;
  readonly #publishers = new Map<number, Publisher>();
  readonly #subscriptions = new Map<number, Subscription>();
  readonly #pendingStats = new Map<number, (stats: RosHostStats) => void>();
  readonly #delays = new RestartDelays();
  readonly #services: ServiceOwner;
  readonly #actions: ActionOwner;
  #link: HostLink | undefined;
  #restartTimer: NodeJS.Timeout | undefined;
  #restartCount = 0;
  #lastExit: string | undefined;
  #endpointCount = 0;
  #requestCount = 0;
  #closing: Promise<void> | undefined;
  #resolveExited: (error: undefined) => void = () => undefined;

  constructor(options: RclnodejsTransportOptions) {
    this.#options = options;
    const { domainId, discoveryRange } = options.network;
    this.info = {
      transport: "rclnodejs",
      reason: options.reason,
      domainId,
      discoveryRange,
      addresses: [],
    };
    this.exited = new Promise((resolve) => {
      this.#resolveExited = resolve;
    });
    this.#services = new ServiceOwner({
      log: options.log,
      post: (message) => {
        this.#postService(message);
      },
    });
    this.#actions = new ActionOwner({
      log: options.log,
      newEndpoint: () => this.#newEndpoint(),
      post: (note) => this.#link?.post(note),
    });
  }

  /** The first start, whose failure is the caller's to know; see `openRclnodejsTransport`. */
  async start(): Promise<void> {
    const { nodeName, namespace, network, hostEntry, module, environment } = this.#options;
    const link = await HostLink.open({
      entry: hostEntry,
      environment: hostEnvironment(environment, network),
      opening: { kind: "open", module: module.href, nodeName, namespace, network },
      onMessage: (endpointId, cdr) => this.#subscriptions.get(endpointId)?.onMessage(cdr),
      onNote: (note) => {
        this.#handle(note);
      },
    });
    if (this.#closing !== undefined) {
      await link[Symbol.asyncDispose]();
      return;
    }
    this.#link = link;
    const startedMs = monotonicMs();
    void link.exited.then((error) => {
      this.#lost(error, monotonicMs() - startedMs);
    });
    this.#announceAll(link);
  }

  get health(): RosHostHealth {
    return {
      state: this.#link === undefined ? "restarting" : "running",
      restartCount: this.#restartCount,
      lastExit: this.#lastExit,
      pid: this.#link?.pid ?? 0,
    };
  }

  /** @throws BridgeError `ros/type` for names ROS 2 does not allow; `ros/transport` after disposal. */
  advertise(topic: RosTopic): RosPublisher {
    checkTopic(topic);
    const endpointId = this.#newEndpoint();
    const keptDepth = topic.qos.durability === "transient_local" ? topic.qos.depth : 0;
    const publisher: Publisher = {
      topic,
      matchedCount: 0,
      droppedCount: 0,
      kept: [],
      publish: (cdr) => {
        checkCdr(cdr, topic.name);
        if (keptDepth > 0) keep(publisher.kept, cdr, keptDepth);
        if (this.#link?.publish(endpointId, cdr) !== true) publisher.droppedCount += 1;
      },
    };
    this.#publishers.set(endpointId, publisher);
    this.#link?.post({ kind: "advertise", endpointId, topic });
    return publisher;
  }

  /** @throws BridgeError `ros/type` for names ROS 2 does not allow; `ros/transport` after disposal. */
  subscribe(topic: RosTopic, onMessage: (cdr: Uint8Array) => void): RosSubscription {
    checkTopic(topic);
    const endpointId = this.#newEndpoint();
    this.#subscriptions.set(endpointId, { topic, onMessage });
    this.#link?.post({ kind: "subscribe", endpointId, topic });
    return {
      topic,
      close: () => {
        if (this.#subscriptions.delete(endpointId)) {
          this.#link?.post({ kind: "unsubscribe", endpointId });
        }
      },
    };
  }

  /** rclnodejs keeps an action's state machine to itself: its services cannot be served one by one. */
  get actions(): RosActions {
    return this.#actions;
  }

  serve(service: RosService, handler: RosRequestHandler): RosServiceServer {
    ddsServiceNames(service);
    return this.#services.serve(this.#newEndpoint(), service, handler);
  }

  client(service: RosService): RosServiceClient {
    ddsServiceNames(service);
    return this.#services.client(this.#newEndpoint(), service);
  }

  async graph(): Promise<RosGraph> {
    if (this.#closing !== undefined) throw closedError();
    if (this.#link === undefined) throw restartingError(this.#lastExit);
    return await this.#services.graph();
  }

  /** While the host is started anew, nothing but that is told. @throws BridgeError after disposal. */
  async stats(): Promise<RosHostStats> {
    if (this.#closing !== undefined) throw closedError();
    this.#requestCount += 1;
    const requestId = this.#requestCount;
    const stats = await new Promise<RosHostStats>((resolve) => {
      if (this.#link === undefined) {
        resolve(emptyHostStats);
        return;
      }
      this.#pendingStats.set(requestId, resolve);
      this.#link.post({ kind: "stats", requestId });
    });
    return { ...stats, host: this.health };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    clearTimeout(this.#restartTimer);
    await this.#link?.[Symbol.asyncDispose]();
    this.#link = undefined;
    this.#forget();
    this.#services.end(closedError());
    this.#actions.interrupt(closedError());
    this.#resolveExited(undefined);
  }

  #newEndpoint(): number {
    if (this.#closing !== undefined) throw closedError();
    if (this.#endpointCount >= maxEndpoints) {
      throw new BridgeError(
        ErrorCode.RosTransport,
        `${this.#endpointCount} endpoints were opened, limit is ${maxEndpoints}`,
      );
    }
    this.#endpointCount += 1;
    return this.#endpointCount - 1;
  }

  #announceAll(link: HostLink): void {
    for (const [endpointId, { topic, kept }] of this.#publishers) {
      link.post({ kind: "advertise", endpointId, topic });
      for (const cdr of kept) link.publish(endpointId, cdr);
    }
    for (const [endpointId, { topic }] of this.#subscriptions) {
      link.post({ kind: "subscribe", endpointId, topic });
    }
    this.#services.reopen();
    this.#actions.reopen();
  }

  #postService(message: ToServiceHost): void {
    if (this.#link !== undefined) {
      this.#link.post(message);
      return;
    }
    if (message.kind !== "call") return;
    // What waits for a server waits for a host, too: as long as the caller does.
    const { endpointId, callId, timeoutMs } = message;
    setTimeout(() => {
      const outcome = { failure: "timeout" } as const;
      this.#services.handle({ kind: "response", endpointId, callId, outcome });
    }, timeoutMs);
  }

  #handle(note: FromHostProcess): void {
    if (isFromActions(note)) this.#actions.handle(note);
    else if (isFromServices(note)) this.#services.handle(note);
    else this.#handleTopic(note);
  }

  #handleTopic(note: Exclude<FromHostProcess, FromActionHost | FromServiceHost>): void {
    switch (note.kind) {
      case "beat":
        this.#options.heartbeats.beat(Thread.Ros, monotonicMs());
        return;
      case "matched": {
        const publisher = this.#publishers.get(note.endpointId);
        if (publisher !== undefined) publisher.matchedCount = note.matchedCount;
        return;
      }
      case "stats":
        this.#pendingStats.get(note.requestId)?.(note.stats);
        this.#pendingStats.delete(note.requestId);
        return;
      case "refused": {
        const topic = (
          this.#publishers.get(note.endpointId) ?? this.#subscriptions.get(note.endpointId)
        )?.topic;
        const fields = { topic: topic?.name, type: topic?.type, error: note.text };
        this.#options.log.error(fields, "rclnodejs refused an endpoint, the others go on");
        return;
      }
      case "log":
        this.#options.log[note.level](note.fields, note.sentence);
        return;
      default:
        note satisfies never;
    }
  }

  #lost(error: BridgeError | undefined, livedMs: number): void {
    this.#link = undefined;
    this.#forget();
    if (this.#closing !== undefined) return;
    this.#services.interrupt(error ?? closedError());
    this.#actions.interrupt(error ?? closedError());
    this.#restartAfter(error ?? closedError(), livedMs);
  }

  #restartAfter(error: unknown, livedMs: number): void {
    const delayMs = this.#delays.next(livedMs);
    this.#lastExit = errorText(error);
    const fields = { error: this.#lastExit, livedMs: Math.round(livedMs), delayMs };
    this.#options.log.error(fields, "the ROS host process ended, it is started anew");
    this.#restartTimer = setTimeout(() => {
      this.#restartCount += 1;
      this.start().then(
        () => {
          const { pid, restartCount } = this.health;
          this.#options.log.info({ pid, restartCount }, "the ROS host process runs again");
        },
        (again: unknown) => {
          if (this.#closing === undefined) this.#restartAfter(again, 0);
        },
      );
    }, delayMs);
  }

  /** What only the lost host knew. */
  #forget(): void {
    for (const publisher of this.#publishers.values()) publisher.matchedCount = 0;
    for (const answer of this.#pendingStats.values()) answer(emptyHostStats);
    this.#pendingStats.clear();
  }
}

function keep(kept: Uint8Array[], cdr: Uint8Array, depth: number): void {
  kept.push(cdr.slice());
  if (kept.length > depth) kept.shift();
}

/** Checked here, where the caller can be told. */
function checkTopic({ name, type }: RosTopic): void {
  ddsTopicName(name);
  ddsTypeName(type);
}

function restartingError(why = "it was lost"): BridgeError {
  const text = `the ROS host process is being started anew: ${why}`;
  return new BridgeError(ErrorCode.RosTransport, text);
}

function closedError(): BridgeError {
  return new BridgeError(ErrorCode.RosTransport, "the ROS transport is closed");
}

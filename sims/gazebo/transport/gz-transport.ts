import { randomUUID } from "node:crypto";
import { monotonicMs } from "../../../bridge/contract/clock.ts";
import { silentLog, type Log } from "../../../bridge/contract/log.ts";
import { Empty } from "../messages/basic.ts";
import type { Decoded, Draft, FieldTable, MessageCodec } from "../messages/codec.ts";
import { Discovery } from "./discovery.ts";
import { openUdpDiscovery, type DiscoveryLink } from "./discovery-link.ts";
import { Scope, type Advertisement } from "./discovery-message.ts";
import type { NetworkSettings } from "./network-settings.ts";
import { Publications } from "./publications.ts";
import { typeName } from "./release.ts";
import { ServiceClient } from "./service-client.ts";
import { ServiceServer } from "./service-server.ts";
import { Subscriptions, type MessageHandler } from "./subscriptions.ts";
import { qualifiedName, topicInPartition } from "./topic-names.ts";
import type { ZmtpOptions, ZmtpListener } from "./zmtp-connection.ts";
import type { ZmtpSocketType } from "./zmtp-handshake.ts";
import { ZmtpServer } from "./zmtp-listener.ts";

const tickPeriodMs = 200;
/** A camera picture of 4 megapixels fits; more is not asked for. */
const maxMessageBytes = 16 * 1024 * 1024;
const maxQueuedBytes = 8 * 1024 * 1024;
const maxFrames = 16;

/** A topic of ours. Messages nobody subscribed to cost nothing. */
export interface Publisher<Fields extends FieldTable> extends Disposable {
  readonly subscriberCount: number;
  /** @returns how many subscribers it was queued for. // hot path */
  publish(draft: Draft<Decoded<Fields>>): number;
  publishEncoded(payload: Uint8Array): number;
}

export interface SeenTopic {
  readonly topic: string;
  readonly type: string;
}

/** One process in a Gazebo partition: topics and services both ways. */
export class GzTransport implements Disposable {
  readonly settings: NetworkSettings;
  readonly processUuid = randomUUID();
  readonly #nodeUuid = randomUUID();
  readonly #log: Log;
  readonly #publications = new Publications();
  readonly #subscriptions: Subscriptions;
  readonly #client: ServiceClient;
  readonly #server: ServiceServer;
  readonly #messages: Discovery;
  readonly #services: Discovery;
  readonly #sockets: ZmtpServer[] = [];
  readonly #links: DiscoveryLink[] = [];
  readonly #repliesId = randomUUID();
  readonly #requestsId = randomUUID();
  #timer: NodeJS.Timeout | undefined;
  #publishEndpoint = "";
  #repliesEndpoint = "";
  #requestsEndpoint = "";

  private constructor(settings: NetworkSettings, log: Log) {
    this.settings = settings;
    this.#log = log;
    this.#messages = this.#discovery(0, {
      onAdvertised: (advertisement) => {
        this.#subscriptions.onAdvertised(advertisement);
      },
      onGone: (advertisement) => {
        this.#subscriptions.onGone(advertisement);
      },
    });
    this.#services = this.#discovery(1, {
      onAdvertised: (advertisement) => {
        this.#client.onAdvertised(advertisement);
      },
      onGone: (advertisement) => {
        this.#client.onGone(advertisement);
      },
    });
    this.#subscriptions = new Subscriptions({
      zmtp: zmtpOptions("SUB"),
      register: (publisher) => {
        this.#messages.register(publisher, this.#nodeUuid);
      },
      unregister: (publisher) => {
        this.#messages.unregister(publisher, this.#nodeUuid);
      },
    });
    this.#client = this.#openClient();
    this.#server = new ServiceServer({
      zmtp: zmtpOptions("ROUTER"),
      address: settings.address,
      emptyType: typeName(settings.release, Empty),
      log,
      nowMs: monotonicMs,
    });
  }

  /** @throws BridgeError `sim/transport` if a socket cannot be opened. */
  static async open(settings: NetworkSettings, log: Log = silentLog): Promise<GzTransport> {
    const transport = new GzTransport(settings, log);
    try {
      await transport.#open();
      return transport;
    } catch (error) {
      transport[Symbol.dispose]();
      throw error;
    }
  }

  advertise<Fields extends FieldTable>(
    topic: string,
    codec: MessageCodec<Fields>,
  ): Publisher<Fields> {
    const name = qualifiedName(this.settings.partition, topic);
    const type = typeName(this.settings.release, codec);
    const advertisement: Advertisement = {
      ...this.#offered(name, this.#publishEndpoint),
      message: { ctrl: this.processUuid, type },
    };
    this.#messages.advertise(advertisement);
    const filter = Buffer.from(name).toString("latin1");
    const head = [Buffer.from(name), Buffer.from(this.#publishEndpoint)];
    const tail = Buffer.from(type);
    const publications = this.#publications;
    const publishEncoded = (payload: Uint8Array): number =>
      publications.publish(filter, [...head, payload, tail]);
    return {
      get subscriberCount() {
        return publications.subscriberCount(filter);
      },
      publishEncoded,
      publish: (draft) => publishEncoded(codec.encode(draft)),
      [Symbol.dispose]: () => {
        this.#messages.unadvertise(advertisement);
      },
    };
  }

  /** @returns a function that ends it. Messages the codec cannot read are left out and counted. */
  subscribe<Fields extends FieldTable>(
    topic: string,
    codec: MessageCodec<Fields>,
    onMessage: (message: Decoded<Fields>) => void,
  ): () => void {
    return this.subscribeEncoded(topic, codec, (payload) => {
      const decoded = codec.decode(payload);
      if (decoded !== undefined) onMessage(decoded);
    });
  }

  /** As `subscribe`, with the protobuf bytes, borrowed until the handler returns. */
  subscribeEncoded(
    topic: string,
    codec: { readonly name: string },
    handler: MessageHandler,
  ): () => void {
    const name = qualifiedName(this.settings.partition, topic);
    const end = this.#subscriptions.add(name, typeName(this.settings.release, codec), handler);
    this.#messages.ask(name);
    for (const advertisement of this.#messages.advertisements()) {
      this.#subscriptions.onAdvertised(advertisement);
    }
    return end;
  }

  /** Connected publishers of a topic we subscribed to. */
  publisherCount(topic: string): number {
    return this.#subscriptions.publisherCount(qualifiedName(this.settings.partition, topic));
  }

  /**
   * Calls a service and waits for its answer.
   *
   * @throws BridgeError `sim/transport` when it does not answer in time, fails, or answers nonsense.
   */
  async request<Request extends FieldTable, Response extends FieldTable>(
    service: string,
    call: {
      readonly request: MessageCodec<Request>;
      readonly response: MessageCodec<Response>;
      readonly draft: Draft<Decoded<Request>>;
      readonly timeoutMs: number;
    },
  ): Promise<Decoded<Response> | undefined> {
    const { release, partition } = this.settings;
    const reply = await this.#client.call({
      topic: qualifiedName(partition, service),
      requestType: typeName(release, call.request),
      responseType: typeName(release, call.response),
      request: call.request.encode(call.draft),
      timeoutMs: call.timeoutMs,
    });
    return call.response.decode(reply);
  }

  /**
   * Offers a service. A handler that gives undefined, or throws, reports failure to its caller.
   *
   * @returns a function that ends the offer.
   */
  serve<Request extends FieldTable, Response extends FieldTable>(
    service: string,
    codecs: { readonly request: MessageCodec<Request>; readonly response: MessageCodec<Response> },
    handler: (
      request: Decoded<Request>,
    ) => Draft<Decoded<Response>> | undefined | Promise<Draft<Decoded<Response>> | undefined>,
  ): () => void {
    const topic = qualifiedName(this.settings.partition, service);
    const requestType = typeName(this.settings.release, codecs.request);
    const responseType = typeName(this.settings.release, codecs.response);
    this.#server.add({
      topic,
      requestType,
      responseType,
      handler: async (bytes) => {
        const request = codecs.request.decode(bytes);
        const reply = request === undefined ? undefined : await handler(request);
        return reply === undefined ? undefined : codecs.response.encode(reply);
      },
    });
    const advertisement: Advertisement = {
      ...this.#offered(topic, this.#requestsEndpoint),
      service: { socketId: this.#requestsId, requestType, responseType },
    };
    this.#services.advertise(advertisement);
    return () => {
      this.#server.remove(topic);
      this.#services.unadvertise(advertisement);
    };
  }

  /** What others publish in this partition. */
  topics(): readonly SeenTopic[] {
    return [...this.#messages.advertisements()].flatMap(({ topic, message }) => {
      const bare = topicInPartition(this.settings.partition, topic);
      return bare === undefined ? [] : [{ topic: bare, type: message?.type ?? "" }];
    });
  }

  /** Datagrams dropped, and messages slow subscribers did not get. */
  stats(): { readonly droppedDatagramCount: number; readonly droppedMessageCount: number } {
    return {
      droppedDatagramCount: this.#messages.droppedCount + this.#services.droppedCount,
      droppedMessageCount: this.#publications.droppedCount,
    };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#subscriptions.close();
    this.#client.close();
    this.#server.close();
    this.#messages.close();
    this.#services.close();
    for (const link of this.#links) link.close();
    for (const socket of this.#sockets) socket.close();
  }

  async #open(): Promise<void> {
    this.#publishEndpoint = await this.#bind(zmtpOptions("PUB"), this.#publications.listener);
    this.#repliesEndpoint = await this.#bind(
      { ...zmtpOptions("ROUTER"), identity: this.#repliesId },
      this.#client.listener,
    );
    this.#requestsEndpoint = await this.#bind(
      { ...zmtpOptions("ROUTER"), identity: this.#requestsId },
      this.#server.listener,
    );
    const { messagePort, servicePort, address } = this.settings;
    for (const [port, discovery] of [
      [messagePort, this.#messages],
      [servicePort, this.#services],
    ] as const) {
      this.#links.push(
        await openUdpDiscovery({
          ...this.settings,
          port,
          onDatagram: (datagram, from) => {
            discovery.receive(datagram, from, monotonicMs());
          },
        }),
      );
    }
    this.#timer = setInterval(() => {
      this.#tick();
    }, tickPeriodMs);
    this.#tick();
    const { partition, release } = this.settings;
    this.#log.debug({ address, partition, release }, "gz-transport open");
  }

  async #bind(options: ZmtpOptions, listener: ZmtpListener): Promise<string> {
    const socket = await ZmtpServer.open(this.settings.address, options, listener);
    this.#sockets.push(socket);
    return socket.endpoint;
  }

  #tick(): void {
    const nowMs = monotonicMs();
    this.#messages.tick(nowMs);
    this.#services.tick(nowMs);
    this.#server.tick();
  }

  #discovery(
    link: number,
    listener: {
      readonly onAdvertised: (advertisement: Advertisement) => void;
      readonly onGone: (advertisement: Advertisement) => void;
    },
  ): Discovery {
    return new Discovery({
      processUuid: this.processUuid,
      address: this.settings.address,
      send: (datagram) => {
        this.#links[link]?.send(datagram);
      },
      ...listener,
    });
  }

  #openClient(): ServiceClient {
    const endpoint = (): string => this.#repliesEndpoint;
    const services = this.#services;
    return new ServiceClient({
      zmtp: zmtpOptions("ROUTER"),
      get replyEndpoint() {
        return endpoint();
      },
      replyId: this.#repliesId,
      ask: (topic) => {
        services.ask(topic);
      },
      servers: function* (topic) {
        for (const each of services.advertisements()) if (each.topic === topic) yield each;
      },
    });
  }

  #offered(topic: string, address: string): Advertisement {
    const { processUuid } = this;
    return { topic, address, processUuid, nodeUuid: this.#nodeUuid, scope: Scope.All };
  }
}

function zmtpOptions(socketType: ZmtpSocketType): ZmtpOptions {
  return { socketType, maxMessageBytes, maxFrames, maxQueuedBytes };
}

import { type Log, silentLog } from "../../bridge/contract/log.ts";
import { type RosGraph, type RosService, servicesQos } from "../../bridge/contract/ros-services.ts";
import type { RosTopic } from "../../bridge/contract/ros-transport.ts";
import { BridgeError, ErrorCode, errorText } from "../../bridge/contract/errors.ts";
import type { EndpointContext, ReceivedSample } from "./endpoint.ts";
import { Discovery } from "./discovery/discovery.ts";
import type { ParticipantOptions } from "./participant-options.ts";
import type { ParticipantStats } from "./participant-stats.ts";
import { conventionsOf, defaultDistribution } from "./rosgraph/distribution.ts";
import { decodeGraphInfo, encodeGraphInfo, graphQos, graphTopic } from "./rosgraph/graph-info.ts";
import type { GraphNode } from "./rosgraph/graph-info.ts";
import { graphOf } from "./rosgraph/graph-view.ts";
import { userDataText } from "./rosgraph/user-data.ts";
import { ServiceClient } from "./services/service-client.ts";
import type { ServiceEndpoints } from "./services/service-endpoints.ts";
import { type Respond, ServiceServer } from "./services/service-server.ts";
import { guidKey, type Guid, randomPrefix } from "./wire/guid.ts";
import type { DatagramLink } from "./transport/link.ts";
import { MalformedCounts } from "./wire/malformed-counts.ts";
import { MessageParser } from "./wire/message-parser.ts";
import { MalformedData } from "./params/params.ts";
import { type DdsNames, ddsTopicName, ddsTypeName, rosTypeName } from "./rosgraph/names.ts";
import { Pacer } from "./writer/pacer.ts";
import {
  builtinEndpointSet,
  EntityId,
  EntityKind,
  maxDomainId,
  vendorId,
} from "./wire/protocol.ts";
import { type EndpointQos, endpointQos } from "./params/qos.ts";
import { Reader, type ReaderOptions } from "./reader/reader.ts";
import { ReceiveBudget } from "./reader/receive-budget.ts";
import { PlainCdrGate } from "./reader/plain-cdr-gate.ts";
import { Router } from "./discovery/router.ts";
import { type TopicReader, topicReader, type TopicWriter, topicWriter } from "./topic-endpoints.ts";
import { type Cancel, systemScheduler } from "./transport/scheduler.ts";
import { openUdpLink } from "./transport/udp-link.ts";
import { Writer } from "./writer/writer.ts";

/** Requests and responses kept for resending: more than the ten of ROS, so that bursts of calls survive loss. */
const callDepth = 64;
const loopbackFragmentBytes = 60_000;
/** A datagram holds 65,507 octets, headers included; below 256 a picture is more headers than picture. */
const maxFragmentBytes = 65_000;
const minFragmentBytes = 256;
const defaultReceiveBytes = 256 * 1024 * 1024;
const defaultLeaseMs = 10_000;
const defaultAnnouncePeriodMs = 3000;
/** How long disposal waits for readers to acknowledge what was written last. */
const farewellMs = 100;

/**
 * Joins a ROS 2 graph with one node.
 *
 * @throws BridgeError `ros/transport` when there is no such domain or the sockets cannot be opened.
 */
export async function openParticipant(options: ParticipantOptions): Promise<Participant> {
  const { domainId } = options;
  if (!Number.isInteger(domainId) || domainId < 0 || domainId > maxDomainId) {
    throw new BridgeError(
      ErrorCode.RosTransport,
      `domain is ${domainId}, expected a whole number from 0 to ${maxDomainId}`,
    );
  }
  const log = options.log ?? silentLog;
  const link = options.link ?? (await openUdpLink({ ...options, log }));
  return new Participant(options, link);
}

/** A DDS participant with one ROS 2 node: writers, readers and the discovery between them and others. */
export class Participant implements AsyncDisposable {
  readonly guid: Guid;
  readonly link: DatagramLink;
  readonly #options: ParticipantOptions;
  readonly #log: Log;
  readonly #context: EndpointContext;
  readonly #discovery: Discovery;
  readonly #graph: Writer;
  readonly #writers = new Set<Writer>();
  readonly #readers = new Set<Reader>();
  #entityCount = 0;
  #receivedCount = 0;
  #isGraphStale = false;
  #isGone = false;
  #closing: Promise<void> | undefined;

  constructor(options: ParticipantOptions, link: DatagramLink) {
    this.#options = options;
    this.#log = options.log ?? silentLog;
    this.link = link;
    const scheduler = options.scheduler ?? systemScheduler();
    const prefix = randomPrefix();
    this.guid = { prefix, entityId: EntityId.Participant };
    this.#context = {
      prefix,
      link,
      scheduler,
      pacer: new Pacer(link, scheduler),
      unixMs: () => performance.timeOrigin + scheduler.nowMs(),
      fragmentBytes: fragmentBytes(options),
      emit: (event) => options.onEvent?.(event),
      malformed: new MalformedCounts(),
      receiveBudget: new ReceiveBudget(options.maxReceiveBytes ?? defaultReceiveBytes),
    };
    this.#discovery = this.#makeDiscovery();
    this.#graph = this.#openWriter({ ...graphTopic, qos: graphQos });
    this.#openGraphReader();
    this.#listen();
    this.#discovery.start();
    // A node without a topic is a node, too.
    this.#publishGraph();
  }

  #makeDiscovery(): Discovery {
    const { domainId, leaseMs, nodeName, announcePeriodMs } = this.#options;
    return new Discovery({
      context: this.#context,
      domainId,
      self: () => ({
        prefix: this.guid.prefix,
        leaseMs: leaseMs ?? defaultLeaseMs,
        metatraffic: this.link.metatraffic,
        userTraffic: this.link.userTraffic,
        builtinEndpoints: builtinEndpointSet,
        vendorId,
        domainId,
        name: nodeName,
        userData: this.#userData(),
      }),
      log: this.#log,
      announcePeriodMs: announcePeriodMs ?? defaultAnnouncePeriodMs,
    });
  }

  #listen(): void {
    const parser = new MessageParser(this.guid.prefix);
    const { malformed, scheduler } = this.#context;
    const router = new Router(this.#discovery, scheduler);
    this.link.onMoved?.(() => {
      this.#discovery.onMoved();
    });
    this.link.onDatagram((datagram) => {
      if (this.#isGone) return;
      this.#receivedCount += 1;
      // Whatever arrives, the process lives: what cannot be read is counted.
      try {
        if (!parser.parse(datagram, router)) malformed.add(parser.fault);
      } catch (error) {
        malformed.add(error instanceof MalformedData ? "discovery" : "internal");
      }
    });
  }

  /** @throws BridgeError `ros/type` for names ROS 2 does not allow. */
  createWriter(options: { readonly topic: RosTopic }): TopicWriter {
    const { topic } = options;
    const userData = this.#endpointUserData(topic.type);
    const writer = this.#openWriter({ ...ddsNames(topic), qos: endpointQos(topic.qos), userData });
    this.#writers.add(writer);
    this.#publishGraph();
    return topicWriter(topic, writer, () => {
      if (!this.#writers.delete(writer)) return;
      this.#discovery.removeWriter(writer);
      this.#publishGraph();
    });
  }

  /**
   * @param options.onMessage gets each message with its encapsulation header; the bytes are the
   * receiver's to keep. Up to three zeros may follow: RTPS pads DATA to 4 octets and does not say so.
   * @throws BridgeError `ros/type` for names ROS 2 does not allow.
   */
  createReader(options: {
    readonly topic: RosTopic;
    readonly onMessage: (cdr: Uint8Array) => void;
  }): TopicReader {
    const { topic, onMessage } = options;
    const gate = new PlainCdrGate(topic.name, this.#log, this.#context.emit);
    const reader = this.#openReader({
      ...ddsNames(topic),
      qos: endpointQos(topic.qos),
      userData: this.#endpointUserData(topic.type),
      onSample: ({ payload, status }) => {
        if (payload === undefined || status !== 0 || !gate.isOpenTo(payload)) return;
        try {
          onMessage(payload);
        } catch (error) {
          this.#log.error({ topic: topic.name, error: errorText(error) }, "message handler threw");
        }
      },
    });
    this.#readers.add(reader);
    this.#publishGraph();
    return topicReader(topic, reader, () => {
      if (!this.#readers.delete(reader)) return;
      this.#discovery.removeReader(reader);
      this.#publishGraph();
    });
  }

  /**
   * @param options.onRequest gets each request with its encapsulation header, and how to answer it.
   * @throws BridgeError `ros/type` for names ROS 2 does not allow.
   */
  createService(options: {
    readonly service: RosService;
    readonly onRequest: (requestCdr: Uint8Array, respond: Respond) => void;
  }): ServiceServer {
    const { service, onRequest } = options;
    return new ServiceServer(service, this.#serviceEndpoints(service), onRequest);
  }

  /** @throws BridgeError `ros/type` for names ROS 2 does not allow. */
  createClient(options: {
    readonly service: RosService;
    /** The number of servers that can be called has changed. */
    readonly onServers?: (serverCount: number) => void;
  }): ServiceClient {
    const { service, onServers } = options;
    return new ServiceClient(service, this.#serviceEndpoints(service), onServers);
  }

  /** What is in the ROS graph at present, ourselves included. */
  graph(): RosGraph {
    const own = {
      userData: this.#userData(),
      nodes: [this.#ownNode()],
      ...this.#discovery.ownEndpoints(),
    };
    const peers = Array.from(this.#discovery.peers, ({ data, nodes, writers, readers }) => ({
      userData: data.userData,
      nodes,
      writers: writers.values(),
      readers: readers.values(),
    }));
    return graphOf([own, ...peers]);
  }

  stats(): ParticipantStats {
    return {
      peerCount: this.#discovery.peerCount,
      receivedDatagramCount: this.#receivedCount,
      sentDatagramCount: this.link.counts?.sentCount ?? 0,
      sendErrorCount: this.link.counts?.errorCount ?? 0,
      receiveBytes: this.#context.receiveBudget.usedBytes,
      receiveRefusedCount: this.#context.receiveBudget.refusedCount,
      malformedCount: this.#context.malformed.total,
      malformedByKind: this.#context.malformed.byKind(),
      refusedCount: this.#discovery.refusedCount,
      endpointCount: this.#discovery.endpointCount,
      writers: [...this.#writers].map((writer) => writer.stats()),
      readers: [...this.#readers].map((reader) => reader.stats()),
      incompatibilities: this.#discovery.incompatibilities,
      mismatchCount: this.#discovery.mismatchCount,
    };
  }

  /** Lets readers acknowledge the last samples, says goodbye, closes the sockets. Below 200 ms. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    await this.#settle();
    this.#discovery.close();
    this.#isGone = true;
    this.#context.pacer.close();
    await this.link[Symbol.asyncDispose]();
  }

  /** Until every reliable reader has everything, or `farewellMs` have passed. */
  async #settle(): Promise<void> {
    const { scheduler } = this.#context;
    const endMs = scheduler.nowMs() + farewellMs;
    const isBehind = (): boolean => [...this.#writers].some((writer) => !writer.isSettled);
    while (isBehind() && scheduler.nowMs() < endMs) {
      await new Promise<void>((resolve): Cancel => scheduler.after(5, resolve));
    }
  }

  #openWriter(options: {
    readonly topicName: string;
    readonly typeName: string;
    readonly qos: EndpointQos;
    readonly userData?: string;
    readonly onMatch?: () => void;
  }): Writer {
    const { writerLimits, writerPast } = this.#options;
    const writer = new Writer(
      {
        entityId: this.#nextEntityId("Writer"),
        ...options,
        ...(writerLimits === undefined ? {} : { limits: writerLimits }),
        ...(writerPast === undefined ? {} : { past: writerPast }),
      },
      this.#context,
    );
    this.#discovery.addWriter(writer);
    return writer;
  }

  #openReader(options: Omit<ReaderOptions, "entityId" | "limits">): Reader {
    const { readerLimits } = this.#options;
    const reader = new Reader(
      {
        entityId: this.#nextEntityId("Reader"),
        ...options,
        ...(readerLimits === undefined ? {} : { limits: readerLimits }),
      },
      this.#context,
    );
    this.#discovery.addReader(reader);
    return reader;
  }

  #serviceEndpoints(service: RosService): ServiceEndpoints {
    const qos = { ...endpointQos(service.qos ?? servicesQos), depth: callDepth };
    const announced = (names: DdsNames) => {
      const userData = this.#endpointUserData(rosTypeName(names.typeName));
      return { ...names, qos, userData };
    };
    return {
      scheduler: this.#context.scheduler,
      openWriter: (names, onMatch) => {
        const writer = this.#openWriter({ ...announced(names), onMatch });
        this.#writers.add(writer);
        this.#publishGraph();
        return writer;
      },
      openReader: (names, { onSample, onMatch }) => {
        const guarded = this.#guarded(onSample);
        const reader = this.#openReader({ ...announced(names), onSample: guarded, onMatch });
        this.#readers.add(reader);
        this.#publishGraph();
        return reader;
      },
      close: (writer, reader) => {
        this.#writers.delete(writer);
        this.#readers.delete(reader);
        this.#discovery.removeWriter(writer);
        this.#discovery.removeReader(reader);
        this.#publishGraph();
      },
      vendorOf: (prefix) => this.#discovery.peer(prefix)?.data.vendorId,
    };
  }

  #openGraphReader(): void {
    const onSample = this.#guarded(({ payload }: ReceivedSample, from: Guid) => {
      const peer = this.#discovery.peer(from.prefix);
      if (payload === undefined || peer === undefined) return;
      const info = decodeGraphInfo(payload);
      // Nobody speaks for others.
      if (info.participant.prefix === from.prefix) peer.nodes = info.nodes;
    });
    this.#openReader({ ...graphTopic, qos: graphQos, onSample });
  }

  /** One sample that cannot be read must not hold up those behind it. */
  #guarded(onSample: ReaderOptions["onSample"]): ReaderOptions["onSample"] {
    return (sample, from) => {
      try {
        onSample(sample, from);
      } catch (error) {
        this.#context.malformed.add(error instanceof MalformedData ? "discovery" : "internal");
      }
    };
  }

  #endpointUserData(type: string): string {
    const { distribution = defaultDistribution, typeHashOf } = this.#options;
    const typehash = conventionsOf(distribution).hasTypeHashes ? typeHashOf?.(type) : undefined;
    return userDataText({ typehash });
  }

  #userData(): string {
    return userDataText({ enclave: this.#options.enclave ?? "/" });
  }

  #ownNode(): GraphNode {
    const { namespace, nodeName } = this.#options;
    const writers = [...this.#writers].map((writer) => writer.guid);
    const readers = [...this.#readers].map((reader) => reader.guid);
    return { namespace, name: nodeName, readers, writers };
  }

  #nextEntityId(kind: keyof typeof EntityKind): number {
    this.#entityCount += 1;
    return this.#entityCount * 0x100 + EntityKind[kind];
  }

  /** Once per turn of the event loop, however many endpoints were opened in it. */
  #publishGraph(): void {
    if (this.#isGraphStale) return;
    this.#isGraphStale = true;
    queueMicrotask(() => {
      this.#isGraphStale = false;
      if (this.#closing !== undefined) return;
      const { gidBytes } = conventionsOf(this.#options.distribution ?? defaultDistribution);
      const info = encodeGraphInfo(this.guid, this.#ownNode(), gidBytes);
      this.#graph.write(info, guidKey(this.guid));
    });
  }
}

function ddsNames(topic: RosTopic): { readonly topicName: string; readonly typeName: string } {
  return { topicName: ddsTopicName(topic.name), typeName: ddsTypeName(topic.type) };
}

function fragmentBytes(options: ParticipantOptions): number {
  const asked = options.fragmentBytes ?? loopbackFragmentBytes;
  return Math.max(minFragmentBytes, Math.min(Math.floor(asked), maxFragmentBytes));
}

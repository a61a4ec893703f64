import { type Log, silentLog } from "../../bridge/contract/log.ts";
import type { RosEvent, RosTopic } from "../../bridge/contract/ros-transport.ts";
import { BridgeError, ErrorCode, errorText } from "../../bridge/contract/errors.ts";
import type { EndpointContext, ReaderLimits } from "./endpoint.ts";
import { Discovery } from "./discovery/discovery.ts";
import type { Incompatibility } from "./discovery/mismatches.ts";
import { encodeGraphInfo, graphQos, graphTopic } from "./rosgraph/graph-info.ts";
import { guidKey, type Guid, randomPrefix } from "./wire/guid.ts";
import type { DatagramLink } from "./transport/link.ts";
import { MalformedCounts, type MalformedKind } from "./wire/malformed-counts.ts";
import { MessageParser } from "./wire/message-parser.ts";
import { MalformedData } from "./params/params.ts";
import { ddsTopicName, ddsTypeName } from "./rosgraph/names.ts";
import { Pacer } from "./writer/pacer.ts";
import {
  builtinEndpointSet,
  EntityId,
  EntityKind,
  maxDomainId,
  vendorId,
} from "./wire/protocol.ts";
import { type EndpointQos, endpointQos } from "./params/qos.ts";
import { Reader, type ReaderStats } from "./reader/reader.ts";
import { Router } from "./discovery/router.ts";
import { type Cancel, type Scheduler, systemScheduler } from "./transport/scheduler.ts";
import type { DiscoveryRange } from "./transport/discovery-range.ts";
import { openUdpLink } from "./transport/udp-link.ts";
import { Writer, type WriterLimits, type WriterStats } from "./writer/writer.ts";

export interface ParticipantOptions {
  /** 0..232. */
  readonly domainId: number;
  readonly range: DiscoveryRange;
  /** IPv4 addresses of this machine: see `UdpLinkOptions`. */
  readonly interfaces?: readonly string[];
  readonly staticPeers?: readonly string[];
  readonly nodeName: string;
  /** `/` or e.g. `/kairos`. */
  readonly namespace: string;
  /** Samples above this size are split; 60 kB suits loopback, about 1,300 a network without jumbo frames. */
  readonly fragmentBytes?: number;
  /** Peers forget us when they have heard nothing for this long. */
  readonly leaseMs?: number;
  readonly announcePeriodMs?: number;
  /** 24 for ROS 2 Humble and older. */
  readonly graphGidBytes?: 16 | 24;
  readonly readerLimits?: Partial<ReaderLimits>;
  readonly writerLimits?: Partial<WriterLimits>;
  readonly log?: Log;
  /** Hears of quality-of-service events. */
  readonly onEvent?: (event: RosEvent) => void;
  /** A test's time and link; default the machine's. */
  readonly scheduler?: Scheduler;
  readonly link?: DatagramLink;
  /** Default those of the machine. */
  readonly listAddresses?: () => readonly string[];
  readonly addressCheckMs?: number;
}

export interface ParticipantStats {
  readonly peerCount: number;
  /** Datagrams in and out; what the system refused to send. */
  readonly receivedDatagramCount: number;
  readonly sentDatagramCount: number;
  readonly sendErrorCount: number;
  /** What arrived and was not sound RTPS. */
  readonly malformedCount: number;
  readonly malformedByKind: Readonly<Record<MalformedKind, number>>;
  /** Peers and endpoints not let in because there were too many. */
  readonly refusedCount: number;
  /** Endpoints of all peers. */
  readonly endpointCount: number;
  readonly writers: readonly WriterStats[];
  readonly readers: readonly ReaderStats[];
  /** Pairs kept apart at present, by name; `mismatchCount` is all that ever were, by QoS or type. */
  readonly incompatibilities: readonly Incompatibility[];
  readonly mismatchCount: number;
}

export interface TopicWriter {
  readonly topic: RosTopic;
  readonly matchedCount: number;
  /**
   * Sends one serialized message. The bytes are kept for resending and must not change. // hot path
   *
   * @returns false when it was refused: with `keep_all` and a reader that far behind.
   */
  publishOwned(cdr: Uint8Array): boolean;
  /** Sends a copy of one serialized message. // hot path */
  publish(cdr: Uint8Array): boolean;
  /** Says that this publisher is alive though it has nothing to send (`manual_by_topic`). */
  assertLiveliness(): void;
  close(): void;
}

export interface TopicReader {
  readonly topic: RosTopic;
  readonly matchedCount: number;
  /** Takes nothing more, and lets reliable writers know by not acknowledging, until `resume`. */
  pause(): void;
  resume(): void;
  close(): void;
}

const loopbackFragmentBytes = 60_000;
/** A datagram holds 65,507 octets, headers included. */
const maxFragmentBytes = 65_000;
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
      fragmentBytes: Math.min(options.fragmentBytes ?? loopbackFragmentBytes, maxFragmentBytes),
      emit: (event) => options.onEvent?.(event),
      malformed: new MalformedCounts(),
    };
    this.#discovery = this.#makeDiscovery();
    this.#graph = this.#openWriter({ ...graphTopic, qos: graphQos });
    this.#listen();
    this.#discovery.start();
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
        userData: "enclave=/;",
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
    const writer = this.#openWriter({ ...ddsNames(topic), qos: endpointQos(topic.qos) });
    this.#writers.add(writer);
    this.#publishGraph();
    return {
      topic,
      get matchedCount() {
        return writer.matchedCount;
      },
      publishOwned: (cdr) => writer.write(cdr),
      publish: (cdr) => writer.write(Uint8Array.prototype.slice.call(cdr)),
      assertLiveliness: () => {
        writer.assertLiveliness();
      },
      close: () => {
        if (!this.#writers.delete(writer)) return;
        this.#discovery.removeWriter(writer);
        this.#publishGraph();
      },
    };
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
    const reader = this.#openReader(topic, onMessage);
    this.#readers.add(reader);
    this.#publishGraph();
    return {
      topic,
      get matchedCount() {
        return reader.matchedCount;
      },
      pause: () => {
        reader.pause();
      },
      resume: () => {
        reader.resume();
      },
      close: () => {
        if (!this.#readers.delete(reader)) return;
        this.#discovery.removeReader(reader);
        this.#publishGraph();
      },
    };
  }

  stats(): ParticipantStats {
    return {
      peerCount: this.#discovery.peerCount,
      receivedDatagramCount: this.#receivedCount,
      sentDatagramCount: this.link.counts?.sentCount ?? 0,
      sendErrorCount: this.link.counts?.errorCount ?? 0,
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
  }): Writer {
    const { writerLimits } = this.#options;
    const writer = new Writer(
      {
        entityId: this.#nextEntityId("Writer"),
        ...options,
        ...(writerLimits === undefined ? {} : { limits: writerLimits }),
      },
      this.#context,
    );
    this.#discovery.addWriter(writer);
    return writer;
  }

  #openReader(topic: RosTopic, onMessage: (cdr: Uint8Array) => void): Reader {
    const { readerLimits } = this.#options;
    const reader = new Reader(
      {
        entityId: this.#nextEntityId("Reader"),
        ...ddsNames(topic),
        qos: endpointQos(topic.qos),
        onSample: ({ payload, status }) => {
          if (payload === undefined || status !== 0) return;
          try {
            onMessage(payload);
          } catch (error) {
            this.#log.error(
              { topic: topic.name, error: errorText(error) },
              "message handler threw",
            );
          }
        },
        ...(readerLimits === undefined ? {} : { limits: readerLimits }),
      },
      this.#context,
    );
    this.#discovery.addReader(reader);
    return reader;
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
      const { namespace, nodeName, graphGidBytes } = this.#options;
      const writers = [...this.#writers].map((writer) => writer.guid);
      const readers = [...this.#readers].map((reader) => reader.guid);
      const node = { namespace, name: nodeName, readers, writers };
      this.#graph.write(encodeGraphInfo(this.guid, node, graphGidBytes), guidKey(this.guid));
    });
  }
}

function ddsNames(topic: RosTopic): { readonly topicName: string; readonly typeName: string } {
  return { topicName: ddsTopicName(topic.name), typeName: ddsTypeName(topic.type) };
}

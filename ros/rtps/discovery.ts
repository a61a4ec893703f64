import type { Log } from "../../bridge/contract/log.ts";
import {
  decodeEndpoint,
  decodeKey,
  decodeParticipant,
  encodeEndpoint,
  encodeKey,
  encodeParticipant,
  type EndpointData,
  type ParticipantData,
} from "./discovery-data.ts";
import type { EndpointContext, ReceivedSample } from "./endpoint.ts";
import {
  type Guid,
  guidFromBytes,
  guidKey,
  guidText,
  guidToBytes,
  type PrefixKey,
} from "./guid.ts";
import { MessageBuilder } from "./message-builder.ts";
import type { DataSubmessage } from "./message-parser.ts";
import { Peer } from "./peer.ts";
import { EntityId, goneStatus, ParameterId } from "./protocol.ts";
import { defaultQos, Durability, type EndpointQos, incompatiblePolicies } from "./qos.ts";
import { Reader } from "./reader.ts";
import type { Cancel } from "./scheduler.ts";
import { Writer } from "./writer.ts";

export interface DiscoveryOptions {
  readonly context: EndpointContext;
  readonly self: ParticipantData;
  readonly log: Log;
  readonly announcePeriodMs: number;
}

/** A writer and a reader of the same topic that may not be matched. */
export interface Incompatibility {
  readonly topicName: string;
  readonly peer: string;
  readonly policies: readonly string[];
}

/** Announcements close together at the start, so that a lost one costs little. */
const burstDelaysMs = [50, 100, 250, 600] as const;
const maxPeers = 256;
const maxIncompatibilities = 64;
const leaseCheckMs = 250;
const builtinQos: EndpointQos = {
  ...defaultQos,
  reliable: true,
  durability: Durability.TransientLocal,
  depth: 1024,
};

/** Who is there (SPDP, 8.5.3), what they have (SEDP, 8.5.4), and what of it matches ours. */
export class Discovery {
  readonly #options: DiscoveryOptions;
  readonly #context: EndpointContext;
  readonly #log: Log;
  readonly #peers = new Map<PrefixKey, Peer>();
  readonly #localWriters = new Map<number, { writer: Writer; data: EndpointData }>();
  readonly #localReaders = new Map<number, { reader: Reader; data: EndpointData }>();
  readonly #incompatible = new Map<string, Incompatibility>();
  readonly #publications: Writer;
  readonly #subscriptions: Writer;
  readonly #participantMessages: Writer;
  readonly #builtinReaders: readonly Reader[];
  readonly #announcement: Buffer;
  #announceCount = 0;
  #cancelAnnounce: Cancel | undefined;
  #cancelLeases: Cancel | undefined;
  #closed = false;

  constructor(options: DiscoveryOptions) {
    this.#options = options;
    this.#context = options.context;
    this.#log = options.log;
    this.#announcement = this.#encodeAnnouncement();
    this.#publications = this.#builtinWriter(EntityId.PublicationsWriter);
    this.#subscriptions = this.#builtinWriter(EntityId.SubscriptionsWriter);
    this.#participantMessages = this.#builtinWriter(EntityId.ParticipantMessageWriter);
    this.#builtinReaders = [
      this.#builtinReader(EntityId.PublicationsReader, (sample, from) => {
        this.#onEndpoint("writers", sample, from);
      }),
      this.#builtinReader(EntityId.SubscriptionsReader, (sample, from) => {
        this.#onEndpoint("readers", sample, from);
      }),
      // Liveliness is automatic with an endless lease on every ROS 2 topic by default: taken, not judged.
      this.#builtinReader(EntityId.ParticipantMessageReader, () => undefined),
    ];
  }

  get peerCount(): number {
    return this.#peers.size;
  }

  get incompatibilities(): readonly Incompatibility[] {
    return [...this.#incompatible.values()];
  }

  peer(prefix: PrefixKey): Peer | undefined {
    return this.#peers.get(prefix);
  }

  start(): void {
    this.#announceLoop();
    this.#leaseLoop();
  }

  /** Announces a writer of ours and matches it with the readers already known. */
  addWriter(writer: Writer): void {
    const { topicName, typeName, qos } = writer.options;
    const data: EndpointData = { guid: writer.guid, topicName, typeName, qos, locators: [] };
    this.#localWriters.set(writer.options.entityId, { writer, data });
    this.#publications.write(encodeEndpoint(data), guidKey(writer.guid));
    for (const peer of this.#peers.values()) {
      for (const reader of peer.readers.values()) this.#tryMatchReader(peer, writer, reader);
    }
  }

  addReader(reader: Reader): void {
    const { topicName, typeName, qos } = reader.options;
    const data: EndpointData = { guid: reader.guid, topicName, typeName, qos, locators: [] };
    this.#localReaders.set(reader.options.entityId, { reader, data });
    this.#subscriptions.write(encodeEndpoint(data), guidKey(reader.guid));
    for (const peer of this.#peers.values()) {
      for (const writer of peer.writers.values()) this.#tryMatchWriter(peer, reader, writer);
    }
  }

  removeWriter(writer: Writer): void {
    if (!this.#localWriters.delete(writer.options.entityId)) return;
    this.#disposeEndpoint(this.#publications, writer.guid);
    writer.close();
    for (const peer of this.#peers.values()) {
      for (const [entityId, proxies] of peer.readerProxies) {
        keepOnly(
          peer.readerProxies,
          entityId,
          proxies.filter((proxy) => proxy.writer !== writer),
        );
      }
    }
  }

  removeReader(reader: Reader): void {
    if (!this.#localReaders.delete(reader.options.entityId)) return;
    this.#disposeEndpoint(this.#subscriptions, reader.guid);
    reader.close();
    for (const peer of this.#peers.values()) {
      for (const [entityId, proxies] of peer.writerProxies) {
        keepOnly(
          peer.writerProxies,
          entityId,
          proxies.filter((proxy) => proxy.reader !== reader),
        );
      }
    }
  }

  /** Tells everyone that we and all we have are gone. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelAnnounce?.();
    this.#cancelLeases?.();
    for (const { writer } of [...this.#localWriters.values()]) this.removeWriter(writer);
    for (const { reader } of [...this.#localReaders.values()]) this.removeReader(reader);
    const farewell = this.#encodeFarewell();
    for (const peer of this.#peers.values()) this.#context.link.send([farewell], peer.metatraffic);
    this.#context.link.announce([farewell]);
    for (const writer of this.#builtinWriters()) writer.close();
    for (const reader of this.#builtinReaders) reader.close();
    this.#peers.clear();
  }

  /** A DATA of the SPDP writer, from anyone. @throws MalformedData */
  onParticipant(source: PrefixKey, message: DataSubmessage): void {
    if (source === this.#context.prefix || this.#closed) return;
    if ((message.status & goneStatus) !== 0) {
      const gone = goneGuid(message) ?? { prefix: source, entityId: EntityId.Participant };
      this.#removePeer(gone.prefix, "left");
      return;
    }
    if (message.payload === undefined) return;
    const data = decodeParticipant(message.payload);
    if (data.prefix === this.#context.prefix) return;
    if (data.domainId !== undefined && data.domainId !== this.#options.self.domainId) return;
    const known = this.#peers.get(data.prefix);
    if (known === undefined) this.#addPeer(data);
    else {
      known.data = data;
      known.lastHeardMs = this.#context.scheduler.nowMs();
    }
  }

  #addPeer(data: ParticipantData): void {
    const { link, scheduler } = this.#context;
    const metatraffic = link.choose(data.metatraffic);
    if (metatraffic === undefined || this.#peers.size >= maxPeers) return;
    const userTraffic = link.choose(data.userTraffic) ?? metatraffic;
    const peer = new Peer(data, { metatraffic, userTraffic }, scheduler.nowMs());
    this.#peers.set(data.prefix, peer);
    this.#log.info(
      { peer: guidText(participantGuid(data.prefix)), peerName: data.name, ...metatraffic },
      "participant found",
    );
    // It may have come after our last announcement; its answer need not wait for the next.
    link.send([this.#announcement], metatraffic);
    this.#matchBuiltin(peer);
  }

  /** Discovery's own topics match by participant, not by announcement. */
  #matchBuiltin(peer: Peer): void {
    const { prefix, builtinEndpoints } = peer.data;
    const pairs = [
      { writerBit: 2, readerBit: 3, writer: this.#publications },
      { writerBit: 4, readerBit: 5, writer: this.#subscriptions },
      { writerBit: 10, readerBit: 11, writer: this.#participantMessages },
    ];
    pairs.forEach(({ writerBit, readerBit, writer }, index) => {
      const reader = this.#builtinReaders[index];
      if (reader === undefined) return;
      const locator = peer.metatraffic;
      if (((builtinEndpoints >>> readerBit) & 1) === 1) {
        const guid = { prefix, entityId: reader.options.entityId };
        peer.addReaderProxy(guid.entityId, writer.match({ guid, locator, qos: builtinQos }));
      }
      if (((builtinEndpoints >>> writerBit) & 1) === 1) {
        const guid = { prefix, entityId: writer.options.entityId };
        const proxy = reader.match({ guid, locator, qos: builtinQos });
        peer.addWriterProxy(guid.entityId, proxy);
        proxy.start();
      }
    });
  }

  #removePeer(prefix: PrefixKey, reason: "left" | "lease expired"): void {
    const peer = this.#peers.get(prefix);
    if (peer === undefined) return;
    this.#peers.delete(prefix);
    for (const entityId of [...peer.writerProxies.keys()]) this.#unmatchWriter(peer, entityId);
    for (const entityId of [...peer.readerProxies.keys()]) this.#unmatchReader(peer, entityId);
    for (const key of this.#incompatible.keys()) {
      if (key.startsWith(prefix)) this.#incompatible.delete(key);
    }
    this.#log.info({ peer: guidText(participantGuid(prefix)), reason }, "participant gone");
  }

  #onEndpoint(kind: "writers" | "readers", sample: ReceivedSample, from: Guid): void {
    const peer = this.#peers.get(from.prefix);
    if (peer === undefined) return;
    if ((sample.status & goneStatus) !== 0) {
      const gone = goneGuid(sample);
      if (gone?.prefix !== from.prefix) return;
      peer[kind].delete(gone.entityId);
      if (kind === "writers") this.#unmatchWriter(peer, gone.entityId);
      else this.#unmatchReader(peer, gone.entityId);
      return;
    }
    if (sample.payload === undefined) return;
    const data = decodeEndpoint(sample.payload, { of: kind === "writers" ? "writer" : "reader" });
    // Nobody speaks for others.
    if (data.guid.prefix !== from.prefix || !peer.add(kind, data)) return;
    if (kind === "writers") {
      for (const { reader } of this.#localReaders.values())
        this.#tryMatchWriter(peer, reader, data);
    } else {
      for (const { writer } of this.#localWriters.values())
        this.#tryMatchReader(peer, writer, data);
    }
  }

  #tryMatchReader(peer: Peer, writer: Writer, remote: EndpointData): void {
    if (!this.#isMatch(peer, writer.options, remote, [writer.options.qos, remote.qos])) return;
    const locator = this.#context.link.choose(remote.locators) ?? peer.userTraffic;
    const proxy = writer.match({ guid: remote.guid, locator, qos: remote.qos });
    peer.addReaderProxy(remote.guid.entityId, proxy);
  }

  #tryMatchWriter(peer: Peer, reader: Reader, remote: EndpointData): void {
    if (!this.#isMatch(peer, reader.options, remote, [remote.qos, reader.options.qos])) return;
    const locator = this.#context.link.choose(remote.locators) ?? peer.userTraffic;
    const proxy = reader.match({ guid: remote.guid, locator, qos: remote.qos });
    peer.addWriterProxy(remote.guid.entityId, proxy);
    proxy.start(peer.takeEarlyHeartbeat(remote.guid.entityId));
  }

  #isMatch(
    peer: Peer,
    local: { readonly topicName: string; readonly typeName: string },
    remote: EndpointData,
    [offered, requested]: readonly [EndpointQos, EndpointQos],
  ): boolean {
    if (local.topicName !== remote.topicName || local.typeName !== remote.typeName) return false;
    const policies = incompatiblePolicies(offered, requested);
    if (policies.length === 0) return true;
    const key = guidKey(remote.guid);
    if (!this.#incompatible.has(key) && this.#incompatible.size < maxIncompatibilities) {
      const found = { topicName: local.topicName, peer: peer.data.name, policies };
      this.#incompatible.set(key, found);
      this.#log.warn(
        { ...found, endpoint: guidText(remote.guid) },
        "QoS is incompatible, not matched",
      );
    }
    return false;
  }

  #unmatchWriter(peer: Peer, entityId: number): void {
    const guid = { prefix: peer.data.prefix, entityId };
    for (const { reader } of this.#localReaders.values()) reader.unmatch(guid);
    for (const reader of this.#builtinReaders) reader.unmatch(guid);
    peer.writerProxies.delete(entityId);
  }

  #unmatchReader(peer: Peer, entityId: number): void {
    const guid = { prefix: peer.data.prefix, entityId };
    for (const { writer } of this.#localWriters.values()) writer.unmatch(guid);
    for (const writer of this.#builtinWriters()) writer.unmatch(guid);
    peer.readerProxies.delete(entityId);
  }

  #disposeEndpoint(writer: Writer, guid: Guid): void {
    const key = encodeKey(ParameterId.EndpointGuid, guid);
    writer.writeDisposal(key, guidKey(guid), guidToBytes(guid));
  }

  #announceLoop(): void {
    this.#context.link.announce([this.#announcement]);
    const burstDelayMs = burstDelaysMs[this.#announceCount];
    this.#announceCount += 1;
    // Peers that multicast and probes do not reach still hear from us.
    if (burstDelayMs === undefined) {
      for (const peer of this.#peers.values()) {
        this.#context.link.send([this.#announcement], peer.metatraffic);
      }
      this.#assertLiveliness();
    }
    this.#cancelAnnounce = this.#context.scheduler.after(
      burstDelayMs ?? this.#options.announcePeriodMs,
      () => {
        this.#announceLoop();
      },
    );
  }

  /** 8.4.13.5: AUTOMATIC liveliness of all our writers, for peers that ask for a finite lease. */
  #assertLiveliness(): void {
    const message = Buffer.alloc(24);
    message.writeUInt32BE(0x00010000, 0);
    message.write(this.#context.prefix, 4, 12, "latin1");
    // Kind 1 = automatic; then a sequence of no octets.
    message.writeUInt32BE(1, 16);
    this.#participantMessages.write(message, "automatic");
  }

  #leaseLoop(): void {
    const nowMs = this.#context.scheduler.nowMs();
    for (const [prefix, peer] of this.#peers) {
      if (nowMs - peer.lastHeardMs > peer.data.leaseMs) this.#removePeer(prefix, "lease expired");
    }
    this.#cancelLeases = this.#context.scheduler.after(leaseCheckMs, () => {
      this.#leaseLoop();
    });
  }

  #encodeAnnouncement(): Buffer {
    const payload = encodeParticipant(this.#options.self);
    return this.#spdpMessage(payload.length, (builder) => builder.data(spdpRoute, 1, payload));
  }

  #encodeFarewell(): Buffer {
    const guid = participantGuid(this.#context.prefix);
    const key = encodeKey(ParameterId.ParticipantGuid, guid);
    return this.#spdpMessage(key.length, (builder) =>
      builder.disposal(spdpRoute, 2, { status: goneStatus, keyHash: guidToBytes(guid), key }),
    );
  }

  #spdpMessage(payloadBytes: number, add: (builder: MessageBuilder) => void): Buffer {
    const builder = new MessageBuilder(this.#context.prefix, payloadBytes);
    builder.infoTimestamp(this.#context.unixMs());
    add(builder);
    return Buffer.concat(builder.finish());
  }

  #builtinWriters(): readonly Writer[] {
    return [this.#publications, this.#subscriptions, this.#participantMessages];
  }

  #builtinWriter(entityId: number): Writer {
    const names = { topicName: "", typeName: "" };
    return new Writer({ entityId, ...names, qos: builtinQos, keyed: true }, this.#context);
  }

  #builtinReader(entityId: number, onSample: (sample: ReceivedSample, from: Guid) => void): Reader {
    const names = { topicName: "", typeName: "" };
    return new Reader({ entityId, ...names, qos: builtinQos, onSample }, this.#context);
  }
}

/** Stated, not "unknown": SPDP readers are found by id, and Fast DDS expects it. */
const spdpRoute = { readerId: EntityId.SpdpReader, writerId: EntityId.SpdpWriter } as const;

function participantGuid(prefix: PrefixKey): Guid {
  return { prefix, entityId: EntityId.Participant };
}

/** Who a disposal is about: its key, or the hash of it, which for a GUID is the GUID itself. */
function goneGuid(sample: {
  readonly payload: Buffer | undefined;
  readonly keyHash: Buffer | undefined;
}): Guid | undefined {
  if (sample.keyHash !== undefined) return guidFromBytes(sample.keyHash);
  return sample.payload === undefined ? undefined : decodeKey(sample.payload);
}

function keepOnly<T>(proxies: Map<number, T[]>, entityId: number, kept: T[]): void {
  if (kept.length === 0) proxies.delete(entityId);
  else proxies.set(entityId, kept);
}

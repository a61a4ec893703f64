import type { Log } from "../../../bridge/contract/log.ts";
import { Announcer, type DiscoveryOptions, participantGuid } from "./announcer.ts";
import {
  decodeEndpoint,
  decodeKey,
  decodeParticipant,
  encodeEndpoint,
  encodeKey,
  type EndpointData,
  type ParticipantData,
} from "../params/discovery-data.ts";
import type { EndpointContext, ReceivedSample } from "../endpoint.ts";
import {
  type Guid,
  guidFromBytes,
  guidKey,
  guidText,
  guidToBytes,
  type PrefixKey,
} from "../wire/guid.ts";
import type { DataSubmessage } from "../wire/message-parser.ts";
import { Peer } from "./peer.ts";
import { EntityId, goneStatus, ParameterId } from "../wire/protocol.ts";
import { defaultQos, Durability, type EndpointQos, incompatiblePolicies } from "../params/qos.ts";
import { Reader } from "../reader/reader.ts";
import type { Cancel } from "../transport/scheduler.ts";
import { Writer } from "../writer/writer.ts";

/** A writer and a reader of the same topic that may not be matched. */
export interface Incompatibility {
  readonly topicName: string;
  readonly peer: string;
  readonly policies: readonly string[];
}

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
  readonly #localWriters = new Map<number, Writer>();
  readonly #localReaders = new Map<number, Reader>();
  readonly #incompatible = new Map<string, Incompatibility>();
  readonly #publications: Writer;
  readonly #subscriptions: Writer;
  readonly #participantMessages: Writer;
  readonly #builtinReaders: readonly Reader[];
  readonly #announcer: Announcer;
  #cancelLeases: Cancel | undefined;
  #closed = false;

  constructor(options: DiscoveryOptions) {
    this.#options = options;
    this.#context = options.context;
    this.#log = options.log;
    this.#publications = this.#builtinWriter(EntityId.PublicationsWriter);
    this.#subscriptions = this.#builtinWriter(EntityId.SubscriptionsWriter);
    this.#participantMessages = this.#builtinWriter(EntityId.ParticipantMessageWriter);
    this.#announcer = new Announcer(options, this.#participantMessages, () => this.#peers.values());
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
    this.#announcer.start();
    this.#leaseLoop();
  }

  /** Announces a writer of ours and matches it with the readers already known. */
  addWriter(writer: Writer): void {
    const { topicName, typeName, qos } = writer.options;
    const data: EndpointData = { guid: writer.guid, topicName, typeName, qos, locators: [] };
    this.#localWriters.set(writer.options.entityId, writer);
    this.#publications.write(encodeEndpoint(data), guidKey(writer.guid));
    for (const peer of this.#peers.values()) {
      for (const reader of peer.readers.values()) this.#tryMatchReader(peer, writer, reader);
    }
  }

  addReader(reader: Reader): void {
    const { topicName, typeName, qos } = reader.options;
    const data: EndpointData = { guid: reader.guid, topicName, typeName, qos, locators: [] };
    this.#localReaders.set(reader.options.entityId, reader);
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
    this.#announcer.close();
    this.#cancelLeases?.();
    for (const writer of [...this.#localWriters.values()]) this.removeWriter(writer);
    for (const reader of [...this.#localReaders.values()]) this.removeReader(reader);
    this.#announcer.sayFarewell();
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
    this.#announcer.announceTo(peer);
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
      for (const reader of this.#localReaders.values()) this.#tryMatchWriter(peer, reader, data);
    } else {
      for (const writer of this.#localWriters.values()) this.#tryMatchReader(peer, writer, data);
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
    for (const reader of this.#localReaders.values()) reader.unmatch(guid);
    for (const reader of this.#builtinReaders) reader.unmatch(guid);
    peer.writerProxies.delete(entityId);
  }

  #unmatchReader(peer: Peer, entityId: number): void {
    const guid = { prefix: peer.data.prefix, entityId };
    for (const writer of this.#localWriters.values()) writer.unmatch(guid);
    for (const writer of this.#builtinWriters()) writer.unmatch(guid);
    peer.readerProxies.delete(entityId);
  }

  #disposeEndpoint(writer: Writer, guid: Guid): void {
    const key = encodeKey(ParameterId.EndpointGuid, guid);
    writer.writeDisposal(key, guidKey(guid), guidToBytes(guid));
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

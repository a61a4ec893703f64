import type { Log } from "../../../bridge/contract/log.ts";
import type { EndpointContext, ReceivedSample } from "../endpoint.ts";
import {
  decodeEndpoint,
  decodeKey,
  decodeParticipant,
  type EndpointData,
  type ParticipantData,
} from "../params/discovery-data.ts";
import type { Reader } from "../reader/reader.ts";
import type { Locator } from "../transport/link.ts";
import type { Cancel } from "../transport/scheduler.ts";
import { type Guid, guidFromBytes, guidText, type PrefixKey } from "../wire/guid.ts";
import type { DataSubmessage } from "../wire/message-parser.ts";
import { EntityId, goneStatus } from "../wire/protocol.ts";
import type { Writer } from "../writer/writer.ts";
import { Announcer, type DiscoveryOptions, participantGuid } from "./announcer.ts";
import { BuiltinEndpoints } from "./builtin-endpoints.ts";
import { EndpointMatcher } from "./endpoint-matcher.ts";
import { LivelinessAsserter, takeAssertion } from "./liveliness.ts";
import type { Incompatibility } from "./mismatches.ts";
import { type EndpointKind, Peer } from "./peer.ts";

const maxPeers = 256;
/** Of all peers together; a large ROS 2 system has a few thousand. */
const maxEndpoints = 16_384;
/** A peer that claims a longer lease, or an endless one, is forgotten after this long without a word. */
const maxLeaseMs = 600_000;
const leaseCheckMs = 250;
/** A sample of which no fragment has come for this long is given up. */
const staleMs = 10_000;

/** Who is there (SPDP, 8.5.3), what they have (SEDP, 8.5.4), and for how long. */
export class Discovery {
  readonly #options: DiscoveryOptions;
  readonly #context: EndpointContext;
  readonly #log: Log;
  readonly #peers = new Map<PrefixKey, Peer>();
  readonly #builtin: BuiltinEndpoints;
  readonly #matcher: EndpointMatcher;
  readonly #announcer: Announcer;
  readonly #liveliness: LivelinessAsserter;
  #refusedCount = 0;
  #cancelLeases: Cancel | undefined;
  #closed = false;

  constructor(options: DiscoveryOptions) {
    this.#options = options;
    this.#context = options.context;
    this.#log = options.log;
    this.#matcher = new EndpointMatcher(options.context, options.log);
    this.#builtin = new BuiltinEndpoints(options.context, {
      onEndpoint: (kind, sample, from) => {
        this.#onEndpoint(kind, sample, from);
      },
      onParticipantMessage: ({ payload }, from) => {
        const peer = this.#peers.get(from.prefix);
        if (peer !== undefined && payload !== undefined) takeAssertion(peer, payload);
      },
    });
    this.#liveliness = new LivelinessAsserter(options.context, this.#builtin.participantMessages, {
      idlePeriodMs: options.announcePeriodMs,
    });
    this.#announcer = new Announcer(options, () => this.#peers.values());
  }

  get peerCount(): number {
    return this.#peers.size;
  }

  /** Endpoints of all peers. */
  get endpointCount(): number {
    let count = 0;
    for (const peer of this.#peers.values()) count += peer.endpointCount;
    return count;
  }

  /** Peers and endpoints that were not let in because there were too many. */
  get refusedCount(): number {
    return this.#refusedCount;
  }

  get incompatibilities(): readonly Incompatibility[] {
    return this.#matcher.mismatches.incompatibilities;
  }

  /** Pairs refused so far, those too many to be named included. */
  get mismatchCount(): number {
    return this.#matcher.mismatches.totalCount;
  }

  peer(prefix: PrefixKey): Peer | undefined {
    return this.#peers.get(prefix);
  }

  /** Everyone else. */
  get peers(): Iterable<Peer> {
    return this.#peers.values();
  }

  /** What we announce. */
  ownEndpoints(): { readonly writers: EndpointData[]; readonly readers: EndpointData[] } {
    return {
      writers: this.#matcher.writers.map(announcementOf),
      readers: this.#matcher.readers.map(announcementOf),
    };
  }

  start(): void {
    this.#announcer.start();
    this.#liveliness.start();
    this.#leaseLoop();
  }

  /** Our addresses have changed. */
  onMoved(): void {
    if (!this.#closed) this.#announcer.restart();
  }

  /** Announces a writer of ours and matches it with the readers already known. */
  addWriter(writer: Writer): void {
    this.#builtin.announce("writers", announcementOf(writer));
    this.#liveliness.addWriter(writer);
    this.#matcher.addWriter(writer, this.#peers.values());
  }

  addReader(reader: Reader): void {
    this.#builtin.announce("readers", announcementOf(reader));
    this.#matcher.addReader(reader, this.#peers.values());
  }

  removeWriter(writer: Writer): void {
    if (!this.#matcher.removeWriter(writer, this.#peers.values())) return;
    this.#liveliness.removeWriter(writer);
    this.#builtin.dispose("writers", writer.guid);
  }

  removeReader(reader: Reader): void {
    if (!this.#matcher.removeReader(reader, this.#peers.values())) return;
    this.#builtin.dispose("readers", reader.guid);
  }

  /** Tells everyone that we and all we have are gone. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#announcer.close();
    this.#liveliness.close();
    this.#cancelLeases?.();
    for (const writer of this.#matcher.writers) this.removeWriter(writer);
    for (const reader of this.#matcher.readers) this.removeReader(reader);
    this.#announcer.sayFarewell();
    this.#builtin.close();
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
    if (data.domainId !== undefined && data.domainId !== this.#options.domainId) return;
    const known = this.#peers.get(data.prefix);
    if (known === undefined) this.#addPeer(data);
    else this.#renewPeer(known, data);
  }

  #addPeer(data: ParticipantData): void {
    const locators = this.#locatorsOf(data);
    if (locators === undefined) return;
    if (this.#peers.size >= maxPeers) {
      this.#refuse(
        { peer: data.name, limit: maxPeers },
        "too many participants, one is not let in",
      );
      return;
    }
    const peer = new Peer(data, locators, this.#context.scheduler.nowMs());
    this.#peers.set(data.prefix, peer);
    this.#log.info(
      { peer: peerText(data.prefix), peerName: data.name, ...locators.metatraffic },
      "participant found",
    );
    // It may have come after our last announcement; its answer need not wait for the next.
    this.#announcer.announceTo(peer);
    this.#builtin.match(peer);
  }

  /** Its lease begins anew; where it is to be reached may have changed. */
  #renewPeer(peer: Peer, data: ParticipantData): void {
    peer.data = data;
    peer.lastHeardMs = this.#context.scheduler.nowMs();
    const locators = this.#locatorsOf(data);
    if (locators === undefined || !peer.moveTo(locators)) return;
    this.#log.info({ peer: peerText(data.prefix), ...locators.metatraffic }, "participant moved");
    this.#builtin.match(peer);
    for (const kind of ["writers", "readers"] as const) {
      for (const remote of peer[kind].values()) this.#matcher.judge(peer, kind, remote);
    }
  }

  /** Undefined when we cannot reach it, or may not. */
  #locatorsOf(data: ParticipantData): PeerLocators | undefined {
    const { link } = this.#context;
    const metatraffic = link.choose(data.metatraffic);
    if (metatraffic === undefined) return undefined;
    return { metatraffic, userTraffic: link.choose(data.userTraffic) ?? metatraffic };
  }

  #removePeer(prefix: PrefixKey, reason: "left" | "lease expired"): void {
    const peer = this.#peers.get(prefix);
    if (peer === undefined) return;
    this.#peers.delete(prefix);
    for (const kind of ["writers", "readers"] as const) {
      for (const entityId of peer[kind].keys()) this.#matcher.forget(peer, kind, entityId);
    }
    this.#builtin.unmatch(peer);
    this.#matcher.mismatches.forgetPeer(prefix);
    this.#log.info({ peer: peerText(prefix), reason }, "participant gone");
  }

  #onEndpoint(kind: EndpointKind, sample: ReceivedSample, from: Guid): void {
    const peer = this.#peers.get(from.prefix);
    if (peer === undefined) return;
    if ((sample.status & goneStatus) !== 0) {
      const gone = goneGuid(sample);
      if (gone?.prefix === from.prefix && peer[kind].delete(gone.entityId)) {
        this.#matcher.forget(peer, kind, gone.entityId);
      }
      return;
    }
    if (sample.payload === undefined) return;
    const data = decodeEndpoint(sample.payload, { of: kind === "writers" ? "writer" : "reader" });
    // Nobody speaks for others.
    if (data.guid.prefix !== from.prefix) return;
    if (!this.#hasRoom(peer, kind, data.guid.entityId)) {
      this.#refuse({ peer: peer.data.name }, "too many endpoints, one is not taken");
      return;
    }
    peer[kind].set(data.guid.entityId, data);
    this.#matcher.judge(peer, kind, data);
  }

  #hasRoom(peer: Peer, kind: EndpointKind, entityId: number): boolean {
    if (peer[kind].has(entityId)) return true;
    return peer.hasRoom(kind) && this.endpointCount < maxEndpoints;
  }

  #refuse(fields: Readonly<Record<string, unknown>>, sentence: string): void {
    this.#refusedCount += 1;
    // Powers of two: a flood is told of, and does not flood the log.
    if ((this.#refusedCount & (this.#refusedCount - 1)) === 0) {
      this.#log.warn({ ...fields, refusedCount: this.#refusedCount }, sentence);
    }
  }

  #leaseLoop(): void {
    const nowMs = this.#context.scheduler.nowMs();
    for (const [prefix, peer] of this.#peers) {
      const leaseMs = Math.min(peer.data.leaseMs, maxLeaseMs);
      if (nowMs - peer.lastHeardMs > leaseMs) this.#removePeer(prefix, "lease expired");
    }
    for (const reader of this.#matcher.readers) reader.dropStale(nowMs - staleMs);
    this.#cancelLeases = this.#context.scheduler.after(leaseCheckMs, () => {
      this.#leaseLoop();
    });
  }
}

interface PeerLocators {
  readonly metatraffic: Locator;
  readonly userTraffic: Locator;
}

function announcementOf({ guid, options }: Writer | Reader): EndpointData {
  const { topicName, typeName, qos, userData = "" } = options;
  return { guid, topicName, typeName, qos, userData, locators: [] };
}

/** Who a disposal is about: its key, or the hash of it, which for a GUID is the GUID itself. */
function goneGuid(sample: {
  readonly payload: Buffer | undefined;
  readonly keyHash: Buffer | undefined;
}): Guid | undefined {
  if (sample.keyHash !== undefined) return guidFromBytes(sample.keyHash);
  return sample.payload === undefined ? undefined : decodeKey(sample.payload);
}

function peerText(prefix: PrefixKey): string {
  return guidText(participantGuid(prefix));
}

import type { Log } from "../../../bridge/contract/log.ts";
import { encodeKey, encodeParticipant, type ParticipantData } from "../params/discovery-data.ts";
import type { EndpointContext } from "../endpoint.ts";
import { type Guid, guidToBytes, type PrefixKey } from "../wire/guid.ts";
import { MessageBuilder } from "../wire/message-builder.ts";
import type { Peer } from "./peer.ts";
import { EntityId, goneStatus, ParameterId } from "../wire/protocol.ts";
import type { Cancel } from "../transport/scheduler.ts";

export interface DiscoveryOptions {
  readonly context: EndpointContext;
  readonly domainId: number;
  /** What others are told of us; its addresses may change. */
  readonly self: () => ParticipantData;
  readonly log: Log;
  readonly announcePeriodMs: number;
}

/** Announcements close together at the start, so that a lost one costs little. */
const burstDelaysMs = [50, 100, 250, 600] as const;
/** Stated, not "unknown": SPDP readers are found by id. */
const spdpRoute = { readerId: EntityId.SpdpReader, writerId: EntityId.SpdpWriter } as const;

/** Tells the world that we are here (SPDP, 8.5.3): a burst, then every few seconds, then goodbye. */
export class Announcer {
  readonly #options: DiscoveryOptions;
  readonly #peers: () => Iterable<Peer>;
  #announcement: Buffer;
  #count = 0;
  #cancel: Cancel | undefined;

  constructor(options: DiscoveryOptions, peers: () => Iterable<Peer>) {
    this.#options = options;
    this.#peers = peers;
    this.#announcement = this.#encodeAnnouncement();
  }

  start(): void {
    const { context, announcePeriodMs } = this.#options;
    context.link.announce([this.#announcement]);
    const burstDelayMs = burstDelaysMs[this.#count];
    this.#count += 1;
    if (burstDelayMs === undefined) {
      // Peers that multicast and probes do not reach still hear from us.
      for (const peer of this.#peers()) this.announceTo(peer);
    }
    this.#cancel = context.scheduler.after(burstDelayMs ?? announcePeriodMs, () => {
      this.start();
    });
  }

  /** Where we are to be reached has changed: everyone is told, as at the start. */
  restart(): void {
    this.#cancel?.();
    this.#announcement = this.#encodeAnnouncement();
    for (const peer of this.#peers()) this.announceTo(peer);
    this.#count = 0;
    this.start();
  }

  announceTo(peer: Peer): void {
    this.#options.context.link.send([this.#announcement], peer.metatraffic);
  }

  sayFarewell(): void {
    const farewell = this.#encodeFarewell();
    const { link } = this.#options.context;
    for (const peer of this.#peers()) link.send([farewell], peer.metatraffic);
    link.announce([farewell]);
  }

  close(): void {
    this.#cancel?.();
  }

  #encodeAnnouncement(): Buffer {
    const payload = encodeParticipant(this.#options.self());
    return this.#spdpMessage(payload.length, (builder) => builder.data(spdpRoute, 1, payload));
  }

  #encodeFarewell(): Buffer {
    const guid = participantGuid(this.#options.context.prefix);
    const key = encodeKey(ParameterId.ParticipantGuid, guid);
    return this.#spdpMessage(key.length, (builder) =>
      builder.disposal(spdpRoute, 2, { status: goneStatus, keyHash: guidToBytes(guid), key }),
    );
  }

  #spdpMessage(payloadBytes: number, add: (builder: MessageBuilder) => void): Buffer {
    const { prefix, unixMs } = this.#options.context;
    const builder = new MessageBuilder(prefix, payloadBytes).infoTimestamp(unixMs());
    add(builder);
    return Buffer.concat(builder.finish());
  }
}

export function participantGuid(prefix: PrefixKey): Guid {
  return { prefix, entityId: EntityId.Participant };
}

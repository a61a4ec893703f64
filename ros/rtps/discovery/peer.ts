import type { EndpointData, ParticipantData } from "../params/discovery-data.ts";
import type { GraphNode } from "../rosgraph/graph-info.ts";
import type { Locator } from "../transport/link.ts";
import type { ReaderProxy } from "../writer/reader-proxy.ts";
import type { EarlyHeartbeat, WriterProxy } from "../reader/writer-proxy.ts";

const maxEarlyHeartbeats = 64;
/** Far above what a ROS 2 node has (about ten plus its topics); a peer that claims more is ignored. */
const maxEndpoints = 2048;

/** What a participant has and announces. */
export type EndpointKind = "writers" | "readers";

/** A discovered participant, its endpoints, and which of ours they are matched with. */
export class Peer {
  data: ParticipantData;
  metatraffic: Locator;
  userTraffic: Locator;
  lastHeardMs: number;
  /** The ROS nodes it said it has. */
  nodes: readonly GraphNode[] = [];
  /** What it announced, by entity id. */
  readonly writers = new Map<number, EndpointData>();
  readonly readers = new Map<number, EndpointData>();
  /** Our readers' views of its writers, our writers' views of its readers, by its entity id. */
  readonly writerProxies = new Map<number, WriterProxy[]>();
  readonly readerProxies = new Map<number, ReaderProxy[]>();
  readonly #early = new Map<number, EarlyHeartbeat>();

  constructor(
    data: ParticipantData,
    locators: { readonly metatraffic: Locator; readonly userTraffic: Locator },
    nowMs: number,
  ) {
    this.data = data;
    this.metatraffic = locators.metatraffic;
    this.userTraffic = locators.userTraffic;
    this.lastHeardMs = nowMs;
  }

  hasRoom(kind: EndpointKind): boolean {
    return this[kind].size < maxEndpoints;
  }

  /** False when it is where it was. */
  moveTo(to: { readonly metatraffic: Locator; readonly userTraffic: Locator }): boolean {
    if (isSame(to.metatraffic, this.metatraffic) && isSame(to.userTraffic, this.userTraffic)) {
      return false;
    }
    this.metatraffic = to.metatraffic;
    this.userTraffic = to.userTraffic;
    return true;
  }

  get endpointCount(): number {
    return this.writers.size + this.readers.size;
  }

  /** False when it was there already. */
  addWriterProxy(entityId: number, proxy: WriterProxy): boolean {
    return addTo(this.writerProxies, entityId, proxy);
  }

  addReaderProxy(entityId: number, proxy: ReaderProxy): boolean {
    return addTo(this.readerProxies, entityId, proxy);
  }

  /** @param entityId of the peer's writer; default all of them. */
  dropWriterProxies(isGone: (proxy: WriterProxy) => boolean, entityId?: number): void {
    dropFrom(this.writerProxies, isGone, entityId);
  }

  dropReaderProxies(isGone: (proxy: ReaderProxy) => boolean, entityId?: number): void {
    dropFrom(this.readerProxies, isGone, entityId);
  }

  /**
   * Fast DDS's first heartbeat for a new reader can arrive half a millisecond before the SEDP sample
   * that tells of the writer, and the next one 3 s later: keep it for the match.
   */
  keepEarlyHeartbeat(writerId: number, heartbeat: EarlyHeartbeat): void {
    if (this.#early.size >= maxEarlyHeartbeats && !this.#early.has(writerId)) return;
    const { first, last, count, final, liveliness } = heartbeat;
    this.#early.set(writerId, { first, last, count, final, liveliness });
  }

  takeEarlyHeartbeat(writerId: number): EarlyHeartbeat | undefined {
    const heartbeat = this.#early.get(writerId);
    this.#early.delete(writerId);
    return heartbeat;
  }
}

function addTo<T>(proxies: Map<number, T[]>, entityId: number, proxy: T): boolean {
  const known = proxies.get(entityId);
  if (known === undefined) proxies.set(entityId, [proxy]);
  else if (known.includes(proxy)) return false;
  else known.push(proxy);
  return true;
}

function dropFrom<T>(
  proxies: Map<number, T[]>,
  isGone: (proxy: T) => boolean,
  entityId: number | undefined,
): void {
  for (const id of entityId === undefined ? [...proxies.keys()] : [entityId]) {
    const kept = (proxies.get(id) ?? []).filter((proxy) => !isGone(proxy));
    if (kept.length === 0) proxies.delete(id);
    else proxies.set(id, kept);
  }
}

function isSame(one: Locator, other: Locator): boolean {
  return one.address === other.address && one.port === other.port;
}

import type { EndpointData, ParticipantData } from "../params/discovery-data.ts";
import type { Locator } from "../transport/link.ts";
import type { ReaderProxy } from "../writer/reader-proxy.ts";
import type { EarlyHeartbeat, WriterProxy } from "../reader/writer-proxy.ts";

const maxEarlyHeartbeats = 64;
/** Far above what a ROS 2 node has (about ten plus its topics); a peer that claims more is ignored. */
const maxEndpoints = 2048;

/** A discovered participant, its endpoints, and which of ours they are matched with. */
export class Peer {
  data: ParticipantData;
  readonly metatraffic: Locator;
  readonly userTraffic: Locator;
  lastHeardMs: number;
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

  /** Remembers an endpoint; false when it has too many. */
  add(kind: "writers" | "readers", endpoint: EndpointData): boolean {
    const { entityId } = endpoint.guid;
    if (this[kind].size >= maxEndpoints && !this[kind].has(entityId)) return false;
    this[kind].set(entityId, endpoint);
    return true;
  }

  addWriterProxy(entityId: number, proxy: WriterProxy): void {
    const proxies = this.writerProxies.get(entityId) ?? [];
    if (!proxies.includes(proxy)) proxies.push(proxy);
    this.writerProxies.set(entityId, proxies);
  }

  addReaderProxy(entityId: number, proxy: ReaderProxy): void {
    const proxies = this.readerProxies.get(entityId) ?? [];
    if (!proxies.includes(proxy)) proxies.push(proxy);
    this.readerProxies.set(entityId, proxies);
  }

  /**
   * Fast DDS's first heartbeat for a new reader can arrive half a millisecond before the SEDP sample
   * that tells of the writer, and the next one 3 s later: keep it for the match.
   */
  keepEarlyHeartbeat(writerId: number, heartbeat: EarlyHeartbeat): void {
    if (this.#early.size >= maxEarlyHeartbeats && !this.#early.has(writerId)) return;
    const { first, last, count, final } = heartbeat;
    this.#early.set(writerId, { first, last, count, final });
  }

  takeEarlyHeartbeat(writerId: number): EarlyHeartbeat | undefined {
    const heartbeat = this.#early.get(writerId);
    this.#early.delete(writerId);
    return heartbeat;
  }
}

import type { Log } from "../../../bridge/contract/log.ts";
import type { EndpointContext, MatchedEndpoint } from "../endpoint.ts";
import type { EndpointData } from "../params/discovery-data.ts";
import { type EndpointQos, incompatiblePolicies } from "../params/qos.ts";
import type { Reader } from "../reader/reader.ts";
import type { Guid } from "../wire/guid.ts";
import type { Writer } from "../writer/writer.ts";
import { type EndpointPair, Mismatches } from "./mismatches.ts";
import type { EndpointKind, Peer } from "./peer.ts";

/** Which of our endpoints belong together with which of a peer's: same topic, same type, fitting QoS. */
export class EndpointMatcher {
  readonly mismatches: Mismatches;
  readonly #context: EndpointContext;
  readonly #writers = new Map<number, Writer>();
  readonly #readers = new Map<number, Reader>();

  constructor(context: EndpointContext, log: Log) {
    this.#context = context;
    this.mismatches = new Mismatches(log, context.emit);
  }

  get writers(): readonly Writer[] {
    return [...this.#writers.values()];
  }

  get readers(): readonly Reader[] {
    return [...this.#readers.values()];
  }

  addWriter(writer: Writer, peers: Iterable<Peer>): void {
    this.#writers.set(writer.options.entityId, writer);
    for (const peer of peers) {
      for (const remote of peer.readers.values()) this.#judgeReader(peer, writer, remote);
    }
  }

  addReader(reader: Reader, peers: Iterable<Peer>): void {
    this.#readers.set(reader.options.entityId, reader);
    for (const peer of peers) {
      for (const remote of peer.writers.values()) this.#judgeWriter(peer, reader, remote);
    }
  }

  /** False when it is not one of ours any more. */
  removeWriter(writer: Writer, peers: Iterable<Peer>): boolean {
    if (!this.#writers.delete(writer.options.entityId)) return false;
    writer.close();
    this.mismatches.forget(writer.guid);
    for (const peer of peers) peer.dropReaderProxies((proxy) => proxy.writer === writer);
    return true;
  }

  removeReader(reader: Reader, peers: Iterable<Peer>): boolean {
    if (!this.#readers.delete(reader.options.entityId)) return false;
    reader.close();
    this.mismatches.forget(reader.guid);
    for (const peer of peers) peer.dropWriterProxies((proxy) => proxy.reader === reader);
    return true;
  }

  /** A peer's endpoint is new, or says something new of itself: it may match now, or no longer. */
  judge(peer: Peer, kind: EndpointKind, remote: EndpointData): void {
    if (kind === "writers") {
      for (const reader of this.#readers.values()) this.#judgeWriter(peer, reader, remote);
    } else {
      for (const writer of this.#writers.values()) this.#judgeReader(peer, writer, remote);
    }
  }

  /** A peer's endpoint is gone. */
  forget(peer: Peer, kind: EndpointKind, entityId: number): void {
    const guid: Guid = { prefix: peer.data.prefix, entityId };
    this.mismatches.forget(guid);
    if (kind === "writers") {
      for (const reader of this.#readers.values()) reader.unmatch(guid);
      peer.writerProxies.delete(entityId);
    } else {
      for (const writer of this.#writers.values()) writer.unmatch(guid);
      peer.readerProxies.delete(entityId);
    }
  }

  #judgeReader(peer: Peer, writer: Writer, remote: EndpointData): void {
    const pair = pairOf(peer, writer, "publisher", remote);
    const { entityId } = remote.guid;
    if (this.#isMatch(pair, writer.options, remote)) {
      peer.addReaderProxy(entityId, writer.match(this.#matched(peer, remote)));
      return;
    }
    writer.unmatch(remote.guid);
    peer.dropReaderProxies((proxy) => proxy.writer === writer, entityId);
  }

  #judgeWriter(peer: Peer, reader: Reader, remote: EndpointData): void {
    const pair = pairOf(peer, reader, "subscription", remote);
    const { entityId } = remote.guid;
    if (this.#isMatch(pair, reader.options, remote)) {
      const proxy = reader.match(this.#matched(peer, remote));
      if (peer.addWriterProxy(entityId, proxy)) proxy.start(peer.takeEarlyHeartbeat(entityId));
      return;
    }
    reader.unmatch(remote.guid);
    peer.dropWriterProxies((proxy) => proxy.reader === reader, entityId);
  }

  #matched(peer: Peer, { guid, qos, locators }: EndpointData): MatchedEndpoint {
    return { guid, qos, locator: this.#context.link.choose(locators) ?? peer.userTraffic };
  }

  /** Where only QoS or type keep the two apart, says so. */
  #isMatch(pair: EndpointPair, local: LocalEndpoint, remote: EndpointData): boolean {
    if (local.topicName !== remote.topicName) return false;
    if (local.typeName !== remote.typeName) {
      const types = { ownType: local.typeName, peerType: remote.typeName };
      this.mismatches.addTypes(pair, types);
      return false;
    }
    const [offered, requested] =
      pair.side === "publisher" ? [local.qos, remote.qos] : [remote.qos, local.qos];
    const policies = incompatiblePolicies(offered, requested);
    if (policies.length > 0) this.mismatches.addPolicies(pair, policies);
    else this.mismatches.delete(pair.local, pair.remote);
    return policies.length === 0;
  }
}

/** What is judged of our own writer or reader. */
interface LocalEndpoint {
  readonly topicName: string;
  readonly typeName: string;
  readonly qos: EndpointQos;
}

function pairOf(
  peer: Peer,
  local: { readonly guid: Guid },
  side: EndpointPair["side"],
  { guid, topicName }: EndpointData,
): EndpointPair {
  return { local: local.guid, side, topicName, remote: guid, peerName: peer.data.name };
}

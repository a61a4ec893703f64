import type { Discovery } from "./discovery.ts";
import type { PrefixKey } from "../wire/guid.ts";
import type {
  AckNackSubmessage,
  DataSubmessage,
  FragmentSubmessage,
  GapSubmessage,
  HeartbeatSubmessage,
  NackFragmentSubmessage,
  SubmessageHandler,
} from "../wire/message-parser.ts";
import type { Peer } from "./peer.ts";
import { EntityId } from "../wire/protocol.ts";
import type { Scheduler } from "../transport/scheduler.ts";
import type { WriterProxy } from "../reader/writer-proxy.ts";

/** Leads submessages to the endpoints they are for. Whoever is not a discovered peer is not heard. */
export class Router implements SubmessageHandler {
  readonly #discovery: Discovery;
  readonly #scheduler: Scheduler;

  constructor(discovery: Discovery, scheduler: Scheduler) {
    this.#discovery = discovery;
    this.#scheduler = scheduler;
  }

  /** // hot path */
  onData(source: PrefixKey, message: DataSubmessage): void {
    if (message.writerId === EntityId.SpdpWriter) {
      this.#discovery.onParticipant(source, message);
      return;
    }
    this.#eachWriterProxy(source, message, (proxy) => {
      proxy.onData(message);
    });
  }

  /** // hot path */
  onFragment(source: PrefixKey, message: FragmentSubmessage): void {
    this.#eachWriterProxy(source, message, (proxy) => {
      proxy.onFragment(message);
    });
  }

  onHeartbeat(source: PrefixKey, message: HeartbeatSubmessage): void {
    const peer = this.#hear(source);
    if (peer === undefined) return;
    const proxies = peer.writerProxies.get(message.writerId);
    if (proxies === undefined) {
      peer.keepEarlyHeartbeat(message.writerId, message);
      return;
    }
    for (const proxy of proxies) {
      if (isFor(proxy, message.readerId)) proxy.onHeartbeat(message);
    }
  }

  onGap(source: PrefixKey, message: GapSubmessage): void {
    this.#eachWriterProxy(source, message, (proxy) => {
      proxy.onGap(message);
    });
  }

  onAckNack(source: PrefixKey, message: AckNackSubmessage): void {
    const peer = this.#hear(source);
    for (const proxy of peer?.readerProxies.get(message.readerId) ?? []) {
      if (proxy.writer.options.entityId === message.writerId) proxy.onAckNack(message);
    }
  }

  onNackFragment(source: PrefixKey, message: NackFragmentSubmessage): void {
    const peer = this.#hear(source);
    for (const proxy of peer?.readerProxies.get(message.readerId) ?? []) {
      if (proxy.writer.options.entityId === message.writerId) proxy.onNackFragment(message);
    }
  }

  #eachWriterProxy(
    source: PrefixKey,
    message: { readonly readerId: number; readonly writerId: number },
    visit: (proxy: WriterProxy) => void,
  ): void {
    const proxies = this.#hear(source)?.writerProxies.get(message.writerId);
    if (proxies === undefined) return;
    for (const proxy of proxies) {
      if (isFor(proxy, message.readerId)) visit(proxy);
    }
  }

  /** Anything a peer says renews its lease. */
  #hear(source: PrefixKey): Peer | undefined {
    const peer = this.#discovery.peer(source);
    if (peer !== undefined) peer.lastHeardMs = this.#scheduler.nowMs();
    return peer;
  }
}

function isFor(proxy: WriterProxy, readerId: number): boolean {
  return readerId === EntityId.Unknown || readerId === proxy.reader.options.entityId;
}

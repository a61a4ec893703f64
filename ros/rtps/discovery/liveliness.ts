import type { EndpointContext } from "../endpoint.ts";
import { LivelinessKind } from "../params/qos.ts";
import { MalformedData } from "../params/params.ts";
import type { Cancel } from "../transport/scheduler.ts";
import type { PrefixKey } from "../wire/guid.ts";
import type { Writer } from "../writer/writer.ts";
import type { Peer } from "./peer.ts";

/** ParticipantMessageData (9.6.3.1): encapsulation, prefix, kind, a sequence of octets. */
const headerBytes = 4;
const kindOffset = headerBytes + 12;
/** 9.6.3.1: what is asserted; four octets, the same in either byte order. */
const automaticUpdate = 1;
const manualUpdate = 2;
/** An assertion or two may get lost within a lease. */
const assertionsPerLease = 3;

/** Says that our writers of automatic liveliness are alive (8.4.13.5), as often as the shortest lease needs. */
export class LivelinessAsserter {
  readonly #context: EndpointContext;
  readonly #writer: Writer;
  readonly #idlePeriodMs: number;
  readonly #message: Buffer;
  readonly #leases = new Map<Writer, number>();
  #cancel: Cancel | undefined;

  /** @param options.idlePeriodMs how often without any finite lease. */
  constructor(
    context: EndpointContext,
    writer: Writer,
    options: { readonly idlePeriodMs: number },
  ) {
    this.#context = context;
    this.#writer = writer;
    this.#idlePeriodMs = options.idlePeriodMs;
    this.#message = encodeAssertion(context.prefix);
  }

  get periodMs(): number {
    const shortest = Math.min(Number.POSITIVE_INFINITY, ...this.#leases.values());
    return Math.min(this.#idlePeriodMs, shortest / assertionsPerLease);
  }

  start(): void {
    this.#cancel?.();
    this.#cancel = this.#context.scheduler.after(this.periodMs, () => {
      this.#writer.write(this.#message, "automatic");
      this.start();
    });
  }

  addWriter(writer: Writer): void {
    const { livelinessKind, livelinessLeaseMs } = writer.options.qos;
    if (livelinessKind !== LivelinessKind.Automatic || !Number.isFinite(livelinessLeaseMs)) return;
    this.#leases.set(writer, livelinessLeaseMs);
    this.start();
  }

  removeWriter(writer: Writer): void {
    this.#leases.delete(writer);
  }

  close(): void {
    this.#cancel?.();
  }
}

/** A peer's assertion: a sign of life of all its writers of that kind. @throws MalformedData */
export function takeAssertion(peer: Peer, payload: Buffer): void {
  if (payload.length < kindOffset + 4) {
    throw new MalformedData(`participant message of ${payload.length} octets, expected 20 or more`);
  }
  const { prefix } = peer.data;
  if (payload.toString("latin1", headerBytes, kindOffset) !== prefix) return;
  const kind = assertedKind(payload.readUInt32BE(kindOffset));
  for (const proxies of peer.writerProxies.values()) {
    for (const proxy of proxies) {
      if (proxy.writer.qos.livelinessKind === kind) proxy.onSign?.();
    }
  }
}

/** Undefined for a vendor's own kinds. */
function assertedKind(update: number): number | undefined {
  if (update === automaticUpdate) return LivelinessKind.Automatic;
  return update === manualUpdate ? LivelinessKind.ByParticipant : undefined;
}

function encodeAssertion(prefix: PrefixKey): Buffer {
  const message = Buffer.alloc(kindOffset + 8);
  message.writeUInt32BE(0x00010000, 0);
  message.write(prefix, headerBytes, 12, "latin1");
  message.writeUInt32BE(automaticUpdate, kindOffset);
  return message;
}

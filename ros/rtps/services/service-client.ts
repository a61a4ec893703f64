import { randomBytes } from "node:crypto";
import type { RosService } from "../../../bridge/contract/ros-services.ts";
import type { ReceivedSample } from "../endpoint.ts";
import type { Reader } from "../reader/reader.ts";
import { ddsServiceNames } from "../rosgraph/names.ts";
import type { Cancel } from "../transport/scheduler.ts";
import { guidKey, type Guid } from "../wire/guid.ts";
import type { Writer } from "../writer/writer.ts";
import { addRequestHeader, takeRequestHeader } from "./request-header.ts";
import { callStyleOf, fullyMatched, type ServiceEndpoints } from "./service-endpoints.ts";

/** Calls waiting for a server or for its response; more are refused. */
export const maxPendingCalls = 256;

/** How a call ended: with a response, or why without. */
export type CallOutcome =
  { readonly cdr: Uint8Array } | { readonly failure: "timeout" | "closed" | "too-many" };

interface PendingCall {
  readonly cdr: Uint8Array;
  readonly onOutcome: (outcome: CallOutcome) => void;
  readonly cancelTimeout: Cancel;
}

/**
 * Calls a ROS 2 service of either rmw convention: each request goes to one server, in the way its
 * participant understands.
 */
export class ServiceClient {
  readonly service: RosService;
  readonly #endpoints: ServiceEndpoints;
  readonly #requests: Writer;
  readonly #responses: Reader;
  /** What we are called in Cyclone DDS's header. */
  readonly #id = randomBytes(8).readBigUInt64LE();
  readonly #unsent = new Set<PendingCall>();
  /** By the number of the request sample. */
  readonly #sent = new Map<number, PendingCall>();
  readonly #onServers: (count: number) => void;
  #serverCount = 0;
  #closed = false;

  /** @throws BridgeError `ros/type` for names ROS 2 does not allow. */
  constructor(
    service: RosService,
    endpoints: ServiceEndpoints,
    onServers: (count: number) => void = () => undefined,
  ) {
    this.service = service;
    this.#endpoints = endpoints;
    this.#onServers = onServers;
    const names = ddsServiceNames(service);
    const onMatch = (): void => {
      endpoints.scheduler.soon(() => {
        this.#look();
      });
    };
    this.#responses = endpoints.openReader(names.response, {
      onSample: (sample, from) => {
        this.#onResponse(sample, from);
      },
      onMatch,
    });
    this.#requests = endpoints.openWriter(names.request, onMatch);
  }

  /** Servers that can be called: their request reader and response writer are matched. */
  get serverCount(): number {
    return this.#serverCount;
  }

  /** Calls a server, now or as soon as there is one. The bytes are kept and must not change. */
  call(cdr: Uint8Array, timeoutMs: number, onOutcome: (outcome: CallOutcome) => void): void {
    if (this.#closed || this.#unsent.size + this.#sent.size >= maxPendingCalls) {
      onOutcome({ failure: this.#closed ? "closed" : "too-many" });
      return;
    }
    const cancelTimeout = this.#endpoints.scheduler.after(timeoutMs, () => {
      this.#forget(pending);
      onOutcome({ failure: "timeout" });
    });
    const pending: PendingCall = { cdr, onOutcome, cancelTimeout };
    this.#unsent.add(pending);
    this.#look();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#endpoints.close(this.#requests, this.#responses);
    for (const pending of [...this.#unsent, ...this.#sent.values()]) {
      pending.cancelTimeout();
      pending.onOutcome({ failure: "closed" });
    }
    this.#unsent.clear();
    this.#sent.clear();
  }

  #forget(pending: PendingCall): void {
    this.#unsent.delete(pending);
    for (const [number, sent] of this.#sent) if (sent === pending) this.#sent.delete(number);
  }

  /** Who can be called now; whoever waited for that goes out. */
  #look(): void {
    if (this.#closed) return;
    const servers = fullyMatched(this.#requests, this.#responses);
    if (servers.length !== this.#serverCount) {
      this.#serverCount = servers.length;
      this.#onServers(servers.length);
    }
    const [server] = servers;
    if (server === undefined) return;
    for (const pending of this.#unsent) this.#send(pending, server);
    this.#unsent.clear();
  }

  #send(pending: PendingCall, server: Guid): void {
    const to = server.prefix;
    if (callStyleOf(this.#endpoints, to) === "header") {
      const header = { client: this.#id, sequenceNumber: BigInt(this.#requests.history.last + 1) };
      const payload = addRequestHeader(pending.cdr, header);
      this.#sent.set(this.#requests.writeCall(payload, { to, related: undefined }), pending);
      return;
    }
    // As rmw_fastrtps has it: the reader that replies should be meant for, and no number.
    const related = { guid: this.#responses.guid, sequenceNumber: Number.NaN };
    this.#sent.set(this.#requests.writeCall(pending.cdr, { to, related }), pending);
  }

  #onResponse(sample: ReceivedSample, from: Guid): void {
    const { payload, status } = sample;
    if (payload === undefined || status !== 0) return;
    if (callStyleOf(this.#endpoints, from.prefix) === "header") {
      const { header, cdr } = takeRequestHeader(payload);
      if (header.client === this.#id) this.#settle(Number(header.sequenceNumber), cdr);
      return;
    }
    const { related } = sample;
    if (related !== undefined && this.#isOurs(related.guid)) {
      this.#settle(related.sequenceNumber, payload);
    }
  }

  /** Servers name the reader we asked them to name, or, where they do not know of that, the writer. */
  #isOurs(guid: Guid): boolean {
    const key = guidKey(guid);
    return key === guidKey(this.#responses.guid) || key === guidKey(this.#requests.guid);
  }

  #settle(sequenceNumber: number, cdr: Uint8Array): void {
    const pending = this.#sent.get(sequenceNumber);
    if (pending === undefined) return;
    this.#sent.delete(sequenceNumber);
    pending.cancelTimeout();
    pending.onOutcome({ cdr });
  }
}

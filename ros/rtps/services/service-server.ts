import type { RosService } from "../../../bridge/contract/ros-services.ts";
import type { CallTag, ReceivedSample } from "../endpoint.ts";
import type { Reader } from "../reader/reader.ts";
import { ddsServiceNames } from "../rosgraph/names.ts";
import type { Cancel } from "../transport/scheduler.ts";
import type { Guid } from "../wire/guid.ts";
import type { Writer } from "../writer/writer.ts";
import { addRequestHeader, type RequestHeader, takeRequestHeader } from "./request-header.ts";
import { callStyleOf, type ServiceEndpoints } from "./service-endpoints.ts";

/** Requests being answered; more are not taken. */
const maxPendingRequests = 256;
/** How long a response waits for its client's reader to be discovered. */
const readerPatienceMs = 1000;

/** Sends the response; undefined: there will be none. Only the first call counts. */
export type Respond = (responseCdr: Uint8Array | undefined) => void;

interface WaitingResponse {
  readonly payload: Uint8Array;
  readonly call: CallTag;
  readonly cancelPatience: Cancel;
}

export interface ServiceServerStats {
  readonly requestCount: number;
  readonly responseCount: number;
  /** Requests not taken because too many were unanswered. */
  readonly refusedCount: number;
  /** Responses whose client had gone, or never was discovered. */
  readonly orphanCount: number;
}

/** Answers a ROS 2 service to clients of either rmw convention. */
export class ServiceServer {
  readonly service: RosService;
  readonly #endpoints: ServiceEndpoints;
  readonly #onRequest: (requestCdr: Uint8Array, respond: Respond) => void;
  readonly #requests: Reader;
  readonly #responses: Writer;
  readonly #waiting = new Set<WaitingResponse>();
  readonly #counts = { requestCount: 0, responseCount: 0, refusedCount: 0, orphanCount: 0 };
  #pendingCount = 0;
  #closed = false;

  /** @throws BridgeError `ros/type` for names ROS 2 does not allow. */
  constructor(
    service: RosService,
    endpoints: ServiceEndpoints,
    onRequest: (requestCdr: Uint8Array, respond: Respond) => void,
  ) {
    this.service = service;
    this.#endpoints = endpoints;
    this.#onRequest = onRequest;
    const names = ddsServiceNames(service);
    this.#responses = endpoints.openWriter(names.response, () => {
      endpoints.scheduler.soon(() => {
        this.#sendWaiting();
      });
    });
    this.#requests = endpoints.openReader(names.request, {
      onSample: (sample, from) => {
        this.#onSample(sample, from);
      },
      onMatch: () => undefined,
    });
  }

  stats(): ServiceServerStats {
    return { ...this.#counts };
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#endpoints.close(this.#responses, this.#requests);
    for (const { cancelPatience } of this.#waiting) cancelPatience();
    this.#waiting.clear();
  }

  #onSample(sample: ReceivedSample, from: Guid): void {
    const { payload, status, related, sequenceNumber } = sample;
    if (payload === undefined || status !== 0) return;
    const to = from.prefix;
    if (callStyleOf(this.#endpoints, to) === "header") {
      const { header, cdr } = takeRequestHeader(payload);
      this.#ask(cdr, { to, related: undefined }, header);
      return;
    }
    // A client that says where replies should go expects that name in them, else its writer's.
    const guid =
      related?.guid.entityId === undefined || related.guid.entityId === 0 ? from : related.guid;
    this.#ask(payload, { to, related: { guid, sequenceNumber } });
  }

  #ask(cdr: Uint8Array, call: CallTag, header?: RequestHeader): void {
    if (this.#pendingCount >= maxPendingRequests) {
      this.#counts.refusedCount += 1;
      return;
    }
    this.#pendingCount += 1;
    this.#counts.requestCount += 1;
    let isAnswered = false;
    this.#onRequest(cdr, (response) => {
      if (isAnswered) return;
      isAnswered = true;
      this.#pendingCount -= 1;
      if (response === undefined || this.#closed) return;
      this.#respond(header === undefined ? response : addRequestHeader(response, header), call);
    });
  }

  /** The request may have overtaken the news of the reader that waits for its response. */
  #respond(payload: Uint8Array, call: CallTag): void {
    if (this.#isReachable(call)) {
      this.#counts.responseCount += 1;
      this.#responses.writeCall(payload, call);
      return;
    }
    const cancelPatience = this.#endpoints.scheduler.after(readerPatienceMs, () => {
      this.#waiting.delete(waiting);
      this.#counts.orphanCount += 1;
    });
    const waiting: WaitingResponse = { payload, call, cancelPatience };
    this.#waiting.add(waiting);
  }

  #sendWaiting(): void {
    for (const waiting of this.#waiting) {
      if (this.#closed || !this.#isReachable(waiting.call)) continue;
      this.#waiting.delete(waiting);
      waiting.cancelPatience();
      this.#respond(waiting.payload, waiting.call);
    }
  }

  /** The reader the client named has answered us, or, where it named none, any reader of its participant. */
  #isReachable({ to, related }: CallTag): boolean {
    const named = related !== undefined && isReader(related.guid) ? related.guid : undefined;
    for (const { guid } of this.#responses.answeringReaders()) {
      if (guid.prefix === to && (named === undefined || named.entityId === guid.entityId))
        return true;
    }
    return false;
  }
}

/** 9.3.1.2: entity kinds 0x04 and 0x07, in the last octet, are readers. */
function isReader({ entityId }: Guid): boolean {
  return (entityId & 0x07) === 0x04 || (entityId & 0x07) === 0x07;
}

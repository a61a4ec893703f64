import { randomUUID } from "node:crypto";
import { BridgeError, ErrorCode } from "../../../bridge/contract/errors.ts";
import type { Advertisement } from "./discovery-message.ts";
import { parseEndpoint } from "./endpoint.ts";
import type { ZmtpListener, ZmtpOptions } from "./zmtp-connection.ts";
import { ZmtpDialer } from "./zmtp-dialer.ts";

const maxPending = 256;
const maxServers = 64;

export interface ServiceCall {
  /** With its partition. */
  readonly topic: string;
  readonly requestType: string;
  readonly responseType: string;
  readonly request: Uint8Array;
  readonly timeoutMs: number;
}

interface Pending {
  readonly call: ServiceCall;
  readonly requestUuid: string;
  isSent: boolean;
  settle(result: Uint8Array | BridgeError): void;
}

export interface ServiceClientOptions {
  readonly zmtp: ZmtpOptions;
  /** Of the socket that takes replies: the server dials it back. */
  readonly replyEndpoint: string;
  readonly replyId: string;
  /** Asks the network who offers a service. */
  readonly ask: (topic: string) => void;
  /** Who is known to offer it now. */
  readonly servers: (topic: string) => Iterable<Advertisement>;
}

/**
 * Calls services. A request waits for a server to be found and connected; replies come on a connection
 * the server opens to us. The first call of a server takes about 100 ms, because Gazebo's side sleeps
 * after it dials.
 */
export class ServiceClient {
  readonly #options: ServiceClientOptions;
  readonly #nodeUuid = randomUUID();
  readonly #pending = new Map<string, Pending>();
  readonly #dialers = new Map<string, ZmtpDialer>();

  constructor(options: ServiceClientOptions) {
    this.#options = options;
  }

  /** Of the ROUTER socket that takes replies. */
  readonly listener: ZmtpListener = {
    onReady: () => undefined,
    onMessage: (_, parts) => {
      this.#onReply(parts);
    },
    onClosed: () => undefined,
  };

  /**
   * The reply's protobuf bytes.
   *
   * @throws BridgeError `sim/transport` when no server answers in time or the server reports failure.
   */
  async call(call: ServiceCall): Promise<Uint8Array> {
    if (this.#pending.size >= maxPending) {
      throw new BridgeError(
        ErrorCode.SimTransport,
        `${this.#pending.size} service calls wait for replies, the limit is ${maxPending}`,
      );
    }
    const requestUuid = randomUUID();
    const result = await new Promise<Uint8Array | BridgeError>((resolve) => {
      const timer = setTimeout(() => {
        pending.settle(this.#timeoutError(pending));
      }, call.timeoutMs);
      const pending: Pending = {
        call,
        requestUuid,
        isSent: false,
        settle: (outcome) => {
          clearTimeout(timer);
          this.#pending.delete(requestUuid);
          resolve(outcome);
        },
      };
      this.#pending.set(requestUuid, pending);
      this.#options.ask(call.topic);
      this.#trySend(pending);
    });
    if (result instanceof BridgeError) throw result;
    return result;
  }

  onAdvertised(advertisement: Advertisement): void {
    for (const pending of this.#pending.values()) {
      if (pending.call.topic === advertisement.topic) this.#trySend(pending);
    }
  }

  onGone(advertisement: Advertisement): void {
    const { address } = advertisement;
    this.#dialers.get(address)?.close();
    this.#dialers.delete(address);
  }

  close(): void {
    for (const dialer of this.#dialers.values()) dialer.close();
    this.#dialers.clear();
    for (const pending of [...this.#pending.values()]) {
      pending.settle(new BridgeError(ErrorCode.SimTransport, "the transport was closed"));
    }
  }

  #trySend(pending: Pending): void {
    if (pending.isSent) return;
    const { call, requestUuid } = pending;
    for (const server of this.#options.servers(call.topic)) {
      const { service, address } = server;
      if (service?.requestType !== call.requestType) continue;
      if (service.responseType !== call.responseType) continue;
      const dialer = this.#dialerAt(address);
      if (dialer?.isReady !== true || dialer.peerIdentity !== service.socketId) continue;
      pending.isSent = dialer.send([
        Buffer.from(call.topic),
        Buffer.from(this.#options.replyEndpoint),
        Buffer.from(this.#options.replyId),
        Buffer.from(this.#nodeUuid),
        Buffer.from(requestUuid),
        call.request,
        Buffer.from(call.requestType),
        Buffer.from(call.responseType),
      ]);
      return;
    }
  }

  #dialerAt(address: string): ZmtpDialer | undefined {
    const known = this.#dialers.get(address);
    if (known !== undefined) return known;
    const endpoint = parseEndpoint(address);
    if (endpoint === undefined || this.#dialers.size >= maxServers) return undefined;
    const dialer = new ZmtpDialer(endpoint, this.#options.zmtp, {
      onReady: () => {
        for (const pending of this.#pending.values()) this.#trySend(pending);
      },
      onMessage: () => undefined,
    });
    this.#dialers.set(address, dialer);
    return dialer;
  }

  /** topic · node · request · reply · "1" or "0". */
  #onReply(parts: readonly Uint8Array[]): void {
    const [, , requestUuid, reply, result] = parts;
    if (requestUuid === undefined || reply === undefined || result === undefined) return;
    const pending = this.#pending.get(Buffer.from(requestUuid).toString());
    if (pending === undefined) return;
    pending.settle(
      result[0] === 0x31
        ? reply.slice()
        : new BridgeError(
            ErrorCode.SimTransport,
            `service ${pending.call.topic} answered with failure`,
          ),
    );
  }

  #timeoutError({ call, isSent }: Pending): BridgeError {
    const { topic, timeoutMs, requestType, responseType } = call;
    const offered = [...this.#options.servers(topic)].map(
      ({ service }) => `${service?.requestType ?? ""} -> ${service?.responseType ?? ""}`,
    );
    const found = isSent
      ? "the request was sent and nothing came back"
      : offered.length === 0
        ? "nobody offers it"
        : `it is offered as ${offered.join(", ")}`;
    return new BridgeError(
      ErrorCode.SimTransport,
      `service ${topic} (${requestType} -> ${responseType}) did not answer within ${timeoutMs} ms: ${found}`,
      { details: { topic, timeoutMs, isSent, offered } },
    );
  }
}

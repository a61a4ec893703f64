import { errorText } from "../../../bridge/contract/errors.ts";
import type { Log } from "../../../bridge/contract/log.ts";
import { isLoopback, parseEndpoint } from "./endpoint.ts";
import type { ZmtpListener, ZmtpOptions } from "./zmtp-connection.ts";
import { ZmtpDialer } from "./zmtp-dialer.ts";

/** Clients that are dialled back at a time, and replies that wait for one of them. */
const maxClients = 64;
const maxWaitingReplies = 64;
/** A client that cannot be reached for so long is forgotten, as is one that was silent for so long. */
const forgetAfterMs = 30_000;

/** @returns the reply's bytes, or undefined for failure. */
export type ServiceHandler = (
  request: Uint8Array,
) => Uint8Array | undefined | Promise<Uint8Array | undefined>;

export interface OfferedService {
  readonly topic: string;
  readonly requestType: string;
  readonly responseType: string;
  readonly handler: ServiceHandler;
}

interface Client {
  readonly dialer: ZmtpDialer;
  readonly waiting: { readonly replyId: string; readonly parts: readonly Uint8Array[] }[];
  usedMs: number;
}

export interface ServiceServerOptions {
  readonly zmtp: ZmtpOptions;
  /** Ours: a loopback process dials loopback addresses only. */
  readonly address: string;
  /** Of the response type of a call that wants no answer. */
  readonly emptyType: string;
  readonly log: Log;
  readonly nowMs: () => number;
}

/** Offers services: takes requests, and dials the caller back with the reply. */
export class ServiceServer {
  readonly #options: ServiceServerOptions;
  readonly #services = new Map<string, OfferedService>();
  readonly #clients = new Map<string, Client>();

  constructor(options: ServiceServerOptions) {
    this.#options = options;
  }

  /** Of the ROUTER socket that takes requests. */
  readonly listener: ZmtpListener = {
    onReady: () => undefined,
    onMessage: (_, parts) => {
      // The parts are borrowed, and handlers may be asynchronous.
      void this.#onRequest(parts.map((part) => part.slice()));
    },
    onClosed: () => undefined,
  };

  add(service: OfferedService): void {
    this.#services.set(service.topic, service);
  }

  remove(topic: string): void {
    this.#services.delete(topic);
  }

  /** Forgets clients that are gone. */
  tick(): void {
    const nowMs = this.#options.nowMs();
    for (const [address, client] of this.#clients) {
      if (nowMs - client.usedMs < forgetAfterMs) continue;
      client.dialer.close();
      this.#clients.delete(address);
    }
  }

  close(): void {
    for (const { dialer } of this.#clients.values()) dialer.close();
    this.#clients.clear();
  }

  /** topic · caller's address · caller's id · node · request · data · request type · response type. */
  async #onRequest(parts: readonly Uint8Array[]): Promise<void> {
    const [topic, , , node, requestUuid, data] = parts;
    const [callerAddress, replyId, requestType, responseType] = [1, 2, 6, 7].map((index) =>
      Buffer.from(parts[index] ?? []).toString(),
    );
    if (topic === undefined || node === undefined || data === undefined) return;
    if (requestUuid === undefined || callerAddress === undefined || replyId === undefined) return;
    const service = this.#services.get(Buffer.from(topic).toString());
    if (service === undefined || service.requestType !== requestType) return;
    if (service.responseType !== responseType) return;
    const reply = await this.#handle(service, data);
    if (responseType === this.#options.emptyType) return;
    const success = Buffer.from(reply === undefined ? "0" : "1");
    const answer = [topic, node, requestUuid, reply ?? new Uint8Array(0), success];
    this.#reply(callerAddress, replyId, answer);
  }

  async #handle(service: OfferedService, request: Uint8Array): Promise<Uint8Array | undefined> {
    try {
      return await service.handler(request);
    } catch (error) {
      const { topic } = service;
      this.#options.log.warn({ topic, text: errorText(error) }, "a service handler failed");
      return undefined;
    }
  }

  #reply(address: string, replyId: string, parts: readonly Uint8Array[]): void {
    const client = this.#clientAt(address);
    if (client === undefined) return;
    client.usedMs = this.#options.nowMs();
    // As ROUTER does it: what is meant for another socket is dropped.
    if (client.dialer.isReady) {
      if (client.dialer.peerIdentity === replyId) client.dialer.send(parts);
    } else if (client.waiting.length < maxWaitingReplies) client.waiting.push({ replyId, parts });
  }

  #clientAt(address: string): Client | undefined {
    const known = this.#clients.get(address);
    if (known !== undefined) return known;
    const endpoint = parseEndpoint(address);
    if (endpoint === undefined || this.#clients.size >= maxClients) return undefined;
    if (isLoopback(this.#options.address) && !isLoopback(endpoint.address)) return undefined;
    const waiting: Client["waiting"] = [];
    const dialer = new ZmtpDialer(endpoint, this.#options.zmtp, {
      onReady: (ready) => {
        for (const { replyId, parts } of waiting.splice(0)) {
          if (ready.peerIdentity === replyId) ready.send(parts);
        }
      },
      onMessage: () => undefined,
    });
    const client = { dialer, waiting, usedMs: this.#options.nowMs() };
    this.#clients.set(address, client);
    return client;
  }
}

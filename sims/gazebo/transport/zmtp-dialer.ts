import { connect } from "node:net";
import type { Endpoint } from "./endpoint.ts";
import { ZmtpConnection, type ZmtpOptions } from "./zmtp-connection.ts";

const firstRetryMs = 50;
const maxRetryMs = 1000;

export interface DialerListener {
  onReady(dialer: ZmtpDialer): void;
  /** Parts are borrowed. */
  onMessage(dialer: ZmtpDialer, parts: readonly Uint8Array[]): void;
}

/** Keeps one ZMTP connection to an endpoint, dialling again when it ends, until it is closed. */
export class ZmtpDialer {
  readonly endpoint: Endpoint;
  readonly #options: ZmtpOptions;
  readonly #listener: DialerListener;
  #connection: ZmtpConnection | undefined;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = firstRetryMs;
  #isClosed = false;
  /** Why the last connection ended; empty if it did not. */
  lastProblem = "";

  constructor(endpoint: Endpoint, options: ZmtpOptions, listener: DialerListener) {
    this.endpoint = endpoint;
    this.#options = options;
    this.#listener = listener;
    this.#dial();
  }

  get isReady(): boolean {
    return this.#connection?.isReady === true;
  }

  /** Name of the peer's socket; empty while there is no connection. */
  get peerIdentity(): string {
    return this.#connection?.peer.identity ?? "";
  }

  /** False when the message was dropped. // hot path */
  send(parts: readonly Uint8Array[]): boolean {
    return this.#connection?.send(parts) ?? false;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.#connection?.close();
  }

  #dial(): void {
    const socket = connect({ host: this.endpoint.address, port: this.endpoint.port });
    this.#connection = new ZmtpConnection(socket, this.#options, {
      onReady: () => {
        this.#retryMs = firstRetryMs;
        this.#listener.onReady(this);
      },
      onMessage: (_, parts) => {
        this.#listener.onMessage(this, parts);
      },
      onClosed: (_, reason) => {
        this.lastProblem = reason;
        if (this.#isClosed) return;
        this.#retry = setTimeout(() => {
          this.#dial();
        }, this.#retryMs);
        this.#retryMs = Math.min(2 * this.#retryMs, maxRetryMs);
      },
    });
  }
}

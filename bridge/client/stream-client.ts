import type { StreamTopic } from "../control/messages.ts";
import type { StreamData, StreamNotice, StreamPayloads } from "../control/stream-messages.ts";
import { Backoff } from "./backoff.ts";
import { Listeners } from "./listeners.ts";
import { decodeMessage } from "./ndarray.ts";
import {
  openSocket,
  socketOpen,
  type SocketConstructor,
  type SocketLike,
  type ServerUrl,
} from "./socket.ts";

const protocol = "kairos.stream.v1";

export interface StreamSubscription {
  readonly topic: StreamTopic;
  readonly maxRateHz?: number;
  /** For `camera.predicted`: how far ahead the picture shall be. */
  readonly aheadMs?: number;
}

export interface ConnectStreamOptions {
  readonly WebSocket?: SocketConstructor;
  /** Longest wait between attempts to reconnect. */
  readonly maxBackoffMs?: number;
}

type StreamEvents = {
  readonly [T in StreamTopic]: StreamPayloads[T];
} & {
  readonly open: undefined;
  /** Will be tried again by itself. */
  readonly lost: { readonly reason: string; readonly retryInMs: number };
  /** The server dropped messages, because this client did not read in time. */
  readonly dropped: { readonly topic: StreamTopic; readonly count: number };
  readonly error: { readonly code: string; readonly message: string };
};

/**
 * Follows what the server shows: states, predictions, pictures, scores. Reconnects and subscribes
 * again by itself, which is safe because nothing here can move anything.
 *
 * @param url the server (`http://127.0.0.1:8700`) or its endpoint (`ws://127.0.0.1:8700/v1/stream`).
 */
export function connectStream(
  url: ServerUrl,
  subscriptions: readonly StreamSubscription[],
  options: ConnectStreamOptions = {},
): StreamClient {
  return new StreamClient(url, subscriptions, options);
}

/** Made by `connectStream`. */
export class StreamClient {
  readonly #url: ServerUrl;
  readonly #options: ConnectStreamOptions;
  readonly #listeners = new Listeners<StreamEvents>();
  readonly #backoff: Backoff;
  readonly #wanted = new Map<StreamTopic, StreamSubscription>();
  #socket: SocketLike | undefined;
  #closed = false;

  constructor(
    url: ServerUrl,
    subscriptions: readonly StreamSubscription[],
    options: ConnectStreamOptions,
  ) {
    this.#url = url;
    this.#options = options;
    this.#backoff = new Backoff(options.maxBackoffMs);
    for (const subscription of subscriptions) this.#wanted.set(subscription.topic, subscription);
    this.#open();
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === socketOpen;
  }

  on<Name extends keyof StreamEvents>(
    name: Name,
    listener: (event: StreamEvents[Name]) => void,
  ): () => void {
    return this.#listeners.on(name, listener);
  }

  subscribe(subscription: StreamSubscription): void {
    this.#wanted.set(subscription.topic, subscription);
    this.#send({ type: "subscribe", topics: [subscription] });
  }

  unsubscribe(topic: StreamTopic): void {
    if (this.#wanted.delete(topic)) this.#send({ type: "unsubscribe", topics: [topic] });
  }

  close(): void {
    this.#closed = true;
    this.#backoff.cancel();
    this.#socket?.close(1000, "closed by the client");
  }

  #open(): void {
    const { WebSocket } = this.#options;
    const socket = openSocket(this.#url, {
      protocol,
      path: "/v1/stream",
      ...(WebSocket === undefined ? {} : { WebSocket }),
    });
    this.#socket = socket;
    socket.addEventListener("open", () => {
      this.#backoff.reset();
      if (this.#wanted.size > 0) {
        this.#send({ type: "subscribe", topics: [...this.#wanted.values()] });
      }
      this.#listeners.emit("open", undefined);
    });
    socket.addEventListener("message", ({ data }) => {
      this.#onMessage(data);
    });
    // `close` follows and says more; ws for Node throws without a listener.
    socket.addEventListener("error", () => undefined);
    socket.addEventListener("close", ({ code, reason }) => {
      if (!this.#closed) this.#retryLater(`${code} ${reason}`.trim());
    });
  }

  #retryLater(reason: string): void {
    const retryInMs = this.#backoff.again(() => {
      this.#open();
    });
    this.#listeners.emit("lost", { reason, retryInMs });
  }

  #send(request: object): void {
    if (this.isOpen) this.#socket?.send(JSON.stringify(request));
  }

  #onMessage(data: unknown): void {
    const message = readStream(data);
    switch (message?.type) {
      case "data":
        this.#listeners.emit(message.topic, message.data);
        return;
      case "lost":
        this.#listeners.emit("dropped", { topic: message.topic, count: message.count });
        return;
      case "error":
        this.#listeners.emit("error", { code: message.code, message: message.message });
        return;
      case "subscribed":
      case undefined:
        return;
      default:
        message satisfies never;
    }
  }
}

function readStream(data: unknown): StreamData | StreamNotice | undefined {
  try {
    if (typeof data === "string") return JSON.parse(data) as StreamData | StreamNotice;
    if (data instanceof ArrayBuffer) return decodeMessage(new Uint8Array(data)) as StreamData;
    return undefined;
  } catch {
    return undefined;
  }
}

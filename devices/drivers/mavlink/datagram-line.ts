import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import type { ByteLine, ByteLineEvents, OpenByteLine } from "../serial/byte-line.ts";

/** Peers that are spoken to at once; a new one takes the place of one that has been silent. */
const maxPeers = 8;
const silentMs = 5000;
const retryMs = 500;

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface DatagramLineOptions {
  /** Where we listen; port 0 takes any. */
  readonly bind: Endpoint;
  /** Spoken to from the start, and for ever. */
  readonly peers: readonly Endpoint[];
  /** Whether those who speak to us are answered too. */
  readonly learn: boolean;
  readonly monotonicMs: () => number;
  readonly onListening?: (port: number) => void;
}

/** A UDP socket as a line: a datagram is a piece of the stream, and what is written goes to every peer. */
export function datagramLine(options: DatagramLineOptions): OpenByteLine {
  return (events) => new DatagramLine(options, events);
}

/** `host:port`, `[v6]:port`; undefined for anything else. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const found = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text);
  const port = Number(found?.[3] ?? Number.NaN);
  const host = found?.[1] ?? found?.[2];
  return host !== undefined && port <= 65_535 ? { host, port } : undefined;
}

interface LearnedPeer extends Endpoint {
  heardMs: number;
}

class DatagramLine implements ByteLine {
  isUp = false;
  droppedFrames = 0;
  reconnects = 0;
  readonly #options: DatagramLineOptions;
  readonly #events: ByteLineEvents;
  readonly #learned: LearnedPeer[] = [];
  #socket: Socket | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: DatagramLineOptions, events: ByteLineEvents) {
    this.#options = options;
    this.#events = events;
    this.#open();
  }

  /** A datagram is sent or lost; nothing waits here. // hot path */
  write(frame: Uint8Array, length: number): boolean {
    const socket = this.#socket;
    if (!this.isUp || socket === undefined) return false;
    // The kernel takes it later than this call returns.
    const copy = frame.slice(0, length);
    for (const peer of this.#options.peers) this.#send(socket, copy, peer);
    for (const peer of this.#learned) this.#send(socket, copy, peer);
    return true;
  }

  [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#isClosed = true;
    this.isUp = false;
    clearTimeout(this.#retry);
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      // What was written just before still goes out.
      setImmediate(() => {
        socket.close(() => {
          resolve();
        });
      });
    });
  }

  #open(): void {
    const { bind, onListening } = this.#options;
    const socket = createSocket(isIPv6(bind.host) ? "udp6" : "udp4");
    this.#socket = socket;
    socket.on("error", (error) => {
      this.#lose(socket, error.message);
    });
    socket.on("message", (bytes, { address, port }) => {
      if (this.#socket !== socket) return;
      this.#learn(address, port);
      this.#events.onBytes(bytes, bytes.length);
    });
    socket.bind(bind.port, bind.host, () => {
      if (this.#socket !== socket) return;
      this.isUp = true;
      onListening?.(socket.address().port);
      this.#events.onUp();
    });
  }

  #lose(socket: Socket, reason: string): void {
    if (this.#socket !== socket || this.#isClosed) return;
    this.#socket = undefined;
    this.isUp = false;
    this.#learned.length = 0;
    socket.close();
    this.reconnects += 1;
    this.#events.onDown(`UDP: ${reason}`);
    this.#retry = setTimeout(() => {
      this.#open();
    }, retryMs);
  }

  #send(socket: Socket, frame: Uint8Array, { host, port }: Endpoint): void {
    socket.send(frame, port, host, (error) => {
      if (error !== null) this.droppedFrames += 1;
    });
  }

  #learn(host: string, port: number): void {
    if (!this.#options.learn) return;
    if (this.#options.peers.some((peer) => peer.host === host && peer.port === port)) return;
    const nowMs = this.#options.monotonicMs();
    const known = this.#learned.find((peer) => peer.host === host && peer.port === port);
    if (known !== undefined) {
      known.heardMs = nowMs;
      return;
    }
    const old = this.#learned.findIndex((peer) => nowMs - peer.heardMs > silentMs);
    if (this.#learned.length >= maxPeers && old < 0) return;
    if (old >= 0) this.#learned.splice(old, 1);
    this.#learned.push({ host, port, heardMs: nowMs });
  }
}

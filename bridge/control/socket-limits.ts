import type { WebSocket } from "ws";

/** What one peer may cost. Defaults are far above what a person or a 50 Hz program needs. */
export interface SocketLimits {
  readonly maxMessageBytes: number;
  /** Before the hello was accepted: a hello with its token is far shorter. */
  readonly maxHelloBytes: number;
  readonly maxMessagesPerS: number;
  readonly maxBytesPerS: number;
  /** Messages that could not be understood before the socket is closed. */
  readonly maxBadMessages: number;
  readonly helloMs: number;
  readonly pingMs: number;
  /** No pong for this long after a ping: the peer is gone. */
  readonly pongMs: number;
  /** Open sockets of one endpoint. */
  readonly maxConnections: number;
  /** TCP connections of all kinds together. */
  readonly maxTcpConnections: number;
  /** TCP connections from one address; loopback has only the total. */
  readonly maxPerAddress: number;
  /** From the first byte to the end of the request's headers, and for a TLS handshake. */
  readonly headersMs: number;
  /** For a whole request. */
  readonly requestMs: number;
  /** For taking the whole answer. */
  readonly responseMs: number;
  /** Unsent bytes at which a control client that does not read is closed. */
  readonly maxBufferedBytes: number;
}

export const defaultSocketLimits: SocketLimits = {
  maxMessageBytes: 16 * 1024,
  maxHelloBytes: 8 * 1024,
  maxMessagesPerS: 500,
  maxBytesPerS: 512 * 1024,
  maxBadMessages: 8,
  helloMs: 5000,
  pingMs: 5000,
  pongMs: 10_000,
  maxConnections: 64,
  maxTcpConnections: 320,
  maxPerAddress: 24,
  headersMs: 5000,
  requestMs: 10_000,
  responseMs: 30_000,
  maxBufferedBytes: 1024 * 1024,
};

/** The defaults with what is wished otherwise. */
export function socketLimits(wanted: Partial<SocketLimits> = {}): SocketLimits {
  // Three endpoints, and requests of the page beside them.
  const { maxConnections = defaultSocketLimits.maxConnections } = wanted;
  return { ...defaultSocketLimits, maxTcpConnections: 5 * maxConnections, ...wanted };
}

/** RFC 6455 section 7.4.1. */
export const CloseCode = {
  Normal: 1000,
  GoingAway: 1001,
  Policy: 1008,
  ServiceRestart: 1012,
  TryLater: 1013,
} as const;
export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode];

/** Tokens refill with time; an empty bucket means the sender is too fast. Time comes in. */
export class TokenBucket {
  readonly #perS: number;
  readonly #burst: number;
  #tokens: number;
  #lastMs: number;

  /** @param burst how many may come at once; left out: those of one second. */
  constructor(perS: number, nowMs: number, burst = perS) {
    this.#perS = perS;
    this.#burst = burst;
    this.#tokens = burst;
    this.#lastMs = nowMs;
  }

  take(nowMs: number, count = 1): boolean {
    // A wall clock may be set back: that is no time that has passed, and takes nothing away.
    const passedMs = Math.max(0, nowMs - this.#lastMs);
    const grown = this.#tokens + (passedMs / 1000) * this.#perS;
    this.#tokens = Math.min(this.#burst, grown);
    this.#lastMs = nowMs;
    if (this.#tokens < count) return false;
    this.#tokens -= count;
    return true;
  }
}

// A peer that does not answer the closing handshake is cut off after this long.
const closeGraceMs = 250;

/** Closes with a reason, and for certain: a close frame first, the TCP connection soon after. */
export function closeSocket(socket: WebSocket, code: CloseCode, reason: string): void {
  // RFC 6455 section 5.5: a control frame carries at most 125 bytes, two of them the code.
  socket.close(
    code,
    Buffer.from(reason, "utf8").subarray(0, 120).toString("utf8").replace(/�$/, ""),
  );
  const timer = setTimeout(() => {
    socket.terminate();
  }, closeGraceMs);
  socket.once("close", () => {
    clearTimeout(timer);
  });
}

/** Pings a socket and terminates it when it stays silent. Returns what ends the pinging. */
export function keepAlive(socket: WebSocket, limits: SocketLimits): () => void {
  let silentSincePing = false;
  let deadline: NodeJS.Timeout | undefined;
  const heard = (): void => {
    silentSincePing = false;
    clearTimeout(deadline);
  };
  socket.on("pong", heard);
  const timer = setInterval(() => {
    if (silentSincePing) return;
    silentSincePing = true;
    socket.ping();
    deadline = setTimeout(() => {
      socket.terminate();
    }, limits.pongMs);
  }, limits.pingMs);
  return () => {
    clearInterval(timer);
    clearTimeout(deadline);
  };
}

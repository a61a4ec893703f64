import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import { admitHost, admitOrigin, type AdmissionRules } from "./admission.ts";
import { bearerOf } from "./http-route.ts";
import type { Caller } from "./reception.ts";
import type { SocketLimits } from "./socket-limits.ts";

/** One place where a WebSocket can be had. */
export interface Endpoint {
  readonly path: string;
  /** The subprotocol a client has to offer. */
  readonly protocol: string;
  /** Called with every socket; nothing was read from it, and nobody was asked who it is. */
  open(socket: WebSocket, caller: Caller): void;
}

interface UpgradeRequest {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** The WebSocket endpoints of one HTTP server. */
export class Endpoints {
  readonly #rules: AdmissionRules;
  readonly #limits: SocketLimits;
  readonly #places: ReadonlyMap<string, { endpoint: Endpoint; server: WebSocketServer }>;

  constructor(endpoints: readonly Endpoint[], rules: AdmissionRules, limits: SocketLimits) {
    this.#rules = rules;
    this.#limits = limits;
    this.#places = new Map(
      endpoints.map((endpoint) => {
        const server = openServer(endpoint.protocol, limits);
        return [endpoint.path, { endpoint, server }] as const;
      }),
    );
  }

  /** Open sockets of one endpoint; 0 for one there is not. */
  socketCount(path: string): number {
    return this.#places.get(path)?.server.clients.size ?? 0;
  }

  get sockets(): readonly WebSocket[] {
    return [...this.#places.values()].flatMap(({ server }) => [...server.clients]);
  }

  /** Lets a request become a WebSocket, or answers why not. Nothing of it was read before. */
  upgrade({ request, socket, head }: UpgradeRequest): void {
    socket.on("error", () => {
      socket.destroy();
    });
    const { host, origin } = request.headers;
    const place = this.#places.get(request.url?.split("?", 1)[0] ?? "");
    if (place === undefined) {
      refuseUpgrade(socket, "404 Not Found", `expected ${[...this.#places.keys()].join(", ")}`);
      return;
    }
    for (const verdict of [
      admitHost(host, this.#rules.names),
      admitOrigin(origin, host, this.#rules),
    ]) {
      if (verdict.ok) continue;
      const status = verdict.status === 421 ? "421 Misdirected Request" : "403 Forbidden";
      refuseUpgrade(socket, status, verdict.reason);
      return;
    }
    const { endpoint, server } = place;
    const offered = request.headers["sec-websocket-protocol"]?.split(",").map((one) => one.trim());
    if (offered?.includes(endpoint.protocol) !== true) {
      const given = offered?.join(", ") ?? "missing";
      const reason = `subprotocol is ${given}, expected ${endpoint.protocol}`;
      refuseUpgrade(socket, "400 Bad Request", reason);
      return;
    }
    if (server.clients.size >= this.#limits.maxConnections) {
      const reason = `${server.clients.size} connections are open, which is the limit`;
      refuseUpgrade(socket, "503 Service Unavailable", reason);
      return;
    }
    server.handleUpgrade(request, socket, head, (webSocket) => {
      endpoint.open(webSocket, callerOf(request));
    });
  }
}

function openServer(protocol: string, limits: SocketLimits): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    // Above our own limit, so that a message a little too large is answered; beyond it ws closes (1009).
    maxPayload: 2 * limits.maxMessageBytes,
    // A message of many tiny fragments costs far more than its bytes (CVE-2026-48779).
    maxFragments: 8,
    maxBufferedChunks: 256,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(protocol) ? protocol : false),
  });
}

function callerOf(request: IncomingMessage): Caller {
  const { origin } = request.headers;
  const token = bearerOf(request);
  return {
    peerAddress: request.socket.remoteAddress ?? "",
    ...(origin === undefined ? {} : { origin }),
    ...(token === undefined ? {} : { token }),
  };
}

function refuseUpgrade(socket: Duplex, status: string, reason: string): void {
  socket.once("finish", () => {
    socket.destroy();
  });
  const body = `${reason.replace(/[^\x20-\x7e]/g, "?")}\n`;
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\n` +
      `X-Content-Type-Options: nosniff\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}

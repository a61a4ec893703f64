import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { admitHost, admitOrigin, type AdmissionRules } from "./admission.ts";
import { deviceProtocol } from "./device-messages.ts";
import { controlProtocol, streamProtocol } from "./messages.ts";
import type { SocketLimits } from "./socket-limits.ts";

/** The WebSocket endpoints of one HTTP server. */
export interface Endpoints {
  readonly control: WebSocketServer;
  readonly stream: WebSocketServer;
  /** For agents that move a device; nobody listens where no device is moved by one. */
  readonly device: WebSocketServer;
}

export function openEndpoints(limits: SocketLimits): Endpoints {
  const open = (protocol: string): WebSocketServer =>
    new WebSocketServer({
      noServer: true,
      // Above our own limit, so that a message a little too large is answered; beyond it ws closes (1009).
      maxPayload: 2 * limits.maxMessageBytes,
      // A message of many tiny fragments costs far more than its bytes (CVE-2026-48779).
      maxFragments: 8,
      maxBufferedChunks: 256,
      perMessageDeflate: false,
      handleProtocols: (offered) => (offered.has(protocol) ? protocol : false),
    });
  return {
    control: open(controlProtocol),
    stream: open(streamProtocol),
    device: open(deviceProtocol),
  };
}

const places: Readonly<
  Record<string, { readonly endpoint: keyof Endpoints; readonly protocol: string }>
> = {
  "/v1/control": { endpoint: "control", protocol: controlProtocol },
  "/v1/stream": { endpoint: "stream", protocol: streamProtocol },
  "/v1/device": { endpoint: "device", protocol: deviceProtocol },
};

interface UpgradeRequest {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** Lets a request become a WebSocket, or answers why not. Nothing of it was read before. */
export function upgrade(
  { request, socket, head }: UpgradeRequest,
  endpoints: Endpoints,
  rules: AdmissionRules & { readonly limits: SocketLimits },
): void {
  socket.on("error", () => {
    socket.destroy();
  });
  const { host, origin } = request.headers;
  const path = request.url?.split("?", 1)[0];
  const found = Object.entries(places).find(([place]) => place === path)?.[1];
  const endpoint = found === undefined ? undefined : endpoints[found.endpoint];
  if (found === undefined || endpoint === undefined || endpoint.listenerCount("connection") === 0) {
    const why = found === undefined ? "" : ": no device here is moved by an agent";
    refuseUpgrade(socket, "404 Not Found", `expected ${Object.keys(places).join(", ")}${why}`);
    return;
  }
  for (const verdict of [admitHost(host), admitOrigin(origin, host, rules)]) {
    if (verdict.ok) continue;
    const status = verdict.status === 421 ? "421 Misdirected Request" : "403 Forbidden";
    refuseUpgrade(socket, status, verdict.reason);
    return;
  }
  const expected = found.protocol;
  const offered = request.headers["sec-websocket-protocol"]?.split(",").map((name) => name.trim());
  if (offered?.includes(expected) !== true) {
    const given = offered?.join(", ") ?? "missing";
    refuseUpgrade(socket, "400 Bad Request", `subprotocol is ${given}, expected ${expected}`);
    return;
  }
  if (endpoint.clients.size >= rules.limits.maxConnections) {
    const reason = `${endpoint.clients.size} connections are open, which is the limit`;
    refuseUpgrade(socket, "503 Service Unavailable", reason);
    return;
  }
  endpoint.handleUpgrade(request, socket, head, (webSocket) => {
    endpoint.emit("connection", webSocket, request);
  });
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

import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { WebSocket } from "ws";
import type { Actuation } from "../contract/actuation.ts";
import type { Clock } from "../contract/clock.ts";
import { BridgeError, ErrorCode, errorText } from "../contract/errors.ts";
import type { DeviceDescription } from "../contract/device.ts";
import type { Log } from "../contract/log.ts";
import type { Aim } from "../core/aim.ts";
import type { KeepaliveLimits } from "../core/session-clock.ts";
import { isLoopbackHost } from "./admission.ts";
import { serveControlSocket } from "./control-socket.ts";
import { ControlDesk, type AuthoritySummary } from "./desk.ts";
import type { ReadJoints } from "./desk-device.ts";
import type { DeviceDesk } from "./device-desk.ts";
import { serveDeviceSocket } from "./device-socket.ts";
import { loopbackGatekeeper } from "./gatekeeper.ts";
import { httpListener } from "./http.ts";
import { maxTtlMs } from "./messages.ts";
import { emptySite, loadSite, type SiteFolders } from "./site.ts";
import { CloseCode, closeSocket, defaultSocketLimits, type SocketLimits } from "./socket-limits.ts";
import { StreamHub, type StreamStats } from "./stream-hub.ts";
import { serveStreamSocket } from "./stream-socket.ts";
import { openEndpoints, upgrade, type Endpoints } from "./upgrade.ts";

export interface ControlServerOptions {
  /** A loopback name; default 127.0.0.1. Anything else needs authentication, which this server lacks. */
  readonly host?: string;
  /** Default 8700; 0 takes a free one. */
  readonly port?: number;
  readonly actuations: readonly Actuation[];
  readonly status: () => unknown;
  readonly metrics: () => string;
  /** Without it no page is served. */
  readonly site?: SiteFolders;
  readonly clock: Clock;
  readonly log: Log;
  readonly keepalive?: Partial<KeepaliveLimits>;
  readonly limits?: Partial<SocketLimits>;
  /** Web origins beside the server's own that may open sockets. */
  readonly allowedOrigins?: readonly string[];
  /** Where the devices stand: for gestures, poses and moves that take a given time. */
  readonly readJoints?: ReadJoints;
  /** How to look somewhere with a device; undefined for one that cannot. */
  readonly aim?: (device: DeviceDescription) => Aim | undefined;
  /** Brings in another model package for a supervisor; resolves when it serves. */
  readonly useModel?: (path: string) => Promise<void>;
  /** Devices that agents may move over `/v1/device`; whoever made it disposes of it. */
  readonly agents?: DeviceDesk;
}

export interface ControlServer extends AsyncDisposable {
  /** `http://127.0.0.1:8700`, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Where the loop publishes states, predictions and pictures. */
  readonly stream: StreamHub;
  /** For clients inside the process, e.g. commands that came over ROS. */
  readonly desk: ControlDesk;
  /** Who holds which device, for /healthz. */
  authority(): readonly AuthoritySummary[];
  stats(): ControlStats;
}

interface ControlStats {
  readonly sessionCount: number;
  readonly controlSocketCount: number;
  readonly stream: StreamStats;
}

const defaultHost = "127.0.0.1";
const defaultPort = 8700;
const statePeriodMs = 500;
const closeGraceMs = 300;

/**
 * One HTTP server on loopback: the page, `/healthz`, `/metrics`, and the two WebSocket endpoints
 * `/v1/control` and `/v1/stream`.
 *
 * @throws BridgeError `config/invalid` for a host that is not loopback, `control/port` if the
 * address cannot be bound.
 */
export async function openControlServer(options: ControlServerOptions): Promise<ControlServer> {
  const { clock, log, host = defaultHost, port = defaultPort } = options;
  refuseOpenHost(host);
  const limits: SocketLimits = { ...defaultSocketLimits, ...options.limits };
  const site = options.site === undefined ? emptySite : await loadSite(options.site);
  const desk = new ControlDesk({
    actuations: options.actuations,
    epoch: randomUUID(),
    clock,
    log,
    limits: {
      maxMessageBytes: limits.maxMessageBytes,
      maxMessagesPerS: limits.maxMessagesPerS,
      maxTtlMs,
    },
    ...(options.keepalive === undefined ? {} : { keepalive: options.keepalive }),
    ...(options.readJoints === undefined ? {} : { readJoints: options.readJoints }),
    ...(options.aim === undefined ? {} : { aim: options.aim }),
    ...(options.useModel === undefined ? {} : { useModel: options.useModel }),
  });
  const stream = new StreamHub(clock);
  const { status, metrics } = options;
  const http = createServer(
    { headersTimeout: 5000, requestTimeout: 10_000, keepAliveTimeout: 5000 },
    httpListener({ status, metrics, site }),
  );
  http.maxConnections = 4 * limits.maxConnections;
  await listen(http, host, port);
  const bound = (http.address() as AddressInfo).port;

  const endpoints = openEndpoints(limits);
  endpoints.control.on("connection", (socket: WebSocket) => {
    serveControlSocket(socket, { desk, clock, limits });
  });
  endpoints.stream.on("connection", (socket: WebSocket) => {
    serveStreamSocket(socket, { hub: stream, clock, limits });
  });
  const { agents } = options;
  if (agents !== undefined) {
    endpoints.device.on("connection", (socket: WebSocket, request: IncomingMessage) => {
      serveDeviceSocket(socket, {
        desk: agents,
        gatekeeper: loopbackGatekeeper,
        clock,
        limits,
        peerAddress: request.socket.remoteAddress ?? "",
        origin: request.headers.origin,
      });
    });
  }
  const rules = { port: bound, allowedOrigins: options.allowedOrigins ?? [], limits };
  http.on("error", (error) => {
    log.error({ reason: errorText(error) }, "control server failed");
  });
  http.on("upgrade", (request, socket, head) => {
    upgrade({ request, socket, head }, endpoints, rules);
  });

  const timers = [
    setInterval(() => {
      // After the sockets were read: check-ins that waited while this thread was busy count first.
      setImmediate(() => {
        desk.tick();
      });
    }, desk.authority.keepalive.checkInMs / 4),
    setInterval(() => {
      desk.broadcastState();
    }, statePeriodMs),
  ];
  let closing: Promise<void> | undefined;
  const url = `http://${host.includes(":") ? `[${host.replace(/[[\]]/g, "")}]` : host}:${bound}`;
  log.debug({ url }, "control server listens");
  return {
    url,
    port: bound,
    stream,
    desk,
    authority: () => desk.summary(),
    stats: () => ({
      sessionCount: desk.sessionCount,
      controlSocketCount: endpoints.control.clients.size,
      stream: stream.stats(),
    }),
    async [Symbol.asyncDispose]() {
      closing ??= close({ http, desk, endpoints, timers });
      await closing;
    },
  };
}

function refuseOpenHost(host: string): void {
  if (isLoopbackHost(host)) return;
  throw new BridgeError(
    ErrorCode.ConfigInvalid,
    `http.host is ${host}, expected a loopback address (127.0.0.1, ::1, localhost): authentication is not configured, and without it everyone on the network could move the device`,
    { details: { host } },
  );
}

async function listen(http: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    http.once("error", (error: NodeJS.ErrnoException) => {
      const why =
        error.code === "EADDRINUSE" ? "is in use" : `cannot be bound: ${errorText(error)}`;
      reject(
        new BridgeError(ErrorCode.ControlPort, `${host}:${port} ${why}, expected a free port`, {
          details: { host, port },
          cause: error,
        }),
      );
    });
    http.listen(port, host.replace(/[[\]]/g, ""), resolve);
  });
  http.removeAllListeners("error");
}

async function close(parts: {
  readonly http: Server;
  readonly desk: ControlDesk;
  readonly endpoints: Endpoints;
  readonly timers: readonly NodeJS.Timeout[];
}): Promise<void> {
  const { http, desk, endpoints, timers } = parts;
  for (const timer of timers) clearInterval(timer);
  const closed = new Promise<void>((resolve) => {
    http.close(() => {
      resolve();
    });
  });
  desk.shutDown("server is closing");
  const { control, stream, device } = endpoints;
  const sockets = [...control.clients, ...stream.clients, ...device.clients];
  for (const socket of sockets) closeSocket(socket, CloseCode.GoingAway, "server is closing");
  http.closeIdleConnections();
  const deadline = setTimeout(() => {
    for (const socket of sockets) socket.terminate();
    http.closeAllConnections();
  }, closeGraceMs);
  await closed;
  clearTimeout(deadline);
}

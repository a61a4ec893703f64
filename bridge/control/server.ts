import { randomUUID } from "node:crypto";
import type { Actuation } from "../contract/actuation.ts";
import type { Clock } from "../contract/clock.ts";
import { BridgeError, ErrorCode, errorText } from "../contract/errors.ts";
import type { DeviceDescription } from "../contract/device.ts";
import type { Log } from "../contract/log.ts";
import type { Aim } from "../core/aim.ts";
import type { KeepaliveLimits } from "../core/session-clock.ts";
import { inUrl, isLoopbackHost, type AdmissionRules } from "./admission.ts";
import { loopbackSecurity, type ControlSecurity } from "./control-security.ts";
import { serveControlSocket } from "./control-socket.ts";
import { ControlDesk, type AuthoritySummary } from "./desk.ts";
import type { ReadJoints } from "./desk-device.ts";
import type { DeviceDesk } from "./device-desk.ts";
import { serveDeviceSocket } from "./device-socket.ts";
import { deviceProtocol } from "./device-messages.ts";
import { httpListener } from "./http.ts";
import { controlProtocol, maxTtlMs, streamProtocol } from "./messages.ts";
import { Reception } from "./reception.ts";
import { emptySite, loadSite, type SiteFolders } from "./site.ts";
import { CloseCode, closeSocket, socketLimits, type SocketLimits } from "./socket-limits.ts";
import { statusGuard } from "./status-guard.ts";
import { StreamHub, type StreamStats } from "./stream-hub.ts";
import { serveStreamSocket } from "./stream-socket.ts";
import { openTransport, type Transport } from "./transport.ts";
import { Endpoints, type Endpoint } from "./upgrade.ts";

export interface ControlServerOptions {
  /** Default 127.0.0.1. Anything but loopback needs `security` that authenticates, over TLS. */
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
  /** Left out: whoever is on this machine may do everything, nobody else anything. */
  readonly security?: ControlSecurity;
}

export interface ControlServer extends AsyncDisposable {
  /** `http://127.0.0.1:8700`, or https, without a slash at the end. */
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
  /** TCP connections, whatever they are. */
  readonly connectionCount: number;
  /** Of those, closed since the start for being too many. */
  readonly refusedConnectionCount: number;
  readonly stream: StreamStats;
}

const defaultHost = "127.0.0.1";
const defaultPort = 8700;
const controlPath = "/v1/control";
const statePeriodMs = 500;
const closeGraceMs = 300;

/**
 * One HTTP server: the page, `/healthz`, `/metrics`, pairing, and the WebSocket endpoints
 * `/v1/control`, `/v1/stream` and, where an agent moves a device, `/v1/device`.
 *
 * @throws BridgeError `config/invalid` for a host beyond loopback without authentication and TLS,
 * `control/port` if the address cannot be bound.
 */
export async function openControlServer(options: ControlServerOptions): Promise<ControlServer> {
  const { clock, log, host = defaultHost, security = loopbackSecurity } = options;
  refuseOpenHost(host, security);
  const limits = socketLimits(options.limits);
  const site = options.site === undefined ? emptySite : await loadSite(options.site);
  const epoch = randomUUID();
  const desk = openDesk(options, security, epoch, limits);
  const stream = new StreamHub(clock);
  const { gatekeeper, audit, tls } = security;
  const reception = new Reception({ gatekeeper, audit, clock });

  const bound = { port: 0 };
  const secure = tls !== undefined;
  const rules: AdmissionRules = {
    get port() {
      return bound.port;
    },
    names: security.names,
    secure,
    allowedOrigins: options.allowedOrigins ?? [],
  };
  const { status, metrics } = options;
  const listener = httpListener({
    status,
    metrics,
    site,
    rules,
    routes: security.routes(epoch),
    refuseStatus: statusGuard(security),
    responseMs: limits.responseMs,
    ...(tls === undefined ? {} : { caCertificate: tls.caCertificate }),
  });
  const transport = await openTransport({
    host,
    port: options.port ?? defaultPort,
    tls,
    limits,
    listener,
  });
  bound.port = transport.port;
  const state = { isClosing: false };
  const endpoints = new Endpoints(
    endpointTable({ options, desk, stream, reception, limits, isClosing: () => state.isClosing }),
    rules,
    limits,
  );
  const { http, port } = transport;
  http.on("error", (error) => {
    log.error({ reason: errorText(error) }, "control server failed");
  });
  http.on("upgrade", (request, socket, head) => {
    endpoints.upgrade({ request, socket, head });
  });
  await security.listening({ port, secure });

  const timers = [
    setInterval(() => {
      // After the sockets were read: check-ins that waited while this thread was busy count first.
      setImmediate(() => {
        reception.tick(clock.monotonicMs());
        desk.tick();
      });
    }, desk.authority.keepalive.checkInMs / 4),
    setInterval(() => {
      desk.broadcastState();
    }, statePeriodMs),
  ];
  let closing: Promise<void> | undefined;
  const url = `${secure ? "https" : "http"}://${inUrl(host.replace(/[[\]]/g, ""))}:${port}`;
  log.debug({ url }, "control server listens");
  return {
    url,
    port,
    stream,
    desk,
    authority: () => desk.summary(),
    stats: () => ({
      sessionCount: desk.sessionCount,
      controlSocketCount: endpoints.socketCount(controlPath),
      connectionCount: transport.connections.openCount,
      refusedConnectionCount: transport.connections.refusedCount,
      stream: stream.stats(),
    }),
    async [Symbol.asyncDispose]() {
      state.isClosing = true;
      closing ??= close({ transport, desk, endpoints, timers });
      await closing;
    },
  };
}

function openDesk(
  options: ControlServerOptions,
  { audit }: ControlSecurity,
  epoch: string,
  { maxMessageBytes, maxMessagesPerS }: SocketLimits,
): ControlDesk {
  const { actuations, clock, log, keepalive, readJoints, aim, useModel } = options;
  return new ControlDesk({
    actuations,
    epoch,
    clock,
    log,
    audit,
    limits: { maxMessageBytes, maxMessagesPerS, maxTtlMs },
    ...(keepalive === undefined ? {} : { keepalive }),
    ...(readJoints === undefined ? {} : { readJoints }),
    ...(aim === undefined ? {} : { aim }),
    ...(useModel === undefined ? {} : { useModel }),
  });
}

interface EndpointParts {
  readonly options: ControlServerOptions;
  readonly desk: ControlDesk;
  readonly stream: StreamHub;
  readonly reception: Reception;
  readonly limits: SocketLimits;
  readonly isClosing: () => boolean;
}

/** What is behind each path. */
function endpointTable(parts: EndpointParts): readonly Endpoint[] {
  const { options, desk, stream, reception, limits, isClosing } = parts;
  const { clock, agents } = options;
  const control: Endpoint = {
    path: controlPath,
    protocol: controlProtocol,
    open(socket, caller) {
      serveControlSocket(socket, { desk, reception, caller, isClosing, clock, limits });
    },
  };
  const watching: Endpoint = {
    path: "/v1/stream",
    protocol: streamProtocol,
    open(socket, caller) {
      serveStreamSocket(socket, { hub: stream, reception, caller, clock, limits });
    },
  };
  if (agents === undefined) return [control, watching];
  const device: Endpoint = {
    path: "/v1/device",
    protocol: deviceProtocol,
    open(socket, caller) {
      const { peerAddress, origin } = caller;
      const gatekeeper = reception.guard(socket, caller);
      serveDeviceSocket(socket, { desk: agents, gatekeeper, clock, limits, peerAddress, origin });
    },
  };
  return [control, watching, device];
}

function refuseOpenHost(host: string, { authenticates, tls }: ControlSecurity): void {
  if (isLoopbackHost(host)) return;
  const lacks = !authenticates
    ? "authentication is not configured, and without it everyone on the network could move the device (security.auth: paired)"
    : tls === undefined
      ? "TLS is off, and without it tokens could be read on the network (security.tls: auto)"
      : undefined;
  if (lacks === undefined) return;
  throw new BridgeError(
    ErrorCode.ConfigInvalid,
    `http.host is ${host}, expected a loopback address (127.0.0.1, ::1, localhost): ${lacks}`,
    { details: { host } },
  );
}

interface ClosingParts {
  readonly transport: Transport;
  readonly desk: ControlDesk;
  readonly endpoints: Endpoints;
  readonly timers: readonly NodeJS.Timeout[];
}

/** Devices stop first; every client is told that it may come back (RFC 6455: 1012, service restart). */
async function close({ transport, desk, endpoints, timers }: ClosingParts): Promise<void> {
  for (const timer of timers) clearInterval(timer);
  const closed = transport.close();
  const reason = "server is closing";
  desk.shutDown(reason);
  const { sockets } = endpoints;
  for (const socket of sockets) closeSocket(socket, CloseCode.ServiceRestart, reason);
  const deadline = setTimeout(() => {
    for (const socket of sockets) socket.terminate();
    transport.destroyAll();
  }, closeGraceMs);
  await closed;
  clearTimeout(deadline);
}

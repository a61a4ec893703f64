import { createServer, type RequestListener, type Server, type ServerOptions } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Server as TcpServer } from "node:net";
import { BridgeError, ErrorCode, errorText } from "../contract/errors.ts";
import { ConnectionLimits } from "./connection-limits.ts";
import type { ServerTls } from "./control-security.ts";
import type { SocketLimits } from "./socket-limits.ts";
import { plainHint, tlsListener } from "./tls-listener.ts";

/** HTTP on one port, with or without TLS. */
export interface Transport {
  /** Where requests and upgrades arrive. */
  readonly http: Server;
  readonly connections: ConnectionLimits;
  readonly port: number;
  /** Takes no more connections; resolves when the last has gone. */
  close(): Promise<void>;
  /** Ends every connection at once. */
  destroyAll(): void;
}

export interface TransportOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: ServerTls | undefined;
  readonly limits: SocketLimits;
  readonly listener: RequestListener;
}

/** @throws BridgeError `control/port` if the address cannot be bound. */
export async function openTransport(options: TransportOptions): Promise<Transport> {
  const { host, port, tls, limits, listener } = options;
  const { headersMs, requestMs } = limits;
  const timeouts = {
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    keepAliveTimeout: 5000,
    // How often Node looks for requests that are over their time; 30 s by default.
    connectionsCheckingInterval: Math.min(1000, headersMs),
    maxHeaderSize: 8 * 1024,
  };
  const connections = new ConnectionLimits({
    total: limits.maxTcpConnections,
    perAddress: limits.maxPerAddress,
  });
  const { http, front, ends } =
    tls === undefined ? plain(timeouts, listener) : secure(tls, timeouts, options, () => bound);
  connections.watch(front);
  let bound = port;
  await listen(front, host, port);
  // Node looks for requests that are over their time from "listening" on, which servers behind a
  // port of somebody else never hear: headersTimeout and requestTimeout would do nothing.
  for (const end of ends) if (end !== front) end.emit("listening");
  bound = (front.address() as AddressInfo).port;
  return {
    http,
    connections,
    port: bound,
    async close() {
      const closed = new Promise<void>((resolve) => {
        front.close(() => {
          resolve();
        });
      });
      for (const end of ends) end.closeIdleConnections();
      await closed;
      // With TLS the servers behind the port have timers of their own.
      for (const end of ends) end.close();
    },
    destroyAll() {
      connections.destroyAll();
    },
  };
}

interface Servers {
  readonly http: Server;
  /** What listens. */
  readonly front: TcpServer;
  readonly ends: readonly Server[];
}

function plain(timeouts: ServerOptions, listener: RequestListener): Servers {
  const http = createServer({ ...timeouts }, listener);
  return { http, front: http, ends: [http] };
}

function secure(
  tls: ServerTls,
  timeouts: ServerOptions,
  { limits, listener }: TransportOptions,
  port: () => number,
): Servers {
  const { key, cert } = tls.certificate;
  const https = createSecureServer(
    { ...timeouts, key, cert, minVersion: "TLSv1.2", handshakeTimeout: limits.headersMs },
    listener,
  );
  tls.onRenewed((renewed) => {
    https.setSecureContext(renewed);
  });
  // A broken handshake is the client's affair; the socket is destroyed by then.
  https.on("tlsClientError", () => undefined);
  const hint = plainHint(timeouts, port, tls.caCertificate);
  const front = tlsListener({ https, plain: hint, firstByteMs: limits.headersMs });
  // https.Server has what is used of http.Server here; Node's types do not say so.
  const http = https as unknown as Server;
  return { http, front, ends: [http, hint] };
}

async function listen(server: TcpServer, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      const why =
        error.code === "EADDRINUSE" ? "is in use" : `cannot be bound: ${errorText(error)}`;
      reject(
        new BridgeError(ErrorCode.ControlPort, `${host}:${port} ${why}, expected a free port`, {
          details: { host, port },
          cause: error,
        }),
      );
    };
    server.once("error", fail);
    server.listen(port, host.replace(/[[\]]/g, ""), () => {
      server.off("error", fail);
      resolve();
    });
  });
}

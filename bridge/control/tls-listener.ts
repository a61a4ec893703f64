import { createServer, type Server as HttpServer, type ServerOptions } from "node:http";
import type { Server as HttpsServer } from "node:https";
import { createServer as createTcpServer, type Server, type Socket } from "node:net";

/** RFC 8446 section 5.1: the first byte of a TLS connection is the type of a handshake record. */
const handshakeRecord = 0x16;

export interface TlsListenerOptions {
  readonly https: HttpsServer;
  /** What is answered to plain HTTP: a hint, never the service. */
  readonly plain: HttpServer;
  /** A connection that says nothing for so long is closed. */
  readonly firstByteMs: number;
}

/** TLS and plain HTTP on one port, told apart by their first byte. */
export function tlsListener({ https, plain, firstByteMs }: TlsListenerOptions): Server {
  return createTcpServer({ noDelay: true }, (socket: Socket) => {
    socket.on("error", () => undefined);
    const timer = setTimeout(() => {
      socket.destroy();
    }, firstByteMs);
    socket.once("close", () => {
      clearTimeout(timer);
    });
    socket.once("data", (head: Buffer) => {
      clearTimeout(timer);
      socket.pause();
      socket.unshift(head);
      (head[0] === handshakeRecord ? https : plain).emit("connection", socket);
      // The new owner has attached its listeners by now.
      process.nextTick(() => {
        socket.resume();
      });
    });
  });
}

/** Answers plain HTTP where TLS is spoken: the way to it, and the certificate to trust for it. */
export function plainHint(
  timeouts: ServerOptions,
  port: () => number,
  caCertificate: string,
): HttpServer {
  const server = createServer({ ...timeouts }, (request, response) => {
    response.setHeader("Connection", "close");
    if (request.method === "GET" && request.url === "/ca.crt") {
      response.setHeader("Content-Type", "application/x-x509-ca-cert");
      response.end(caCertificate);
      return;
    }
    const name = request.headers.host?.replace(/:\d{1,5}$/, "") ?? "localhost";
    const isName = /^[A-Za-z0-9.-]+$|^\[[0-9a-fA-F:.]+\]$/.test(name);
    const to = `https://${isName ? name : "localhost"}:${port()}`;
    response.setHeader("Content-Type", "text/plain; charset=utf-8");
    response.setHeader("Location", `${to}/`);
    response.statusCode = request.method === "GET" || request.method === "HEAD" ? 308 : 403;
    response.end(`this server speaks TLS: ${to}/ (its authority's certificate: /ca.crt)\n`);
  });
  server.on("upgrade", (_request, socket) => {
    socket.on("error", () => undefined);
    socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\nexpected wss\n");
  });
  return server;
}

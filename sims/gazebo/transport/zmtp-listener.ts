import { createServer, type Server } from "node:net";
import { once } from "node:events";
import { BridgeError, ErrorCode, errorText } from "../../../bridge/contract/errors.ts";
import { ZmtpConnection, type ZmtpListener, type ZmtpOptions } from "./zmtp-connection.ts";

const maxConnections = 64;

/** A bound ZMTP socket and the peers that dialled it. */
export class ZmtpServer {
  /** As others dial it: tcp://address:port. */
  readonly endpoint: string;
  readonly #server: Server;
  readonly #connections: ReadonlySet<ZmtpConnection>;

  private constructor(server: Server, endpoint: string, connections: ReadonlySet<ZmtpConnection>) {
    this.#server = server;
    this.endpoint = endpoint;
    this.#connections = connections;
  }

  /** @throws BridgeError `sim/transport` if the address is not one of this machine. */
  static async open(
    address: string,
    options: ZmtpOptions,
    listener: ZmtpListener,
  ): Promise<ZmtpServer> {
    const connections = new Set<ZmtpConnection>();
    const server = createServer((socket) => {
      connections.add(
        new ZmtpConnection(socket, options, {
          ...bound(listener),
          onClosed: (connection, reason) => {
            connections.delete(connection);
            listener.onClosed(connection, reason);
          },
        }),
      );
    });
    server.maxConnections = maxConnections;
    server.listen({ host: address, port: 0 });
    try {
      await once(server, "listening");
    } catch (error) {
      throw new BridgeError(
        ErrorCode.SimTransport,
        `${options.socketType} socket on ${address}: ${errorText(error)}`,
        { cause: error },
      );
    }
    // Without a listener a later error of the accepting socket would end the process.
    server.on("error", () => undefined);
    const bind = server.address();
    const port = bind !== null && typeof bind === "object" ? bind.port : 0;
    return new ZmtpServer(server, `tcp://${address}:${port}`, connections);
  }

  get connections(): Iterable<ZmtpConnection> {
    return this.#connections;
  }

  close(): void {
    this.#server.close();
    for (const connection of this.#connections) connection.close();
  }
}

function bound(listener: ZmtpListener): Omit<ZmtpListener, "onClosed"> {
  return {
    onReady: (connection) => {
      listener.onReady(connection);
    },
    onMessage: (connection, parts) => {
      listener.onMessage(connection, parts);
    },
    onCommand: (connection, command) => {
      listener.onCommand?.(connection, command);
    },
  };
}

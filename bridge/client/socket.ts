import { ClientCode, ControlError } from "./errors.ts";

/**
 * The part of the WHATWG WebSocket this SDK uses. Browsers, React Native and Node 22 have it as a
 * global; for Node 20 pass the `WebSocket` class of the `ws` package.
 */
export interface SocketLike {
  readonly readyState: number;
  binaryType: string;
  send(data: string): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: "open" | "error", listener: () => void): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(
    type: "close",
    listener: (event: { readonly code: number; readonly reason: string }) => void,
  ): void;
}
export type SocketConstructor = new (url: string, protocols: string[]) => SocketLike;

/** readyState OPEN of the WHATWG WebSocket. */
export const socketOpen = 1;

export interface OpenSocketOptions {
  readonly WebSocket?: SocketConstructor;
  readonly protocol: string;
  /** Path of the endpoint, used when `url` names a server only. */
  readonly path: string;
}

/**
 * Starts a socket to `url`: `http(s)://` or `ws(s)://`, with or without the endpoint's path.
 * Messages that come before the caller listens are impossible: events wait for the next task.
 *
 * @throws ControlError `client/connect` where there is no WebSocket, or the URL is not one.
 */
export function openSocket(url: ServerUrl, options: OpenSocketOptions): SocketLike {
  const Socket = options.WebSocket ?? globalSocket();
  const socket = new Socket(endpointUrl(url, options.path), [options.protocol]);
  socket.binaryType = "arraybuffer";
  return socket;
}

/** `http(s)://` or `ws(s)://`, as text or a `URL`. */
export type ServerUrl = string | { readonly href: string };

/** By hand: the `URL` of React Native can be read only, and in part. */
export function endpointUrl(url: ServerUrl, path: string): string {
  const text = typeof url === "string" ? url : url.href;
  const parts = /^(http|ws)(s?):\/\/([^/?#\s]+)(\/[^?#\s]*)?(\?[^#\s]*)?(#.*)?$/i.exec(text);
  if (parts === null) {
    throw new ControlError(ClientCode.Connect, `url is ${text}, expected http: or ws:`);
  }
  const [, , secure = "", host = "", given = "/", query = ""] = parts;
  return `ws${secure.toLowerCase()}://${host}${given === "/" ? path : given}${query}`;
}

function globalSocket(): SocketConstructor {
  const { WebSocket: found } = globalThis as { WebSocket?: SocketConstructor };
  if (found !== undefined) return found;
  throw new ControlError(
    ClientCode.Connect,
    "there is no global WebSocket here, expected one or the option `WebSocket` (Node 20: that of `ws`)",
  );
}

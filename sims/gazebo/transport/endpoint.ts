import { isIPv4 } from "node:net";

/** Where a ZeroMQ socket is bound. Addresses only: a name from the network is never looked up. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** `tcp://192.0.2.1:5555`; undefined for anything else. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const match = /^tcp:\/\/([0-9.]{7,15}):([0-9]{1,5})$/.exec(text);
  const address = match?.[1] ?? "";
  const port = Number(match?.[2]);
  return isIPv4(address) && port > 0 && port < 65536 ? { address, port } : undefined;
}

export function isLoopback(address: string): boolean {
  return address.startsWith("127.");
}

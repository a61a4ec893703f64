import type * as z from "zod";
import { deviceProtocol, deviceRequests } from "../device-messages.ts";
import { deviceServerMessages } from "../device-server-messages.ts";
import { clientMessages, controlProtocol, streamMessages, streamProtocol } from "../messages.ts";
import { commandKinds } from "../messages/command-messages.ts";
import { streamServerMessages } from "../messages/stream-payloads.ts";
import { serverMessages } from "../server-messages.ts";

type Messages = Readonly<Record<string, z.ZodType>>;

/** One WebSocket endpoint: what travels on it, both ways, by a name that is unique on it. */
export interface Endpoint {
  readonly name: "control" | "stream" | "device";
  readonly path: string;
  readonly protocol: string;
  readonly about: string;
  readonly fromClient: Messages;
  readonly fromServer: Messages;
}

const commands = Object.fromEntries(
  Object.entries(commandKinds).map(([kind, schema]) => [`command.${kind}`, schema]),
);

/** Everything the server and its clients can say to each other: the very schemas they are judged by. */
export const endpoints: readonly Endpoint[] = [
  {
    name: "control",
    path: "/v1/control",
    protocol: controlProtocol,
    about: "Authority, commands and stops. JSON text of at most 16 KiB; hello first.",
    fromClient: { ...clientMessages, ...commands },
    fromServer: serverMessages,
  },
  {
    name: "stream",
    path: "/v1/stream",
    protocol: streamProtocol,
    about:
      "What is measured and predicted. Small messages are JSON text, tensors and pictures msgpack; what a client does not read in time is dropped, and it is told.",
    fromClient: streamMessages,
    fromServer: streamServerMessages,
  },
  {
    name: "device",
    path: "/v1/device",
    protocol: deviceProtocol,
    about: "For agents that hold a device, e.g. a phone: limits offered, setpoints received.",
    fromClient: deviceRequests,
    fromServer: deviceServerMessages,
  },
];

export const directions = ["fromClient", "fromServer"] as const;
export type Direction = (typeof directions)[number];

/** e.g. `control.fromClient.lease.acquire` */
export function messageId(endpoint: Endpoint, direction: Direction, message: string): string {
  return `${endpoint.name}.${direction}.${message}`;
}

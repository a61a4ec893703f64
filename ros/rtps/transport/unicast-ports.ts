import type { Socket } from "node:dgram";
import { BridgeError, ErrorCode, errorText } from "../../../bridge/contract/errors.ts";
import type { Log } from "../../../bridge/contract/log.ts";
import { maxParticipantIndex, metatrafficPort, userTrafficPort } from "../wire/protocol.ts";
import { bindSocket, closeSocket, makeSocket, socketBufferBytes } from "./udp-socket.ts";

/** The sockets of one address: discovery and topics. */
export type SocketPair = readonly [metatraffic: Socket, userTraffic: Socket];

interface UnicastOptions {
  readonly domainId: number;
  readonly log: Log;
  /** An error of a bound socket: a datagram that could not be sent. */
  readonly onError: (error: Error) => void;
}

/**
 * Tries participant index 0, 1, 2 … until both ports of one are free on every address.
 *
 * @throws BridgeError `ros/transport` when no pair of ports is free.
 */
export async function bindUnicast(
  options: UnicastOptions,
  addresses: readonly string[],
): Promise<readonly [SocketPair, ...SocketPair[]]> {
  const lastIndex = maxParticipantIndex(options.domainId);
  for (let index = 0; index <= lastIndex; index += 1) {
    const pairs: SocketPair[] = [];
    for (const address of addresses) {
      const pair = await tryBindPair(options, index, address);
      if (pair !== undefined) pairs.push(pair);
    }
    const [first, ...others] = pairs;
    if (first !== undefined && pairs.length === addresses.length) return [first, ...others];
    await Promise.all(pairs.flat().map(closeSocket));
  }
  const first = metatrafficPort(options.domainId, 0);
  const last = userTrafficPort(options.domainId, lastIndex);
  throw new BridgeError(
    ErrorCode.RosTransport,
    `no free pair of UDP ports from ${first} to ${last} on ${addresses.join(", ")} (domain ${options.domainId})`,
  );
}

async function tryBindPair(
  options: UnicastOptions,
  index: number,
  address: string,
): Promise<SocketPair | undefined> {
  const metatraffic = await tryBind(metatrafficPort(options.domainId, index), address, options);
  if (metatraffic === undefined) return undefined;
  const userTraffic = await tryBind(userTrafficPort(options.domainId, index), address, options);
  if (userTraffic !== undefined) return [metatraffic, userTraffic];
  await closeSocket(metatraffic);
  return undefined;
}

async function tryBind(
  port: number,
  address: string,
  options: UnicastOptions,
): Promise<Socket | undefined> {
  const socket = makeSocket({ shared: false });
  try {
    await bindSocket(socket, port, address);
  } catch (error) {
    await closeSocket(socket);
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return undefined;
    throw new BridgeError(
      ErrorCode.RosTransport,
      `cannot bind UDP ${address}:${port}: ${errorText(error)}`,
      { cause: error },
    );
  }
  socket.on("error", options.onError);
  socket.setRecvBufferSize(socketBufferBytes);
  socket.setSendBufferSize(socketBufferBytes);
  // The kernel doubles what it grants, and caps it at net.core.rmem_max without telling.
  const grantedBytes = socket.getRecvBufferSize();
  if (grantedBytes < socketBufferBytes) {
    options.log.info(
      { port, grantedBytes, wantedBytes: socketBufferBytes },
      "UDP receive buffer is smaller than wanted; raise net.core.rmem_max for large messages",
    );
  }
  return socket;
}

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { BridgeError, ErrorCode, errorText } from "../../../bridge/contract/errors.ts";
import type { Log } from "../../../bridge/contract/log.ts";
import type { DatagramLink, Locator } from "./link.ts";
import {
  metatrafficPort,
  multicastAddress,
  multicastPort,
  userTrafficPort,
} from "../wire/protocol.ts";

/** ROS_AUTOMATIC_DISCOVERY_RANGE: who may find us. */
export type DiscoveryRange = "LOCALHOST" | "SUBNET" | "OFF";

export interface UdpLinkOptions {
  readonly domainId: number;
  readonly range: DiscoveryRange;
  /**
   * IPv4 addresses of this machine. With SUBNET those to use, default all. With LOCALHOST those to be
   * reachable at besides loopback, default none: Cyclone DDS does not send to 127.0.0.1 while it uses a
   * network card. What does not come from this machine is dropped, and multicast does not leave it.
   */
  readonly interfaces?: readonly string[];
  /** Addresses that are told of us although multicast does not reach them. */
  readonly staticPeers?: readonly string[];
  readonly log: Log;
}

const loopback = "127.0.0.1";
/** Fast DDS and Cyclone DDS in their LOCALHOST set-ups probe this many ports; so do we. */
const probedParticipants = 32;
/** 7411 + 2 * 119 is the last port before the next domain's. */
const maxParticipantIndex = 119;
const socketBufferBytes = 4 * 1024 * 1024;

/**
 * Opens the UDP sockets of one participant: a pair of well-known unicast ports, bound for us alone, and
 * the shared multicast port where that works.
 *
 * @throws BridgeError `ros/transport` when no pair of ports is free.
 */
export async function openUdpLink(options: UdpLinkOptions): Promise<DatagramLink> {
  const addresses = usedAddresses(options);
  const bound = options.range === "SUBNET" ? ["0.0.0.0"] : addresses;
  const unicast = await bindUnicast(options, bound);
  const multicast = options.range === "OFF" ? undefined : await bindMulticast(options, addresses);
  return new UdpLink(options, addresses, unicast, multicast);
}

/** The sockets of one address: discovery and topics. */
type SocketPair = readonly [metatraffic: Socket, userTraffic: Socket];

interface Multicast {
  readonly receiver: Socket;
  /** One per interface, bound to its address. */
  readonly senders: readonly Socket[];
}

class UdpLink implements DatagramLink {
  readonly metatraffic: readonly Locator[];
  readonly userTraffic: readonly Locator[];
  readonly #options: UdpLinkOptions;
  readonly #unicast: readonly SocketPair[];
  readonly #sender: Socket;
  readonly #multicast: Multicast | undefined;
  readonly #targets: readonly Locator[];
  readonly #ownAddresses = new Set(ownAddresses());
  #listener: (datagram: Buffer) => void = () => undefined;
  #closed = false;

  constructor(
    options: UdpLinkOptions,
    addresses: readonly string[],
    unicast: readonly [SocketPair, ...SocketPair[]],
    multicast: Multicast | undefined,
  ) {
    const [metatraffic, userTraffic] = unicast[0];
    this.#options = options;
    this.#unicast = unicast;
    this.#sender = userTraffic;
    this.#multicast = multicast;
    this.metatraffic = addresses.map((address) => ({ address, port: metatraffic.address().port }));
    this.userTraffic = addresses.map((address) => ({ address, port: userTraffic.address().port }));
    this.#targets = probeTargets(options);
    const sockets = [...unicast.flat(), ...(multicast?.senders ?? [])];
    if (multicast !== undefined) sockets.push(multicast.receiver);
    for (const socket of sockets) {
      socket.on("message", (datagram, from) => {
        // Only a multicast socket, or one of a network card, can be reached by others at all.
        if (options.range !== "SUBNET" && !this.#isOwn(from.address)) return;
        this.#listener(datagram);
      });
    }
  }

  get backlogBytes(): number {
    return this.#closed ? 0 : this.#sender.getSendQueueSize();
  }

  onDatagram(listener: (datagram: Buffer) => void): void {
    this.#listener = listener;
  }

  send(chunks: readonly Uint8Array[], to: Locator): void {
    if (!this.#closed) this.#sender.send(chunks, to.port, to.address);
  }

  announce(chunks: readonly Uint8Array[]): void {
    if (this.#closed || this.#options.range === "OFF") return;
    for (const target of this.#targets) this.send(chunks, target);
    const port = multicastPort(this.#options.domainId);
    for (const sender of this.#multicast?.senders ?? []) {
      // Without a route for 239/8 this fails, and the probes above have to do.
      sender.send(chunks, port, multicastAddress, () => undefined);
    }
  }

  choose(locators: readonly Locator[]): Locator | undefined {
    // Whoever knocks although discovery is off is not let in.
    if (this.#options.range === "OFF") return undefined;
    const local = locators.find(({ address }) => this.#isOwn(address));
    if (this.#options.range !== "SUBNET") return local;
    return local ?? locators.find(({ address }) => !address.startsWith("127.")) ?? locators[0];
  }

  #isOwn(address: string): boolean {
    return address.startsWith("127.") || this.#ownAddresses.has(address);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const senders = this.#multicast === undefined ? [] : this.#multicast.senders;
    const receivers = this.#multicast === undefined ? [] : [this.#multicast.receiver];
    await Promise.all([...this.#unicast.flat(), ...senders, ...receivers].map(closeSocket));
  }
}

/** Peers that look at well-known ports only: on this machine, and those that were named. */
function probeTargets(options: UdpLinkOptions): Locator[] {
  const addresses = new Set([loopback, ...(options.staticPeers ?? [])]);
  return [...addresses].flatMap((address) =>
    Array.from({ length: probedParticipants }, (_, index) => ({
      address,
      port: metatrafficPort(options.domainId, index),
    })),
  );
}

/** Tries participant index 0, 1, 2 … until both ports of one are free on every address. */
async function bindUnicast(
  options: UdpLinkOptions,
  addresses: readonly string[],
): Promise<readonly [SocketPair, ...SocketPair[]]> {
  for (let index = 0; index <= maxParticipantIndex; index += 1) {
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
  const last = userTrafficPort(options.domainId, maxParticipantIndex);
  throw new BridgeError(
    ErrorCode.RosTransport,
    `no free pair of UDP ports from ${first} to ${last} on ${addresses.join(", ")} (domain ${options.domainId})`,
  );
}

async function tryBindPair(
  options: UdpLinkOptions,
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
  options: UdpLinkOptions,
): Promise<Socket | undefined> {
  const socket = makeSocket({ shared: false });
  try {
    await bind(socket, port, address);
  } catch (error) {
    await closeSocket(socket);
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return undefined;
    throw new BridgeError(
      ErrorCode.RosTransport,
      `cannot bind UDP ${address}:${port}: ${errorText(error)}`,
      { cause: error },
    );
  }
  socket.on("error", (error) => {
    options.log.warn({ port, error: error.message }, "UDP socket error");
  });
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

/** Undefined where multicast does not work: LOCALHOST peers and named peers are found without it. */
async function bindMulticast(
  options: UdpLinkOptions,
  addresses: readonly string[],
): Promise<Multicast | undefined> {
  const receiver = makeSocket({ shared: true });
  const senders: Socket[] = [];
  try {
    // Bound to the group, not to 0.0.0.0: nothing sent to this machine's own addresses gets in.
    await bind(receiver, multicastPort(options.domainId), multicastAddress);
    receiver.setRecvBufferSize(socketBufferBytes);
    for (const address of addresses) {
      join(receiver, address);
      senders.push(await openMulticastSender(options, address));
    }
    receiver.on("error", () => undefined);
    return { receiver, senders };
  } catch (error) {
    await Promise.all([receiver, ...senders].map(closeSocket));
    options.log.info({ error: errorText(error) }, "no multicast; peers are found on known ports");
    return undefined;
  }
}

function join(receiver: Socket, address: string): void {
  try {
    receiver.addMembership(multicastAddress, address);
  } catch (error) {
    // Another address of the same card has joined already.
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
  }
}

async function openMulticastSender(options: UdpLinkOptions, address: string): Promise<Socket> {
  const sender = makeSocket({ shared: false });
  await bind(sender, 0, address);
  sender.setMulticastInterface(address);
  sender.setMulticastLoopback(true);
  // 0 = not beyond this machine (RFC 1112, 6.1).
  if (options.range === "LOCALHOST") sender.setMulticastTTL(0);
  sender.on("error", () => undefined);
  return sender;
}

async function bind(socket: Socket, port: number, address: string): Promise<void> {
  // Listened for first: with a lookup that answers at once, the event comes before `bind` returns.
  const listening = once(socket, "listening");
  socket.bind({ port, address, exclusive: true });
  await listening;
}

function makeSocket(options: { readonly shared: boolean }): Socket {
  return createSocket({
    type: "udp4",
    reuseAddr: options.shared,
    // Addresses only, never names: answering at once saves a tick of the event loop per send.
    lookup: (address, _options, done) => {
      done(null, address, 4);
    },
  });
}

async function closeSocket(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => {
    try {
      socket.close(() => {
        resolve();
      });
    } catch {
      resolve(); // Never bound, or closed before.
    }
  });
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .filter((entry) => entry.family === "IPv4")
    .map((entry) => entry.address);
}

/** Loopback and what was chosen; for SUBNET every address that is not loopback, or what was chosen. */
function usedAddresses(options: UdpLinkOptions): readonly string[] {
  const chosen = options.interfaces ?? [];
  if (options.range !== "SUBNET") return [...new Set([loopback, ...chosen])];
  if (chosen.length > 0) return chosen;
  const addresses = ownAddresses().filter((address) => !address.startsWith("127."));
  return addresses.length > 0 ? addresses : [loopback];
}

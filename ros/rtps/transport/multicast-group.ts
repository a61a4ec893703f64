import type { Socket } from "node:dgram";
import { errorText } from "../../../bridge/contract/errors.ts";
import type { Log } from "../../../bridge/contract/log.ts";
import { multicastAddress, multicastPort } from "../wire/protocol.ts";
import { bindSocket, closeSocket, makeSocket, socketBufferBytes } from "./udp-socket.ts";

interface MulticastOptions {
  readonly domainId: number;
  /** 0 = not beyond this machine (RFC 1112, 6.1); undefined = the system's, which is the subnet. */
  readonly ttl: number | undefined;
  readonly log: Log;
}

/** The group where participants look for each other, on the network cards there are at present. */
export class MulticastGroup {
  readonly #options: MulticastOptions;
  readonly #receiver: Socket;
  /** One per address, bound to it. */
  readonly #senders = new Map<string, Socket>();

  private constructor(options: MulticastOptions, receiver: Socket) {
    this.#options = options;
    this.#receiver = receiver;
  }

  /** Undefined where multicast does not work: LOCALHOST peers and named peers are found without it. */
  static async open(
    options: MulticastOptions,
    addresses: readonly string[],
  ): Promise<MulticastGroup | undefined> {
    const receiver = makeSocket({ shared: true });
    receiver.on("error", () => undefined);
    try {
      // Bound to the group, not to 0.0.0.0: nothing sent to this machine's own addresses gets in.
      await bindSocket(receiver, multicastPort(options.domainId), multicastAddress);
      receiver.setRecvBufferSize(socketBufferBytes);
    } catch (error) {
      await closeSocket(receiver);
      sayWithout(options.log, error);
      return undefined;
    }
    const group = new MulticastGroup(options, receiver);
    await group.use(addresses);
    return group;
  }

  onDatagram(listener: (datagram: Buffer, fromAddress: string) => void): void {
    this.#receiver.on("message", (datagram, from) => {
      listener(datagram, from.address);
    });
  }

  /** Joins on addresses that are new, leaves those that are gone. */
  async use(addresses: readonly string[]): Promise<void> {
    for (const [address, sender] of this.#senders) {
      if (addresses.includes(address)) continue;
      this.#senders.delete(address);
      this.#leave(address);
      await closeSocket(sender);
    }
    for (const address of addresses) {
      if (this.#senders.has(address)) continue;
      try {
        this.#join(address);
        this.#senders.set(address, await openSender(this.#options, address));
      } catch (error) {
        sayWithout(this.#options.log, error, address);
      }
    }
  }

  send(chunks: readonly Uint8Array[]): void {
    const port = multicastPort(this.#options.domainId);
    for (const sender of this.#senders.values()) {
      // Without a route for 239/8 this fails, and probing well-known ports has to do.
      sender.send(chunks, port, multicastAddress, () => undefined);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#receiver, ...this.#senders.values()].map(closeSocket));
    this.#senders.clear();
  }

  #join(address: string): void {
    try {
      this.#receiver.addMembership(multicastAddress, address);
    } catch (error) {
      // Another address of the same card has joined already.
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    }
  }

  #leave(address: string): void {
    try {
      this.#receiver.dropMembership(multicastAddress, address);
    } catch {
      // The card went, and its membership with it.
    }
  }
}

function sayWithout(log: Log, error: unknown, address?: string): void {
  const fields = { error: errorText(error), ...(address === undefined ? {} : { address }) };
  log.info(fields, "no multicast; peers are found on known ports");
}

async function openSender(options: MulticastOptions, address: string): Promise<Socket> {
  const sender = makeSocket({ shared: false });
  sender.on("error", () => undefined);
  try {
    await bindSocket(sender, 0, address);
    sender.setMulticastInterface(address);
    sender.setMulticastLoopback(true);
    if (options.ttl !== undefined) sender.setMulticastTTL(options.ttl);
    return sender;
  } catch (error) {
    await closeSocket(sender);
    throw error;
  }
}

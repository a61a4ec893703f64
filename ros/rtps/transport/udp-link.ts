import type { Socket } from "node:dgram";
import type { Log } from "../../../bridge/contract/log.ts";
import { maxParticipantIndex, metatrafficPort } from "../wire/protocol.ts";
import { isLoopback, loopback, ownAddresses, usedAddresses } from "./addresses.ts";
import type { DiscoveryRange } from "./discovery-range.ts";
import type { DatagramLink, LinkCounts, Locator } from "./link.ts";
import { MulticastGroup } from "./multicast-group.ts";
import { type LookUp, StaticPeers } from "./static-peers.ts";
import { closeSocket } from "./udp-socket.ts";
import { bindUnicast, type SocketPair } from "./unicast-ports.ts";

export interface UdpLinkOptions {
  readonly domainId: number;
  readonly range: DiscoveryRange;
  /**
   * IPv4 addresses of this machine. With SUBNET those to use, default all. With LOCALHOST those to be
   * reachable at besides loopback, default none: Cyclone DDS does not send to 127.0.0.1 while it uses a
   * network card. What does not come from this machine is dropped, and multicast does not leave it.
   */
  readonly interfaces?: readonly string[];
  /** Addresses or names that are told of us although multicast does not reach them. */
  readonly staticPeers?: readonly string[];
  readonly log: Log;
  /** A test's machine and name server; default the real ones. */
  readonly listAddresses?: () => readonly string[];
  readonly lookUp?: LookUp;
  /** How often the machine's addresses are looked at; nothing tells us when they change. */
  readonly addressCheckMs?: number;
}

/** Fast DDS and Cyclone DDS in their LOCALHOST set-ups probe this many ports; so do we. */
const probedParticipants = 32;
const defaultAddressCheckMs = 2000;

/**
 * Opens the UDP sockets of one participant: a pair of well-known unicast ports, bound for us alone, and
 * the shared multicast port where that works.
 *
 * @throws BridgeError `ros/transport` when no pair of ports is free.
 */
export async function openUdpLink(options: UdpLinkOptions): Promise<DatagramLink> {
  const scope = new Scope(options);
  const errors = new SendErrors(options.log);
  const { domainId, log, range } = options;
  const bound = scope.reachesOthers ? ["0.0.0.0"] : scope.addresses;
  const onError = errors.add.bind(errors);
  const unicast = await bindUnicast({ domainId, log, onError }, bound);
  const ttl = range === "LOCALHOST" ? 0 : undefined;
  const multicast =
    range === "OFF"
      ? undefined
      : await MulticastGroup.open({ domainId, ttl, log }, scope.multicastAddresses);
  void scope.staticPeers.start();
  return new UdpLink(options, scope, { unicast, multicast, errors });
}

/** Where we are, whom we talk to and whom we listen to. */
class Scope {
  readonly staticPeers: StaticPeers;
  /** Whether other machines are talked to at all. */
  readonly reachesOthers: boolean;
  readonly #options: UdpLinkOptions;
  #own: readonly string[];
  #used: readonly string[];

  constructor(options: UdpLinkOptions) {
    this.#options = options;
    const { range, staticPeers = [], log, lookUp } = options;
    const named = range === "OFF" ? [] : staticPeers;
    this.staticPeers = new StaticPeers(named, log, lookUp);
    this.reachesOthers = range === "SUBNET" || named.some((peer) => !isLoopback(peer));
    this.#own = this.#listOwn();
    this.#used = this.#listUsed();
  }

  /** What peers are told. */
  get addresses(): readonly string[] {
    return this.#used;
  }

  /** LOCALHOST stays on this machine even where named peers do not. */
  get multicastAddresses(): readonly string[] {
    const { range, interfaces = [] } = this.#options;
    return range === "SUBNET" ? this.#used : [...new Set([loopback, ...interfaces])];
  }

  /** Looks at the machine again; false when nothing has changed. */
  refresh(): boolean {
    this.#own = this.#listOwn();
    const before = this.#used;
    this.#used = this.#listUsed();
    return this.#used.join() !== before.join();
  }

  isOwn(address: string): boolean {
    return isLoopback(address) || this.#own.includes(address);
  }

  /** Whose datagrams are read, and to whom any are sent. */
  isWelcome(address: string): boolean {
    if (this.#options.range === "SUBNET" || this.isOwn(address)) return true;
    return this.reachesOthers && this.staticPeers.addresses.has(address);
  }

  #listOwn(): readonly string[] {
    return (this.#options.listAddresses ?? ownAddresses)();
  }

  #listUsed(): readonly string[] {
    const { range, interfaces = [] } = this.#options;
    return usedAddresses(this.#own, { range, interfaces, reachesOthers: this.reachesOthers });
  }
}

/** Datagrams the system did not take; a flood is told of, and does not flood the log. */
class SendErrors {
  count = 0;
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  add(error: Error): void {
    this.count += 1;
    if ((this.count & (this.count - 1)) !== 0) return;
    this.#log.warn({ error: error.message, errorCount: this.count }, "UDP socket error");
  }
}

interface Sockets {
  /** The same ports on each address. */
  readonly unicast: readonly [SocketPair, ...SocketPair[]];
  readonly multicast: MulticastGroup | undefined;
  readonly errors: SendErrors;
}

class UdpLink implements DatagramLink {
  readonly #options: UdpLinkOptions;
  readonly #scope: Scope;
  readonly #sockets: Sockets;
  readonly #sender: Socket;
  readonly #addressChecks: NodeJS.Timeout;
  #listener: (datagram: Buffer) => void = () => undefined;
  #onMoved: () => void = () => undefined;
  #sentCount = 0;
  #closed = false;

  constructor(options: UdpLinkOptions, scope: Scope, sockets: Sockets) {
    this.#options = options;
    this.#scope = scope;
    this.#sockets = sockets;
    this.#sender = sockets.unicast[0][1];
    for (const socket of sockets.unicast.flat()) {
      socket.on("message", (datagram, from) => {
        this.#take(datagram, from.address);
      });
    }
    sockets.multicast?.onDatagram((datagram, from) => {
      this.#take(datagram, from);
    });
    this.#addressChecks = setInterval(() => {
      if (this.#scope.refresh()) void this.#move();
    }, options.addressCheckMs ?? defaultAddressCheckMs);
    this.#addressChecks.unref();
  }

  get metatraffic(): readonly Locator[] {
    return this.#locators(0);
  }

  get userTraffic(): readonly Locator[] {
    return this.#locators(1);
  }

  get backlogBytes(): number {
    return this.#closed ? 0 : this.#sender.getSendQueueSize();
  }

  get counts(): LinkCounts {
    return { sentCount: this.#sentCount, errorCount: this.#sockets.errors.count };
  }

  onDatagram(listener: (datagram: Buffer) => void): void {
    this.#listener = listener;
  }

  onMoved(listener: () => void): void {
    this.#onMoved = listener;
  }

  /** // hot path */
  send(chunks: readonly Uint8Array[], to: Locator): void {
    if (this.#closed) return;
    this.#sentCount += 1;
    this.#sender.send(chunks, to.port, to.address);
  }

  announce(chunks: readonly Uint8Array[]): void {
    if (this.#closed || this.#options.range === "OFF") return;
    for (const address of new Set([loopback, ...this.#scope.staticPeers.addresses])) {
      this.#probe(chunks, address);
    }
    this.#sockets.multicast?.send(chunks);
  }

  choose(locators: readonly Locator[]): Locator | undefined {
    // Whoever knocks although discovery is off is not let in.
    if (this.#options.range === "OFF") return undefined;
    const local = locators.find(({ address }) => this.#scope.isOwn(address));
    if (local !== undefined) return local;
    const welcome = locators.filter(({ address }) => this.#scope.isWelcome(address));
    return welcome.find(({ address }) => !isLoopback(address)) ?? welcome[0];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#addressChecks);
    this.#scope.staticPeers.close();
    const { unicast, multicast } = this.#sockets;
    await Promise.all([...unicast.flat().map(closeSocket), multicast?.close()]);
  }

  /** // hot path */
  #take(datagram: Buffer, from: string): void {
    if (this.#scope.isWelcome(from)) this.#listener(datagram);
  }

  /** Peers that look at well-known ports only: on this machine, and those that were named. */
  #probe(chunks: readonly Uint8Array[], address: string): void {
    const { domainId } = this.#options;
    const count = Math.min(probedParticipants, maxParticipantIndex(domainId) + 1);
    for (let index = 0; index < count; index += 1) {
      this.send(chunks, { address, port: metatrafficPort(domainId, index) });
    }
  }

  /** An interface came or went. */
  async #move(): Promise<void> {
    const { addresses, multicastAddresses } = this.#scope;
    this.#options.log.info({ addresses }, "network addresses changed");
    await this.#sockets.multicast?.use(multicastAddresses);
    if (!this.#closed) this.#onMoved();
  }

  #locators(which: 0 | 1): readonly Locator[] {
    const { port } = this.#sockets.unicast[0][which].address();
    return this.#scope.addresses.map((address) => ({ address, port }));
  }
}

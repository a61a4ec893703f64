/** Where to send: an IPv4 address in dotted form and a UDP port. */
export interface Locator {
  readonly address: string;
  readonly port: number;
}

export interface LinkCounts {
  readonly sentCount: number;
  /** Datagrams the system refused. */
  readonly errorCount: number;
}

/** Datagrams in and out for one participant: UDP sockets, or a test's link in memory. */
export interface DatagramLink extends AsyncDisposable {
  /** Where peers reach our discovery. */
  readonly metatraffic: readonly Locator[];
  /** Where peers reach our topics. */
  readonly userTraffic: readonly Locator[];
  /** Octets accepted by `send` that the operating system has not taken yet. // hot path */
  readonly backlogBytes: number;
  /** Absent: not counted. */
  readonly counts?: LinkCounts;
  onDatagram(listener: (datagram: Buffer) => void): void;
  /** Called when `metatraffic` and `userTraffic` have changed. Absent: they never do. */
  onMoved?(listener: () => void): void;
  /** One datagram made of `chunks`. The chunks must not change afterwards. // hot path */
  send(chunks: readonly Uint8Array[], to: Locator): void;
  /** To everyone who may be listening for participants: multicast, and the well-known ports of peers. */
  announce(chunks: readonly Uint8Array[]): void;
  /** The first of a peer's locators that this link can reach and may use. */
  choose(locators: readonly Locator[]): Locator | undefined;
}

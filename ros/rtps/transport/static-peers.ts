import { lookup } from "node:dns/promises";
import { isIPv4 } from "node:net";
import { errorText } from "../../../bridge/contract/errors.ts";
import type { Log } from "../../../bridge/contract/log.ts";

/** Peers that may be named; each is probed at 32 ports. */
export const maxStaticPeers = 32;
/** Addresses one name may stand for. */
const maxAddressesPerName = 4;
const refreshMs = 60_000;
const retryMs = 5000;

/** Finds the IPv4 addresses of a host name; rejects when there are none. */
export type LookUp = (name: string) => Promise<readonly string[]>;

/**
 * The peers of ROS_STATIC_PEERS by address. Names are looked up in the background, again and again: a robot
 * may be switched on later, or get another address.
 */
export class StaticPeers {
  readonly #names: readonly string[];
  readonly #lookUp: LookUp;
  readonly #log: Log;
  readonly #addresses = new Map<string, readonly string[]>();
  readonly #unknown = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param peers IPv4 addresses and host names; what is beyond `maxStaticPeers` is left out. */
  constructor(peers: readonly string[], log: Log, lookUp: LookUp = lookUpIPv4) {
    const used = [...new Set(peers)].slice(0, maxStaticPeers);
    if (used.length < peers.length) {
      log.warn({ count: peers.length, limit: maxStaticPeers }, "too many static peers");
    }
    for (const peer of used) if (isIPv4(peer)) this.#addresses.set(peer, [peer]);
    this.#names = used.filter((peer) => !isIPv4(peer));
    this.#lookUp = lookUp;
    this.#log = log;
  }

  /** Addresses known at present. */
  get addresses(): ReadonlySet<string> {
    return new Set([...this.#addresses.values()].flat());
  }

  /** Looks the names up now, and from now on. */
  async start(): Promise<void> {
    if (this.#names.length === 0) return;
    await Promise.all(this.#names.map((name) => this.#find(name)));
    // `close` may have come meanwhile.
    if (this.#isClosed()) return;
    this.#timer = setTimeout(() => void this.start(), this.#unknown.size > 0 ? retryMs : refreshMs);
    this.#timer.unref();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #isClosed(): boolean {
    return this.#closed;
  }

  async #find(name: string): Promise<void> {
    try {
      const found = await this.#lookUp(name);
      this.#addresses.set(name, found.slice(0, maxAddressesPerName));
      this.#unknown.delete(name);
    } catch (error) {
      // What it last was stays in use.
      if (this.#unknown.has(name)) return;
      this.#unknown.add(name);
      this.#log.warn(
        { name, error: errorText(error) },
        "static peer not found by name, will retry",
      );
    }
  }
}

async function lookUpIPv4(name: string): Promise<readonly string[]> {
  const found = await lookup(name, { family: 4, all: true });
  return found.map(({ address }) => address);
}

import type { DatagramLink, Locator } from "../../../ros/rtps/transport/link.ts";
import type { Scheduler } from "../../../ros/rtps/transport/scheduler.ts";

export interface NetworkFaults {
  readonly lossRatio: number;
  readonly duplicateRatio: number;
  /** Each datagram is delayed by 0.1 ms plus up to this, so later ones overtake. */
  readonly jitterMs: number;
}

/** Small, fast and repeatable: mulberry32. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x100000000;
  };
}

/** Participants on one wire that loses, duplicates and reorders as told, repeatably for a seed. */
export class MemoryNetwork {
  faults: NetworkFaults;
  datagramCount = 0;
  readonly #scheduler: Scheduler;
  readonly #random: () => number;
  readonly #listeners = new Map<string, (datagram: Buffer) => void>();
  #linkCount = 0;

  constructor(scheduler: Scheduler, seed: number, faults: NetworkFaults) {
    this.#scheduler = scheduler;
    this.#random = seededRandom(seed);
    this.faults = faults;
  }

  openLink(): DatagramLink & { unplug(): void } {
    this.#linkCount += 1;
    const address = `127.0.${1 + (this.#linkCount >> 8)}.${this.#linkCount & 0xff}`;
    const at: Locator = { address, port: 7410 };
    let isPlugged = true;
    return {
      metatraffic: [at],
      userTraffic: [at],
      backlogBytes: 0,
      onDatagram: (listener) => {
        this.#listeners.set(address, listener);
      },
      send: (chunks, to) => {
        if (isPlugged) this.#send(Buffer.concat(chunks), to.address);
      },
      announce: (chunks) => {
        if (!isPlugged) return;
        for (const other of this.#listeners.keys()) {
          if (other !== address) this.#send(Buffer.concat(chunks), other);
        }
      },
      choose: (locators) => locators[0],
      // Neither hears nor is heard, as a process that was killed.
      unplug: () => {
        isPlugged = false;
        this.#listeners.delete(address);
      },
      [Symbol.asyncDispose]: async () => {
        this.#listeners.delete(address);
        await Promise.resolve();
      },
    };
  }

  #send(datagram: Buffer, to: string): void {
    this.datagramCount += 1;
    if (this.#random() < this.faults.lossRatio) return;
    const copies = this.#random() < this.faults.duplicateRatio ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      this.#scheduler.after(0.1 + this.#random() * this.faults.jitterMs, () => {
        this.#listeners.get(to)?.(datagram);
      });
    }
  }
}

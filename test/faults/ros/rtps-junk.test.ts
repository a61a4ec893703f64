import { describe, expect, it } from "vitest";
import type { RosTopic } from "../../../bridge/contract/ros-transport.ts";
import { Participant } from "../../../ros/rtps/participant.ts";
import { prefixToBytes } from "../../../ros/rtps/wire/guid.ts";
import { ManualScheduler } from "./manual-scheduler.ts";
import { MemoryNetwork, seededRandom } from "./memory-network.ts";
import { message } from "./rtps-world.ts";

const topic: RosTopic = {
  name: "/test",
  type: "std_msgs/msg/String",
  qos: { reliability: "reliable", durability: "transient_local", depth: 10 },
};
const ids = [0x01, 0x06, 0x07, 0x08, 0x09, 0x0c, 0x0e, 0x12, 0x13, 0x15, 0x16, 0x80];
const entities = [
  0x000100c2, 0x000100c7, 0x3c2, 0x3c7, 0x4c2, 0x4c7, 0x200c2, 0x200c7, 0x103, 0x203, 0x304, 0,
];

/** Short, truncated and randomised messages; every other one claims to come from `peer`. */
class JunkMaker {
  readonly #random: () => number;
  readonly #peer: Buffer;

  constructor(seed: number, peer: Buffer) {
    this.#random = seededRandom(seed);
    this.#peer = peer;
  }

  datagram(): Buffer {
    if (this.#below(20) === 0) return this.#octets(this.#below(40));
    const prefix = this.#below(2) === 0 ? this.#peer : this.#octets(12);
    const parts = [Buffer.from("5254505302020110", "hex"), prefix];
    for (let left = 1 + this.#below(5); left > 0; left -= 1) parts.push(this.#submessage());
    const message = Buffer.concat(parts);
    return this.#below(4) === 0 ? message.subarray(0, this.#below(message.length)) : message;
  }

  #submessage(): Buffer {
    const body = this.#octets(this.#below(96));
    const littleEndian = this.#below(2);
    if (body.length > 32) this.#makePlausible(body, littleEndian === 1);
    const head = Buffer.from([
      ids[this.#below(ids.length)]!,
      this.#below(128) * 2 + littleEndian,
      0,
      0,
    ]);
    const length = this.#below(10) === 0 ? this.#below(65536) : body.length;
    if (littleEndian === 1) head.writeUInt16LE(length, 2);
    else head.writeUInt16BE(length, 2);
    return Buffer.concat([head, body]);
  }

  /** Known entities and small numbers where DATA or the others keep them, so that it gets deep. */
  #makePlausible(body: Buffer, littleEndian: boolean): void {
    const at = this.#below(2) === 0 ? 4 : 0;
    body.writeUInt32BE(entities[this.#below(entities.length)]!, at);
    body.writeUInt32BE(entities[this.#below(entities.length)]!, at + 4);
    body.writeUInt32BE(0, at + 8);
    const number = this.#below(50);
    if (littleEndian) body.writeUInt32LE(number, at + 12);
    else body.writeUInt32BE(number, at + 12);
    if (at === 4) body.writeUInt32LE(0x00100000, 0);
  }

  #octets(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => this.#below(256)));
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}

function open(network: MemoryNetwork, scheduler: ManualScheduler, nodeName: string) {
  const link = network.openLink();
  let receive: (datagram: Buffer) => void = () => undefined;
  const tapped = {
    ...link,
    onDatagram: (listener: (datagram: Buffer) => void) => {
      receive = listener;
      link.onDatagram(listener);
    },
  };
  const options = { domainId: 0, range: "LOCALHOST", nodeName, namespace: "/", scheduler } as const;
  const node = new Participant(options, tapped);
  return {
    node,
    receive: (datagram: Buffer) => {
      receive(datagram);
    },
  };
}

function heapMb(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1e6;
}

describe("40,000 junk datagrams", () => {
  it("neither end the process nor fill it, and the topics work on", () => {
    const scheduler = new ManualScheduler();
    const network = new MemoryNetwork(scheduler, 1, {
      lossRatio: 0,
      duplicateRatio: 0,
      jitterMs: 0,
    });
    const attacked = open(network, scheduler, "attacked");
    const peer = open(network, scheduler, "peer");
    const received: number[] = [];
    attacked.node.createReader({ topic, onMessage: (cdr) => received.push(cdr.length) });
    const writer = peer.node.createWriter({ topic });
    attacked.node.createWriter({ topic: { ...topic, name: "/other" } });
    scheduler.advance(2000);
    expect(writer.matchedCount).toBe(1);

    const junk = new JunkMaker(20_261_122, prefixToBytes(peer.node.guid.prefix));
    const batch = (count: number): void => {
      for (let index = 0; index < count; index += 1) {
        attacked.receive(junk.datagram());
        if (index % 100 === 0) scheduler.advance(10);
      }
    };
    batch(10_000);
    const before = heapMb();
    batch(30_000);
    const grownMb = heapMb() - before;
    expect(grownMb).toBeLessThan(20);
    const { malformedCount, peerCount } = attacked.node.stats();
    expect(malformedCount).toBeGreaterThan(10_000);
    expect(peerCount).toBeLessThanOrEqual(256);

    // A new participant is served as if nothing had been.
    const fresh = open(network, scheduler, "fresh");
    const freshWriter = fresh.node.createWriter({ topic });
    scheduler.advance(5000);
    const count = received.length;
    freshWriter.publish(message(1, 64));
    scheduler.advance(1000);
    expect(received.length).toBe(count + 1);
  });
});

describe("a peer that lies about sizes", () => {
  it("makes a reader hold no more than its limits", () => {
    const scheduler = new ManualScheduler();
    const network = new MemoryNetwork(scheduler, 1, {
      lossRatio: 0,
      duplicateRatio: 0,
      jitterMs: 0,
    });
    const attacked = open(network, scheduler, "attacked");
    const peer = open(network, scheduler, "peer");
    attacked.node.createReader({ topic, onMessage: () => undefined });
    const writer = peer.node.createWriter({ topic });
    scheduler.advance(2000);
    expect(writer.matchedCount).toBe(1);
    const before = process.memoryUsage().arrayBuffers;
    for (let number = 1; number <= 2000; number += 1) {
      attacked.receive(fragmentOf(peer.node.guid.prefix, number, 30_000_000));
      attacked.receive(fragmentOf(peer.node.guid.prefix, number + 5000, 4_000_000_000));
    }
    const heldMb = (process.memoryUsage().arrayBuffers - before) / 1e6;
    expect(heldMb).toBeLessThan(100);
  });
});

/** One fragment of a sample that claims `sampleBytes`, from the peer's first user writer. */
function fragmentOf(prefix: string, number: number, sampleBytes: number): Buffer {
  const message = Buffer.alloc(20 + 4 + 32 + 1024);
  message.write("RTPS", 0);
  message.writeUInt32BE(0x02020110, 4);
  message.write(prefix, 8, 12, "latin1");
  message.writeUInt32BE(0x16010000, 20);
  message.writeUInt16LE(32 + 1024, 22);
  message.writeUInt32LE(0x001c0000, 24);
  message.writeUInt32BE(0x203, 32);
  message.writeUInt32LE(number, 40);
  message.writeUInt32LE(1, 44);
  message.writeUInt16LE(1, 48);
  message.writeUInt16LE(1024, 50);
  message.writeUInt32LE(sampleBytes, 52);
  return message;
}

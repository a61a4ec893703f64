import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RosTopic } from "../../../bridge/contract/ros-transport.ts";
import { prefixToBytes } from "../../../ros/rtps/wire/guid.ts";
import { peerDatagrams } from "../../golden/ros/peer-datagrams.ts";
import { good, message, numberOf, topic, World } from "./rtps-world.ts";

/** Numbers that sit where something runs over. */
const edges = [0, 1, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];

type Edit =
  | { readonly kind: "bits"; readonly at: number; readonly mask: number }
  | { readonly kind: "word"; readonly at: number; readonly value: number; readonly big: boolean }
  | { readonly kind: "cut"; readonly at: number }
  | { readonly kind: "repeat"; readonly at: number; readonly length: number }
  | { readonly kind: "join"; readonly other: number };

const places = fc.nat({ max: 2200 });
const edits: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ kind: fc.constant("bits"), at: places, mask: fc.integer({ min: 1, max: 255 }) }),
  fc.record({
    kind: fc.constant("word"),
    at: places,
    value: fc.constantFrom(...edges),
    big: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("cut"), at: places }),
  fc.record({ kind: fc.constant("repeat"), at: places, length: fc.nat({ max: 300 }) }),
  fc.record({ kind: fc.constant("join"), other: fc.nat({ max: 100 }) }),
);

function edited(bytes: Buffer, edit: Edit, corpus: readonly Buffer[]): Buffer {
  const at = bytes.length === 0 ? 0 : ("at" in edit ? edit.at : 0) % bytes.length;
  switch (edit.kind) {
    case "bits":
      if (bytes.length > 0) bytes.writeUInt8((bytes[at] ?? 0) ^ edit.mask, at);
      return bytes;
    case "word": {
      if (bytes.length < 4) return bytes;
      const start = Math.min(at & ~3, bytes.length - 4);
      if (edit.big) bytes.writeUInt32BE(edit.value, start);
      else bytes.writeUInt32LE(edit.value, start);
      return bytes;
    }
    case "cut":
      return bytes.subarray(0, at);
    case "repeat":
      return Buffer.concat([bytes, bytes.subarray(at, at + edit.length)]);
    case "join":
      // The submessages of another, said by this one.
      return Buffer.concat([bytes, corpus[edit.other % corpus.length]!.subarray(20)]);
    default:
      return edit satisfies never;
  }
}

/** The topics the recorded peers had. */
const topics: readonly RosTopic[] = ["joint", "image"].flatMap((kind) =>
  ["/rec", "/rec2"].map((name) => ({
    name,
    type: kind === "joint" ? "sensor_msgs/msg/JointState" : "sensor_msgs/msg/Image",
    qos: { reliability: "reliable", durability: "volatile", depth: 10 },
  })),
);

function heapMb(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 1e6;
}

describe("40,000 real datagrams, each changed", () => {
  it("throw nothing, fill nothing, and the topics work on", () => {
    const world = new World(1, good);
    const attacked = world.join("attacked");
    for (const each of topics) {
      attacked.node.createReader({ topic: each, onMessage: () => undefined });
      attacked.node.createWriter({ topic: each });
    }
    const corpus = peerDatagrams(prefixToBytes(attacked.node.guid.prefix)).map(
      ({ bytes }) => bytes,
    );
    const replay = (): void => {
      for (const bytes of corpus) attacked.receive(Buffer.from(bytes));
    };
    replay();
    expect(attacked.node.stats()).toMatchObject({
      malformedCount: 0,
      peerCount: 4,
      endpointCount: 4,
    });

    let count = 0;
    const sizes: number[] = [];
    const attack = fc.property(
      fc.nat({ max: 1000 }),
      fc.array(edits, { minLength: 1, maxLength: 4 }),
      (pick, changes) => {
        let bytes = Buffer.from(corpus[pick % corpus.length]!);
        for (const change of changes) bytes = Buffer.from(edited(bytes, change, corpus));
        attacked.receive(bytes);
        count += 1;
        if (count % 200 === 0) world.scheduler.advance(20);
        // Peers whose farewell was among them come back.
        if (count % 2000 === 0) replay();
        if (count % 10_000 === 0) sizes.push(heapMb());
        expect(attacked.node.stats().malformedByKind.internal).toBe(0);
      },
    );
    fc.assert(attack, { numRuns: 40_000, seed: 20_261_123, endOnFailure: true });

    const { malformedByKind, peerCount, endpointCount, receiveBytes } = attacked.node.stats();
    expect(sizes.at(-1)! - sizes[0]!).toBeLessThan(20);
    expect(peerCount).toBeLessThanOrEqual(256);
    expect(endpointCount).toBeLessThanOrEqual(16_384);
    expect(receiveBytes).toBeLessThanOrEqual(256 * 1024 * 1024);
    for (const kind of ["not-rtps", "truncated", "data", "heartbeat", "acknack", "discovery"]) {
      expect(malformedByKind, kind).toHaveProperty(kind);
      expect(malformedByKind[kind as keyof typeof malformedByKind], kind).toBeGreaterThan(0);
    }

    // A new participant is served as if nothing had been.
    const received: number[] = [];
    attacked.node.createReader({
      topic: topic({}),
      onMessage: (cdr) => received.push(numberOf(cdr)),
    });
    const writer = world.join("fresh").node.createWriter({ topic: topic({}) });
    world.until(() => writer.matchedCount === 1, 10_000);
    world.scheduler.advance(500);
    writer.publish(message(7, 64));
    world.scheduler.advance(500);
    expect(received).toEqual([7]);

    // And once the peers' leases have run out, nothing of them is left.
    world.scheduler.advance(700_000);
    expect(attacked.node.stats()).toMatchObject({ peerCount: 1, receiveBytes: 0 });
  }, 60_000);
});

import { describe, expect, it } from "vitest";
import { bad, good, message, topic, World } from "./rtps-world.ts";

const seeds = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) => ({ seed }));

describe.each(seeds)("a link that loses a tenth, doubles and reorders, seed $seed", ({ seed }) => {
  it("brings every reliable message once, in order", () => {
    const world = new World(seed, bad);
    const received: number[] = [];
    const writer = world.join("a").node.createWriter({ topic: topic({}) });
    world.join("b").node.createReader({
      topic: topic({}),
      onMessage: (cdr) => received.push(Buffer.from(cdr).readUInt32LE(4)),
    });
    world.until(() => writer.matchedCount === 1, 20_000);
    for (let number = 0; number < 400; number += 1) {
      writer.publish(message(number, 100));
      world.scheduler.advance(1);
    }
    world.until(() => received.length >= 400, 20_000);
    world.scheduler.advance(1000);
    // The reader may have matched later than the writer: it starts where it joined, without holes.
    expect(received).toEqual(received.map((_, index) => received[0]! + index));
    expect(received.at(-1)).toBe(399);
  });

  it("brings every fragmented message whole", () => {
    const world = new World(seed, bad);
    const received: Buffer[] = [];
    const { node } = world.join("a");
    const writer = node.createWriter({ topic: topic({}) });
    world.join("b").node.createReader({
      topic: topic({}),
      onMessage: (cdr) => received.push(Buffer.from(cdr)),
    });
    world.until(() => writer.matchedCount === 1, 20_000);
    world.scheduler.advance(2000);
    const sent = Array.from({ length: 30 }, (_, number) => message(number, 1 + number * 1777 + 8));
    for (const bytes of sent) {
      writer.publish(bytes);
      world.scheduler.advance(10);
    }
    world.until(() => received.length === sent.length, 30_000);
    // DATA is padded to 4 octets and does not say so: up to three zeros may follow.
    for (const [index, bytes] of sent.entries()) {
      const length = received[index]!.length;
      expect(length - bytes.length).toBeLessThan(4);
      expect(received[index]!.subarray(0, bytes.length).equals(bytes)).toBe(true);
    }
    expect(node.stats().writers[0]!.resentCount).toBeGreaterThan(0);
  });

  it("gives a late transient-local joiner the newest `depth` messages", () => {
    const world = new World(seed, bad);
    const kept = topic({ durability: "transient_local", depth: 5 });
    const writer = world.join("a").node.createWriter({ topic: kept });
    for (let number = 0; number < 20; number += 1) writer.publish(message(number, 3000));
    world.scheduler.advance(1000);
    const received: number[] = [];
    world.join("b").node.createReader({
      topic: kept,
      onMessage: (cdr) => received.push(Buffer.from(cdr).readUInt32LE(4)),
    });
    world.until(() => received.length === 5, 20_000);
    expect(received).toEqual([15, 16, 17, 18, 19]);
  });
});

describe("a volatile reader", () => {
  it("gets nothing of what a transient-local writer said before it came", () => {
    const world = new World(1, good);
    const writer = world
      .join("a")
      .node.createWriter({ topic: topic({ durability: "transient_local" }) });
    for (let number = 0; number < 20; number += 1) writer.publish(message(number, 100));
    world.scheduler.advance(1000);
    const received: number[] = [];
    world.join("b").node.createReader({
      topic: topic({}),
      onMessage: (cdr) => received.push(Buffer.from(cdr).readUInt32LE(4)),
    });
    world.until(() => writer.matchedCount === 1, 1000);
    world.scheduler.advance(1000);
    writer.publish(message(20, 100));
    world.scheduler.advance(1000);
    expect(received).toEqual([20]);
  });
});

describe("a best-effort reader on a bad link", () => {
  it("gets messages in order, never twice, and counts what is missing", () => {
    const world = new World(3, bad);
    const lossy = topic({ reliability: "best_effort" });
    const received: number[] = [];
    const writer = world.join("a").node.createWriter({ topic: lossy });
    const { node } = world.join("b");
    node.createReader({
      topic: lossy,
      onMessage: (cdr) => received.push(Buffer.from(cdr).readUInt32LE(4)),
    });
    world.until(() => writer.matchedCount === 1, 20_000);
    world.scheduler.advance(3000);
    for (let number = 0; number < 500; number += 1) {
      writer.publish(message(number, 100));
      world.scheduler.advance(1);
    }
    world.scheduler.advance(100);
    expect(received.every((number, index) => index === 0 || number > received[index - 1]!)).toBe(
      true,
    );
    const [stats] = node.stats().readers;
    expect(stats!.receivedCount + stats!.lostCount).toBe(received.at(-1)! - received[0]! + 1);
    expect(received.length).toBeGreaterThan(300);
  });
});

describe("a peer that vanishes without a word", () => {
  it("is forgotten when its lease of 10 s runs out, and not before", () => {
    const world = new World(1, good);
    const { node } = world.join("a");
    const writer = node.createWriter({ topic: topic({}) });
    const other = world.join("b");
    other.node.createReader({ topic: topic({}), onMessage: () => undefined });
    world.until(() => writer.matchedCount === 1, 5000);
    world.scheduler.advance(60_000);
    expect(node.stats().peerCount, "a living peer keeps its lease").toBe(1);
    other.unplug();
    // It keeps talking, as a process behind a cut cable does; so nothing from it may arrive.
    world.network.faults = { ...good, lossRatio: 1 };
    world.scheduler.advance(6500);
    expect(node.stats().peerCount).toBe(1);
    world.scheduler.advance(4000);
    expect(node.stats().peerCount).toBe(0);
    expect(writer.matchedCount).toBe(0);
  });

  it("is found again when the wire is mended", () => {
    const world = new World(1, good);
    const { node } = world.join("a");
    const writer = node.createWriter({ topic: topic({}) });
    const received: number[] = [];
    world.join("b").node.createReader({
      topic: topic({}),
      onMessage: (cdr) => received.push(Buffer.from(cdr).readUInt32LE(4)),
    });
    world.until(() => writer.matchedCount === 1, 5000);
    world.network.faults = { ...good, lossRatio: 1 };
    world.scheduler.advance(15_000);
    expect(writer.matchedCount).toBe(0);
    world.network.faults = good;
    world.until(() => writer.matchedCount === 1, 10_000);
    world.scheduler.advance(100);
    writer.publish(message(7, 100));
    world.scheduler.advance(100);
    expect(received).toEqual([7]);
  });
});

describe("an idle pair", () => {
  it("is quiet: announcements and liveliness only", () => {
    const world = new World(1, good);
    const writer = world.join("a").node.createWriter({ topic: topic({}) });
    world.join("b").node.createReader({ topic: topic({}), onMessage: () => undefined });
    world.until(() => writer.matchedCount === 1, 5000);
    for (let number = 0; number < 10; number += 1) writer.publish(message(number, 100));
    world.scheduler.advance(5000);
    const before = world.network.datagramCount;
    world.scheduler.advance(30_000);
    // Per participant and 3 s: two announcements (to all, to the known peer), liveliness and its answer.
    expect(world.network.datagramCount - before).toBeLessThanOrEqual(2 * 11 * 5);
  });
});

import { describe, expect, it } from "vitest";
import { bad, good, message, numberOf, topic, World } from "./rtps-world.ts";

const keepAll = topic({ history: "keep_all", depth: 1 });
const limits = { writerLimits: { keepAllCount: 20, maxBytes: 10_000 } };

describe("keep-all", () => {
  it.each([1, 2, 3])("loses nothing on a link that loses a tenth, seed %i", (seed) => {
    const world = new World(seed, bad);
    const received: number[] = [];
    const writer = world.join("a", limits).node.createWriter({ topic: keepAll });
    const reader = world.join("b").node.createReader({
      topic: keepAll,
      onMessage: (cdr) => received.push(numberOf(cdr)),
    });
    world.until(() => writer.matchedCount === 1 && reader.matchedCount === 1, 20_000);
    world.scheduler.advance(1000);
    // Who is refused tries again, as a publisher with keep-all has to.
    for (let number = 0; number < 500;) {
      if (writer.publish(message(number, 100))) number += 1;
      else world.scheduler.advance(1);
    }
    world.until(() => received.length === 500, 20_000);
    expect(received).toEqual(Array.from({ length: 500 }, (_, number) => number));
  });

  it("refuses by name what it has no room for, and takes it again later", () => {
    const world = new World(1, good);
    const { node, events } = world.join("a", limits);
    const writer = node.createWriter({ topic: keepAll });
    const reader = world
      .join("b")
      .node.createReader({ topic: keepAll, onMessage: () => undefined });
    world.until(() => writer.matchedCount === 1, 5000);
    world.scheduler.advance(500);
    reader.pause();
    const taken = Array.from({ length: 25 }, (_, number) => writer.publish(message(number, 100)));
    expect(taken.filter(Boolean)).toHaveLength(20);
    expect(events.at(-1)).toEqual({
      kind: "history-full",
      topic: "/test",
      side: "publisher",
      totalCount: 5,
    });
    world.scheduler.advance(5000);
    expect(writer.publish(message(25, 100))).toBe(false);
    reader.resume();
    world.scheduler.advance(100);
    expect(writer.publish(message(26, 100))).toBe(true);
    expect(node.stats().writers[0]).toMatchObject({ rejectedCount: 6, lostCount: 0 });
  });

  it("is bounded in octets, too", () => {
    const world = new World(1, good);
    const writer = world.join("a", limits).node.createWriter({ topic: keepAll });
    const reader = world
      .join("b")
      .node.createReader({ topic: keepAll, onMessage: () => undefined });
    world.until(() => writer.matchedCount === 1, 5000);
    world.scheduler.advance(500);
    reader.pause();
    const taken = Array.from({ length: 5 }, (_, number) => writer.publish(message(number, 3000)));
    expect(taken).toEqual([true, true, true, false, false]);
    // More than all it may hold can never be sent.
    expect(writer.publish(message(9, 20_000))).toBe(false);
  });

  it("does not wait for a reader whose lease has run out", () => {
    const world = new World(1, good);
    const writer = world.join("a", limits).node.createWriter({ topic: keepAll });
    const other = world.join("b");
    other.node.createReader({ topic: keepAll, onMessage: () => undefined });
    world.until(() => writer.matchedCount === 1, 5000);
    other.unplug();
    world.network.faults = { ...good, lossRatio: 1 };
    for (let number = 0; number < 25; number += 1) writer.publish(message(number, 100));
    expect(writer.publish(message(25, 100))).toBe(false);
    world.until(() => writer.matchedCount === 0, 12_000);
    expect(writer.publish(message(26, 100))).toBe(true);
  });

  it("without readers takes all there is, and keeps none of it", () => {
    const world = new World(1, good);
    const { node } = world.join("a", limits);
    const writer = node.createWriter({ topic: keepAll });
    for (let number = 0; number < 100; number += 1) {
      expect(writer.publish(message(number, 100))).toBe(true);
    }
    expect(node.stats().writers[0]).toMatchObject({ heldCount: 0, heldBytes: 0 });
  });

  it("gives a late joiner the newest it could keep", () => {
    const world = new World(1, good);
    const kept = topic({ history: "keep_all", durability: "transient_local" });
    const writer = world.join("a", limits).node.createWriter({ topic: kept });
    for (let number = 0; number < 50; number += 1) writer.publish(message(number, 100));
    world.scheduler.advance(100);
    const received: number[] = [];
    world.join("b").node.createReader({
      topic: kept,
      onMessage: (cdr) => received.push(numberOf(cdr)),
    });
    world.until(() => received.length === 20, 5000);
    expect([received[0], received.at(-1)]).toEqual([30, 49]);
  });
});

describe("a paused reader", () => {
  it("is given everything in order once it goes on, as far as the writer kept it", () => {
    const world = new World(4, bad);
    const received: number[] = [];
    const writer = world.join("a").node.createWriter({ topic: topic({}) });
    const reader = world.join("b").node.createReader({
      topic: topic({}),
      onMessage: (cdr) => received.push(numberOf(cdr)),
    });
    world.until(() => writer.matchedCount === 1 && reader.matchedCount === 1, 20_000);
    world.scheduler.advance(1000);
    reader.pause();
    for (let number = 0; number < 300; number += 1) {
      writer.publish(message(number, 100));
      world.scheduler.advance(1);
    }
    world.scheduler.advance(3000);
    expect(received).toEqual([]);
    reader.resume();
    world.until(() => received.length === 300, 5000);
    expect(received).toEqual(Array.from({ length: 300 }, (_, number) => number));
  });
});

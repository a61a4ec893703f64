import { describe, expect, it } from "vitest";
import { RtpsDay } from "./rtps-day.ts";
import { bad, good, message, numberOf, topic, World } from "./rtps-world.ts";

describe("a day in short", () => {
  it("brings 20,000 messages once and in order, and leaves nothing of 60 visitors", async () => {
    const heaps: number[] = [];
    const day = new RtpsDay({
      sampleCount: 20_000,
      durationMs: 600_000,
      visitEveryMs: 10_000,
      seed: 3,
      onProgress: ({ heapMb }) => heaps.push(heapMb),
    });
    const report = await day.run();
    expect(report).toMatchObject({
      sentCount: 20_000,
      receivedCount: 20_000,
      disorderCount: 0,
      visitCount: 60,
      peerCount: 1,
      endpointCount: 3,
      receiveBytes: 0,
    });
    expect(report.heldBytes).toBeLessThanOrEqual(200 * 64);
    expect(heaps.at(-1)! - heaps[1]!).toBeLessThan(20);
  }, 60_000);
});

describe("sample numbers beyond 2^32", () => {
  it.each([1, 2, 3])(
    "are counted on with a tenth lost, whole and in fragments, seed %i",
    (seed) => {
      const writerPast = { sampleCount: 2 ** 32 - 50, heartbeatCount: 2 ** 31 - 30 };
      const world = new World(seed, bad);
      const received: number[] = [];
      const writer = world.join("a", { writerPast }).node.createWriter({ topic: topic({}) });
      const reader = world.join("b").node.createReader({
        topic: topic({}),
        onMessage: (cdr) => received.push(numberOf(cdr)),
      });
      world.until(() => writer.matchedCount === 1 && reader.matchedCount === 1, 20_000);
      world.scheduler.advance(1000);
      for (let number = 0; number < 100; number += 1) {
        writer.publish(message(number, number % 2 === 0 ? 100 : 2500));
        world.scheduler.advance(5);
      }
      world.until(() => received.length === 100, 20_000);
      expect(received).toEqual(Array.from({ length: 100 }, (_, number) => number));
    },
  );

  it("are given to late joiners, and gaps told of", () => {
    const writerPast = { sampleCount: 2 ** 33 - 5, heartbeatCount: 0 };
    const world = new World(1, good);
    const kept = topic({ durability: "transient_local", depth: 3 });
    const writer = world.join("a", { writerPast }).node.createWriter({ topic: kept });
    for (let number = 0; number < 10; number += 1) writer.publish(message(number, 100));
    const received: number[] = [];
    world.join("b").node.createReader({
      topic: kept,
      onMessage: (cdr) => received.push(numberOf(cdr)),
    });
    world.until(() => received.length === 3, 5000);
    expect(received).toEqual([7, 8, 9]);
  });
});

/** Leaving takes steps that wait for one another, so the event loop must turn. */
async function leave(world: World, done: () => boolean, limitMs: number): Promise<void> {
  const endMs = world.scheduler.nowMs() + limitMs;
  while (!done() && world.scheduler.nowMs() < endMs) {
    world.scheduler.advance(5);
    await Promise.resolve();
  }
  expect(done(), `not there after ${limitMs} simulated ms`).toBe(true);
}

describe("300 participants that come and go", () => {
  it("leave nothing behind, whether they say goodbye or not", async () => {
    const world = new World(5, good);
    const { node } = world.join("stays");
    const writer = node.createWriter({ topic: topic({}) });
    for (let round = 0; round < 15; round += 1) {
      const visitors = Array.from({ length: 20 }, (_, index) => world.join(`visitor_${index}`));
      for (const visitor of visitors) {
        visitor.node.createReader({ topic: topic({}), onMessage: () => undefined });
      }
      world.until(() => writer.matchedCount === 20, 5000);
      for (const [index, visitor] of visitors.entries()) {
        if (index < 10) visitor.unplug();
        void visitor.node[Symbol.asyncDispose]();
      }
      await leave(world, () => writer.matchedCount === 10, 1000);
      await leave(world, () => writer.matchedCount === 0, 11_000);
    }
    expect(node.stats()).toMatchObject({ peerCount: 0, endpointCount: 0, receiveBytes: 0 });
  }, 60_000);
});

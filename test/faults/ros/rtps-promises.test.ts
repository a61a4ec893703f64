import { describe, expect, it } from "vitest";
import type { RosEvent } from "../../../bridge/contract/ros-transport.ts";
import { good, message, numberOf, topic, World } from "./rtps-world.ts";

function ofKind(events: readonly RosEvent[], kind: RosEvent["kind"]): RosEvent[] {
  return events.filter((event) => event.kind === kind);
}

function openPair(qos: Parameters<typeof topic>[0]) {
  const world = new World(1, good);
  const one = world.join("one");
  const two = world.join("two");
  const writer = one.node.createWriter({ topic: topic(qos) });
  const reader = two.node.createReader({ topic: topic(qos), onMessage: () => undefined });
  world.until(() => writer.matchedCount === 1 && reader.matchedCount === 1, 5000);
  world.scheduler.advance(500);
  return { world, one, two, writer, reader };
}

describe("a deadline", () => {
  it("that is kept is not spoken of", () => {
    const { world, one, two, writer } = openPair({ deadlineMs: 100 });
    for (let number = 0; number < 20; number += 1) {
      writer.publish(message(number, 100));
      world.scheduler.advance(90);
    }
    expect(ofKind([...one.events, ...two.events], "deadline-missed")).toEqual([]);
  });

  it("that is missed is told to both sides, once per period", () => {
    const { world, one, two, writer } = openPair({ deadlineMs: 100 });
    writer.publish(message(0, 100));
    world.scheduler.advance(350);
    const event = { kind: "deadline-missed", topic: "/test" };
    expect(ofKind(one.events, "deadline-missed")).toEqual(
      [1, 2, 3].map((totalCount) => ({ ...event, side: "publisher", totalCount })),
    );
    expect(ofKind(two.events, "deadline-missed")).toEqual(
      [1, 2, 3].map((totalCount) => ({ ...event, side: "subscription", totalCount })),
    );
    expect(one.node.stats().writers[0]!.deadlineMissedCount).toBe(3);
    expect(two.node.stats().readers[0]!.deadlineMissedCount).toBe(3);
  });

  it("begins with the first message, and ends with the last writer", () => {
    const { world, two, writer } = openPair({ deadlineMs: 100 });
    world.scheduler.advance(1000);
    expect(ofKind(two.events, "deadline-missed")).toEqual([]);
    writer.publish(message(0, 100));
    world.scheduler.advance(50);
    writer.close();
    world.scheduler.advance(1000);
    expect(ofKind(two.events, "deadline-missed")).toEqual([]);
  });
});

describe("automatic liveliness with a lease", () => {
  it("lasts as long as the participant does, without a message", () => {
    const { world, two } = openPair({ livelinessLeaseMs: 600 });
    world.scheduler.advance(30_000);
    expect(ofKind(two.events, "liveliness-changed")).toEqual([
      {
        kind: "liveliness-changed",
        topic: "/test",
        side: "subscription",
        aliveCount: 1,
        notAliveCount: 0,
      },
    ]);
  });

  it("runs out when the participant falls silent, long before its own lease, and comes back", () => {
    const { world, two, reader } = openPair({ livelinessLeaseMs: 600 });
    world.network.faults = { ...good, lossRatio: 1 };
    world.scheduler.advance(1000);
    expect(two.events.at(-1)).toMatchObject({ aliveCount: 0, notAliveCount: 1 });
    expect(reader.matchedCount).toBe(1);
    world.network.faults = good;
    world.scheduler.advance(1000);
    expect(two.events.at(-1)).toMatchObject({ aliveCount: 1, notAliveCount: 0 });
    expect(two.node.stats().readers[0]).toMatchObject({ aliveCount: 1, notAliveCount: 0 });
  });
});

describe("liveliness by topic", () => {
  const qos = { liveliness: "manual_by_topic", livelinessLeaseMs: 500 } as const;

  it("is kept by publishing, and by saying so", () => {
    const { world, one, two, writer } = openPair(qos);
    for (let number = 0; number < 10; number += 1) {
      if (number % 2 === 0) writer.publish(message(number, 100));
      else writer.assertLiveliness();
      world.scheduler.advance(400);
    }
    expect(ofKind(one.events, "liveliness-lost")).toEqual([]);
    expect(two.events.at(-1)).toMatchObject({ aliveCount: 1, notAliveCount: 0 });
  });

  it("is lost by silence, though the participant lives; told once on both sides", () => {
    const { world, one, two, writer } = openPair(qos);
    writer.publish(message(0, 100));
    world.scheduler.advance(5000);
    expect(ofKind(one.events, "liveliness-lost")).toEqual([
      { kind: "liveliness-lost", topic: "/test", side: "publisher", totalCount: 1 },
    ]);
    expect(two.events.at(-1)).toMatchObject({ aliveCount: 0, notAliveCount: 1 });
    writer.assertLiveliness();
    world.scheduler.advance(10);
    expect(two.events.at(-1)).toMatchObject({ aliveCount: 1, notAliveCount: 0 });
  });
});

describe("a lifespan", () => {
  it("keeps old messages from late joiners", () => {
    const world = new World(1, good);
    const qos = { durability: "transient_local", lifespanMs: 1000 } as const;
    const { node } = world.join("one");
    const writer = node.createWriter({ topic: topic(qos) });
    writer.publish(message(1, 100));
    world.scheduler.advance(900);
    writer.publish(message(2, 100));
    world.scheduler.advance(500);
    const received: number[] = [];
    world.join("two").node.createReader({
      topic: topic({ durability: "transient_local" }),
      onMessage: (cdr) => received.push(numberOf(cdr)),
    });
    world.scheduler.advance(200);
    expect(received).toEqual([2]);
  });
});

describe("messages that will never come", () => {
  it("are told of with their number", () => {
    const world = new World(1, good);
    const writer = world.join("one").node.createWriter({ topic: topic({ depth: 5 }) });
    const two = world.join("two");
    const reader = two.node.createReader({ topic: topic({}), onMessage: () => undefined });
    world.until(() => writer.matchedCount === 1 && reader.matchedCount === 1, 5000);
    writer.publish(message(0, 100));
    world.scheduler.advance(500);
    world.network.faults = { ...good, lossRatio: 1 };
    for (let number = 1; number <= 20; number += 1) writer.publish(message(number, 100));
    world.scheduler.advance(10);
    world.network.faults = good;
    world.scheduler.advance(500);
    expect(ofKind(two.events, "message-lost")).toEqual([
      { kind: "message-lost", topic: "/test", side: "subscription", totalCount: 15 },
    ]);
  });
});

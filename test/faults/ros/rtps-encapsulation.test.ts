import { describe, expect, it } from "vitest";
import { good, message, topic, World } from "./rtps-world.ts";

describe("a message that is not CDR version 1", () => {
  it("is refused by name, once per name, and the next is taken", () => {
    const world = new World(1, good);
    const received: Uint8Array[] = [];
    const writer = world.join("one").node.createWriter({ topic: topic({}) });
    const two = world.join("two");
    two.node.createReader({ topic: topic({}), onMessage: (cdr) => received.push(cdr) });
    world.until(() => writer.matchedCount === 1, 5000);
    world.scheduler.advance(500);
    const withHeader = (id: number): Buffer => {
      const bytes = message(1, 100);
      bytes.writeUInt16BE(id, 0);
      return bytes;
    };
    for (const id of [0x0007, 0x0007, 0x0003, 0x7777, 0x0000, 0x0001]) {
      writer.publish(withHeader(id));
    }
    world.scheduler.advance(100);
    expect(received.map((cdr) => cdr[1])).toEqual([0, 1]);
    const event = { kind: "unsupported-encapsulation", topic: "/test", side: "subscription" };
    expect(two.events).toEqual([
      { ...event, encapsulation: "CDR2_LE (XCDR2)" },
      { ...event, encapsulation: "PL_CDR_LE" },
      { ...event, encapsulation: "0x7777" },
    ]);
  });

  it("is told of for some made-up names only", () => {
    const world = new World(1, good);
    const writer = world.join("one").node.createWriter({ topic: topic({}) });
    const two = world.join("two");
    two.node.createReader({ topic: topic({}), onMessage: () => undefined });
    world.until(() => writer.matchedCount === 1, 5000);
    world.scheduler.advance(500);
    for (let id = 100; id < 200; id += 1) writer.publish(Buffer.from([id, id, 0, 0]));
    world.scheduler.advance(100);
    expect(two.events).toHaveLength(16);
  });
});

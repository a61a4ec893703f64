import { describe, expect, it } from "vitest";
import type { RosEvent } from "../../../bridge/contract/ros-transport.ts";
import { EventOutbox } from "../../../ros/event-outbox.ts";

const missed = (topic: string, totalCount: number): RosEvent => ({
  kind: "deadline-missed",
  topic,
  side: "publisher",
  totalCount,
});

function flushed(outbox: EventOutbox): RosEvent[] {
  const events: RosEvent[] = [];
  outbox.flush((event) => events.push(event));
  return events;
}

describe("EventOutbox", () => {
  it("hands over the newest of each kind and topic, once", () => {
    const outbox = new EventOutbox();
    for (let count = 1; count <= 5; count += 1) outbox.push(missed("/a", count));
    outbox.push(missed("/b", 1));
    expect(flushed(outbox)).toEqual([missed("/a", 5), missed("/b", 1)]);
    expect(flushed(outbox)).toEqual([]);
  });

  it("keeps the peers of incompatible endpoints apart", () => {
    const outbox = new EventOutbox();
    const event = {
      kind: "incompatible-qos",
      topic: "/a",
      side: "publisher",
      policies: ["DURABILITY"],
    } as const;
    outbox.push({ ...event, peer: "x" });
    outbox.push({ ...event, peer: "y" });
    expect(flushed(outbox)).toHaveLength(2);
  });

  it("holds a limited number while nobody takes them", () => {
    const outbox = new EventOutbox();
    for (let index = 0; index < 1000; index += 1) outbox.push(missed(`/topic_${index}`, 1));
    expect(flushed(outbox)).toHaveLength(256);
  });
});

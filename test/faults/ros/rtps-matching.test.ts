import { describe, expect, it } from "vitest";
import { encodeEndpoint } from "../../../ros/rtps/params/discovery-data.ts";
import { defaultQos } from "../../../ros/rtps/params/qos.ts";
import { MessageBuilder } from "../../../ros/rtps/wire/message-builder.ts";
import { EntityId } from "../../../ros/rtps/wire/protocol.ts";
import { good, topic, World } from "./rtps-world.ts";

const sometimes = topic({ reliability: "best_effort" });

describe("endpoints that may not match", () => {
  it("are told of on both sides by the policy that keeps them apart, once", () => {
    const world = new World(1, good);
    const { node, events } = world.join("a");
    const reader = node.createReader({ topic: topic({}), onMessage: () => undefined });
    const other = world.join("b");
    other.node.createWriter({ topic: sometimes });
    world.scheduler.advance(20_000);
    const policies = ["RELIABILITY"];
    const event = { kind: "incompatible-qos", topic: "/test", policies };
    expect(events).toEqual([{ ...event, side: "subscription", peer: "b" }]);
    expect(other.events).toEqual([{ ...event, side: "publisher", peer: "a" }]);
    const { incompatibilities, mismatchCount } = node.stats();
    expect(incompatibilities).toEqual([{ topicName: "rt/test", peer: "b", policies }]);
    expect(mismatchCount).toBe(1);
    expect(reader.matchedCount).toBe(0);
  });

  it.each([
    {
      what: "a deadline nobody offers",
      offered: {},
      requested: { deadlineMs: 100 },
      policies: ["DEADLINE"],
    },
    {
      what: "a sign of life by topic",
      offered: {},
      requested: { liveliness: "manual_by_topic" },
      policies: ["LIVELINESS"],
    },
    {
      what: "a shorter liveliness lease, and history",
      offered: { livelinessLeaseMs: 2000 },
      requested: { livelinessLeaseMs: 1000, durability: "transient_local" },
      policies: ["DURABILITY", "LIVELINESS"],
    },
  ] as const)("with a reader that wants $what", ({ offered, requested, policies }) => {
    const world = new World(1, good);
    const { node, events } = world.join("a");
    node.createWriter({ topic: topic(offered) });
    const other = world.join("b");
    other.node.createReader({ topic: topic(requested), onMessage: () => undefined });
    world.scheduler.advance(1000);
    expect(events).toMatchObject([{ kind: "incompatible-qos", side: "publisher", policies }]);
  });

  it("because of their types are told of with both", () => {
    const world = new World(1, good);
    const { node, events } = world.join("a");
    node.createReader({ topic: topic({}), onMessage: () => undefined });
    world.join("b").node.createWriter({ topic: { ...topic({}), type: "std_msgs/msg/Bool" } });
    world.scheduler.advance(1000);
    expect(events).toEqual([
      {
        kind: "incompatible-type",
        topic: "/test",
        side: "subscription",
        ownType: "std_msgs::msg::dds_::String_",
        peerType: "std_msgs::msg::dds_::Bool_",
        peer: "b",
      },
    ]);
    expect(node.stats().incompatibilities).toEqual([]);
    expect(node.stats().mismatchCount).toBe(1);
  });

  it("are forgotten when one of them closes, or its participant leaves", async () => {
    const world = new World(1, good);
    const { node } = world.join("a");
    const reader = node.createReader({ topic: topic({}), onMessage: () => undefined });
    const other = world.join("b");
    const count = (): number => node.stats().incompatibilities.length;
    const writer = other.node.createWriter({ topic: sometimes });
    world.until(() => count() === 1, 2000);
    writer.close();
    world.until(() => count() === 0, 2000);
    other.node.createWriter({ topic: sometimes });
    world.until(() => count() === 1, 2000);
    reader.close();
    expect(count()).toBe(0);
    node.createReader({ topic: topic({}), onMessage: () => undefined });
    expect(count()).toBe(1);
    await other.node[Symbol.asyncDispose]();
    world.until(() => count() === 0, 2000);
  });

  it("are named up to a limit, and counted beyond it", () => {
    const world = new World(1, good);
    const { node, events } = world.join("a");
    node.createReader({ topic: topic({}), onMessage: () => undefined });
    const other = world.join("b");
    for (let count = 0; count < 300; count += 1) other.node.createWriter({ topic: sometimes });
    world.scheduler.advance(20_000);
    expect(node.stats().incompatibilities).toHaveLength(256);
    expect(events).toHaveLength(256);
    expect(node.stats().mismatchCount).toBe(300);
  });
});

describe("a peer's endpoint that changes its mind", () => {
  it("is unmatched when its new QoS does not fit, and matched again when it does", () => {
    const world = new World(1, good);
    const attacked = world.join("a");
    const reader = attacked.node.createReader({ topic: topic({}), onMessage: () => undefined });
    const { prefix } = world.join("b").node.guid;
    world.scheduler.advance(1000);
    // Said by hand, in the name of the other: through the API a writer keeps its QoS. The first
    // announcement was that of its ros_discovery_info.
    const route = {
      readerId: EntityId.PublicationsReader,
      writerId: EntityId.PublicationsWriter,
    };
    const announce = (sequenceNumber: number, partitions: readonly string[]): void => {
      const data = {
        guid: { prefix, entityId: 0x703 },
        topicName: "rt/test",
        typeName: "std_msgs::msg::dds_::String_",
        qos: { ...defaultQos, reliable: true, partitions },
        locators: [],
        userData: "",
      };
      const message = new MessageBuilder(prefix).data(route, sequenceNumber, encodeEndpoint(data));
      attacked.receive(Buffer.concat(message.finish()));
    };
    announce(2, []);
    expect(reader.matchedCount).toBe(1);
    announce(3, ["elsewhere"]);
    expect(reader.matchedCount).toBe(0);
    announce(4, ["*"]);
    expect(reader.matchedCount).toBe(1);
  });
});

import { describe, expect, it } from "vitest";
import { decodeEndpoint, decodeParticipant } from "../../../ros/rtps/params/discovery-data.ts";
import { MessageParser, type SubmessageHandler } from "../../../ros/rtps/wire/message-parser.ts";
import { EntityId } from "../../../ros/rtps/wire/protocol.ts";
import { peerDatagrams } from "./peer-datagrams.ts";

const own = Buffer.from("01f7aaaaaaaaaaaaaaaaaaaa", "hex");
const datagrams = peerDatagrams(own);

interface Heard {
  readonly kinds: Set<string>;
  readonly payloads: Map<number, Buffer[]>;
}

function hear(stack: string): Heard {
  const kinds = new Set<string>();
  const payloads = new Map<number, Buffer[]>();
  const note = (kind: string) => () => void kinds.add(kind);
  const handler: SubmessageHandler = {
    onData: (_, { writerId, payload }) => {
      kinds.add("data");
      if (payload !== undefined) {
        payloads.set(writerId, [...(payloads.get(writerId) ?? []), Buffer.from(payload)]);
      }
    },
    onFragment: note("fragment"),
    onHeartbeat: note("heartbeat"),
    onAckNack: note("acknack"),
    onGap: note("gap"),
    onNackFragment: note("nack-frag"),
  };
  const parser = new MessageParser(own.toString("latin1"));
  for (const { bytes } of datagrams.filter((datagram) => datagram.stack === stack)) {
    expect(parser.parse(bytes, handler), bytes.toString("hex")).toBe(true);
  }
  return { kinds, payloads };
}

describe.each([
  { stack: "cyclone", vendorId: 0x0110, domainId: 0 },
  // Version 2.9 does not say its domain: its ports do.
  { stack: "fastdds", vendorId: 0x010f, domainId: undefined },
])("what $stack sends", ({ stack, vendorId, domainId }) => {
  const { kinds, payloads } = hear(stack);

  it("is read to its last octet", () => {
    expect([...kinds].sort()).toEqual(["acknack", "data", "heartbeat"]);
  });

  it("tells of a participant we can reach", () => {
    const alive = (payloads.get(EntityId.SpdpWriter) ?? []).map(decodeParticipant)[0]!;
    expect(alive).toMatchObject({ vendorId, domainId });
    expect(alive.metatraffic[0]!.port).toBeGreaterThanOrEqual(7410);
    // Announcer and detector of publications and subscriptions.
    expect(alive.builtinEndpoints & 0x3c).toBe(0x3c);
  });

  it.each([
    { of: "writer", id: EntityId.PublicationsWriter },
    { of: "reader", id: EntityId.SubscriptionsWriter },
  ] as const)("tells of a $of with names and QoS", ({ of, id }) => {
    const endpoints = (payloads.get(id) ?? []).filter((payload) => payload.length > 40);
    const topics = endpoints.map((payload) => decodeEndpoint(payload, { of }));
    const ours = topics.filter((topic) => topic.topicName.startsWith("rt/rec"));
    expect(ours.length).toBeGreaterThan(0);
    for (const { qos } of ours) {
      expect(qos).toMatchObject({ reliable: true, durability: 0, deadlineMs: Infinity });
    }
  });
});

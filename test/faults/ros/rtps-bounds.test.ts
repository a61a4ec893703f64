import { describe, expect, it } from "vitest";
import { encodeEndpoint, encodeParticipant } from "../../../ros/rtps/params/discovery-data.ts";
import { defaultQos } from "../../../ros/rtps/params/qos.ts";
import { MessageBuilder } from "../../../ros/rtps/wire/message-builder.ts";
import { builtinEndpointSet, EntityId, SubmessageId } from "../../../ros/rtps/wire/protocol.ts";
import { good, topic, World } from "./rtps-world.ts";

const at = [{ address: "127.0.9.9", port: 7410 }];
const spdp = { readerId: EntityId.SpdpReader, writerId: EntityId.SpdpWriter };
const sedp = { readerId: EntityId.PublicationsReader, writerId: EntityId.PublicationsWriter };

function prefixOf(number: number): string {
  return `stranger${String(number).padStart(4, "0")}`;
}

/** What a participant says that nobody has seen before. */
function announcement(number: number, leaseMs: number): Buffer {
  const prefix = prefixOf(number);
  const payload = encodeParticipant({
    prefix,
    leaseMs,
    metatraffic: at,
    userTraffic: at,
    builtinEndpoints: builtinEndpointSet,
    vendorId: 0x0110,
    domainId: 0,
    name: prefix,
    userData: "",
  });
  const builder = new MessageBuilder(prefix, payload.length).data(spdp, 1, payload);
  return Buffer.concat(builder.finish());
}

function publication(peer: number, number: number, topicName: string): Buffer {
  const prefix = prefixOf(peer);
  const payload = encodeEndpoint({
    guid: { prefix, entityId: number * 0x100 + 0x03 },
    topicName,
    typeName: "std_msgs::msg::dds_::String_",
    qos: { ...defaultQos, reliable: true },
    locators: [],
    userData: "",
  });
  const builder = new MessageBuilder(prefix, payload.length).data(sedp, number, payload);
  return Buffer.concat(builder.finish());
}

/** The first kilobyte of a sample that claims to be large. */
function beginning(peer: number, writer: number, sampleBytes: number): Buffer {
  const builder = new MessageBuilder(prefixOf(peer)).fragment(
    { readerId: 0, writerId: writer * 0x100 + 0x03 },
    1,
    1,
    { fragmentBytes: 1024, sampleBytes },
    Buffer.alloc(1024),
  );
  return Buffer.concat(builder.finish());
}

describe("a flood of participants", () => {
  it("is let in up to a limit, and gone when the leases are over", () => {
    const world = new World(1, good);
    const { node, receive } = { ...world.join("attacked") };
    for (let number = 0; number < 400; number += 1) receive(announcement(number, 20_000));
    expect(node.stats()).toMatchObject({ peerCount: 256, refusedCount: 144, malformedCount: 0 });
    world.scheduler.advance(21_000);
    expect(node.stats().peerCount).toBe(0);
    receive(announcement(399, 20_000));
    expect(node.stats().peerCount).toBe(1);
  });

  it("with endless leases is forgotten after ten minutes of silence", () => {
    const world = new World(1, good);
    const { node, receive } = { ...world.join("attacked") };
    receive(announcement(1, Number.POSITIVE_INFINITY));
    world.scheduler.advance(599_000);
    expect(node.stats().peerCount).toBe(1);
    world.scheduler.advance(2000);
    expect(node.stats().peerCount).toBe(0);
  });
});

describe("a flood of endpoints", () => {
  it("is taken up to a limit per participant and for all together", () => {
    const world = new World(1, good);
    const { node, receive } = { ...world.join("attacked") };
    for (let peer = 0; peer < 10; peer += 1) {
      receive(announcement(peer, 600_000));
      for (let number = 1; number <= 2100; number += 1) {
        receive(publication(peer, number, `rt/flood_${number}`));
      }
      const expected = Math.min(2048 * (peer + 1), 16_384);
      expect(node.stats().endpointCount).toBe(expected);
    }
    expect(node.stats().refusedCount).toBe(10 * 2100 - 16_384);
  });
});

describe("many writers that begin large samples and finish none", () => {
  it("cannot make all readers together hold more than one budget", () => {
    const world = new World(1, good);
    const { node, receive } = { ...world.join("attacked", { maxReceiveBytes: 50_000_000 }) };
    node.createReader({ topic: topic({}), onMessage: () => undefined });
    receive(announcement(1, 600_000));
    for (let writer = 1; writer <= 20; writer += 1) receive(publication(1, writer, "rt/test"));
    expect(node.stats().readers[0]?.matchedCount).toBe(20);
    for (let writer = 1; writer <= 20; writer += 1) receive(beginning(1, writer, 8_000_000));
    expect(node.stats()).toMatchObject({ receiveBytes: 48_000_000, receiveRefusedCount: 14 });
    // What does not go on makes room for others, though the peer is still there.
    world.scheduler.advance(11_000);
    expect(node.stats()).toMatchObject({ receiveBytes: 0, peerCount: 1 });
  });
});

describe("a datagram that cannot be read", () => {
  const header = (): MessageBuilder => new MessageBuilder(prefixOf(1));
  const cut = (builder: MessageBuilder, octets: number): Buffer => {
    const whole = Buffer.concat(builder.finish());
    const short = Buffer.from(whole.subarray(0, whole.length - octets));
    short.writeUInt16LE(short.length - 24, 22);
    return short;
  };
  const odd = (id: number, body: string): Buffer => {
    const content = Buffer.from(body, "hex");
    const start = Buffer.from([id, 1, content.length, 0]);
    return Buffer.concat([...header().finish(), start, content]);
  };

  it.each([
    { kind: "not-rtps", bytes: Buffer.from("hello") },
    { kind: "truncated", bytes: Buffer.concat([...header().finish(), Buffer.from([7, 1, 99, 0])]) },
    { kind: "heartbeat", bytes: cut(header().heartbeat(sedp, 1, 2, 3, { final: true }), 4) },
    { kind: "gap", bytes: cut(header().gap(sedp, 1, 2), 4) },
    { kind: "data", bytes: odd(SubmessageId.Data, "0000100000000000000003c2") },
    { kind: "data-frag", bytes: odd(SubmessageId.DataFragment, "00001c00") },
    { kind: "acknack", bytes: odd(SubmessageId.AckNack, "0000000000000000") },
    { kind: "nack-frag", bytes: odd(SubmessageId.NackFragment, "0000000000000000") },
    { kind: "info", bytes: odd(SubmessageId.InfoDestination, "00000000") },
    {
      kind: "discovery",
      bytes: Buffer.concat(header().data(spdp, 1, Buffer.from("0003000001000000", "hex")).finish()),
    },
  ] as const)("is counted as $kind", ({ kind, bytes }) => {
    const world = new World(1, good);
    const { node, receive } = { ...world.join("attacked") };
    receive(bytes);
    const { malformedByKind, malformedCount } = node.stats();
    expect(malformedByKind[kind]).toBe(1);
    expect(malformedCount).toBe(1);
  });
});

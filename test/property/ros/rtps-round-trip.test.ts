import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeEndpoint,
  decodeParticipant,
  encodeEndpoint,
  encodeParticipant,
} from "../../../ros/rtps/params/discovery-data.ts";
import { FragmentAssembly } from "../../../ros/rtps/reader/fragment-assembly.ts";
import { guidFromBytes, guidToBytes } from "../../../ros/rtps/wire/guid.ts";
import { MessageBuilder } from "../../../ros/rtps/wire/message-builder.ts";
import {
  type FragmentSubmessage,
  MessageParser,
  type SubmessageHandler,
} from "../../../ros/rtps/wire/message-parser.ts";
import { NumberSet } from "../../../ros/rtps/wire/number-set.ts";
import { SequenceNumber } from "../../../ros/rtps/wire/sequence-number.ts";

const prefixes = fc
  .uint8Array({ minLength: 12, maxLength: 12 })
  .map((bytes) => Buffer.from(bytes).toString("latin1"));
const entityIds = fc.integer({ min: 0, max: 0xffffffff });
const sequenceNumbers = fc.integer({ min: 1, max: SequenceNumber.max - 300 });
const octet = fc.integer({ min: 1, max: 254 });
const locators = fc.array(
  fc.record({
    address: fc.tuple(octet, octet, octet, octet).map((octets) => octets.join(".")),
    port: fc.integer({ min: 1, max: 65535 }),
  }),
  { maxLength: 4 },
);
const names = fc.string({ minLength: 1, maxLength: 60, unit: "grapheme-ascii" });
/** Whole milliseconds survive the trip through 2^-32 seconds up to rounding below a microsecond. */
const durations = fc.oneof(
  fc.integer({ min: 0, max: 1_000_000_000 }),
  fc.constant(Number.POSITIVE_INFINITY),
);

function ignoring(handler: Partial<SubmessageHandler>): SubmessageHandler {
  const ignore = (): void => undefined;
  return {
    onData: ignore,
    onFragment: ignore,
    onHeartbeat: ignore,
    onAckNack: ignore,
    onGap: ignore,
    onNackFragment: ignore,
    ...handler,
  };
}

describe("what the builder writes, the parser reads:", () => {
  it("samples of any size and number, followed by a heartbeat", () => {
    fc.assert(
      fc.property(
        prefixes,
        entityIds,
        entityIds,
        sequenceNumbers,
        fc.uint8Array({ minLength: 4, maxLength: 5000 }),
        (prefix, readerId, writerId, number, payload) => {
          const route = { readerId, writerId };
          const message = Buffer.concat(
            new MessageBuilder(prefix, payload.length)
              .infoDestination("\0".repeat(12))
              .infoTimestamp(1e12)
              .data(route, number, payload)
              .heartbeat(route, number, number, 5, { final: true })
              .finish(),
          );
          const seen: unknown[] = [];
          const ok = new MessageParser("x".repeat(12)).parse(
            message,
            ignoring({
              onData: (source, m) => {
                expect(m.payload!.subarray(0, payload.length).equals(payload)).toBe(true);
                expect(m.payload!.length - payload.length).toBe(-payload.length & 3);
                seen.push([source, m.readerId, m.writerId, m.sequenceNumber, m.status]);
              },
              onHeartbeat: (_, m) => seen.push([m.first, m.last, m.count, m.final]),
            }),
          );
          expect(ok).toBe(true);
          expect(seen).toEqual([
            [prefix, readerId, writerId, number, 0],
            [number, number, 5, true],
          ]);
        },
      ),
    );
  });

  it("any set of numbers", () => {
    const sets = fc.tuple(
      sequenceNumbers,
      fc.uniqueArray(fc.integer({ min: 0, max: 255 }), { maxLength: 256 }),
    );
    fc.assert(
      fc.property(prefixes, sets, (prefix, [base, offsets]) => {
        const set = new NumberSet();
        set.clear(base);
        for (const offset of offsets) set.add(base + offset);
        const message = Buffer.concat(
          new MessageBuilder(prefix)
            .ackNack({ readerId: 1, writerId: 2 }, set, 3, { final: false })
            .finish(),
        );
        let read: number[] | undefined;
        new MessageParser(prefix).parse(
          message,
          ignoring({
            onAckNack: (_, { missing }) => {
              read = Array.from(
                { length: missing.bitCount },
                (_, bit) => missing.base + bit,
              ).filter((value) => missing.has(value));
            },
          }),
        );
        expect(read).toEqual(offsets.map((offset) => base + offset).sort((a, b) => a - b));
      }),
    );
  });

  it("a sample in fragments, in any order, with repeats", () => {
    const samples = fc
      .tuple(fc.uint8Array({ minLength: 1, maxLength: 3000 }), fc.integer({ min: 1, max: 700 }))
      .chain(([payload, fragmentBytes]) => {
        const count = Math.ceil(payload.length / fragmentBytes);
        const all = Array.from({ length: count }, (_, index) => index + 1);
        return fc.record({
          payload: fc.constant(payload),
          fragmentBytes: fc.constant(fragmentBytes),
          order: fc
            .tuple(
              fc.shuffledSubarray(all, { minLength: count, maxLength: count }),
              fc.array(fc.constantFrom(...all), { maxLength: 5 }),
            )
            .map(([order, repeats]) => [...repeats, ...order]),
        });
      });
    fc.assert(
      fc.property(prefixes, samples, (prefix, { payload, fragmentBytes, order }) => {
        let assembly: FragmentAssembly | undefined;
        const handler = ignoring({
          onFragment: (_, message: FragmentSubmessage) => {
            assembly ??= new FragmentAssembly(message);
            assembly.add(message, 0);
          },
        });
        const parser = new MessageParser(prefix);
        for (const fragment of order) {
          const start = (fragment - 1) * fragmentBytes;
          const message = new MessageBuilder(prefix).fragment(
            { readerId: 1, writerId: 2 },
            9,
            fragment,
            { fragmentBytes, sampleBytes: payload.length },
            payload.subarray(start, start + fragmentBytes),
          );
          expect(parser.parse(Buffer.concat(message.finish()), handler)).toBe(true);
        }
        expect(assembly?.isComplete).toBe(true);
        expect(assembly?.payload.equals(payload)).toBe(true);
      }),
    );
  });
});

describe("discovery data survives its encoding:", () => {
  it("GUIDs", () => {
    fc.assert(
      fc.property(prefixes, entityIds, (prefix, entityId) => {
        expect(guidFromBytes(guidToBytes({ prefix, entityId }))).toEqual({ prefix, entityId });
      }),
    );
  });

  it("participants", () => {
    const participants = fc.record({
      prefix: prefixes,
      leaseMs: durations,
      metatraffic: locators,
      userTraffic: locators,
      builtinEndpoints: fc.constant(0xc3f),
      vendorId: fc.constant(0x01f7),
      domainId: fc.integer({ min: 0, max: 232 }),
      name: fc.string({ maxLength: 60 }),
      userData: fc.string({ maxLength: 60 }),
    });
    fc.assert(
      fc.property(participants, (data) => {
        expect(decodeParticipant(encodeParticipant(data))).toEqual(data);
      }),
    );
  });

  it("endpoints", () => {
    const endpoints = fc.record({
      guid: fc.record({ prefix: prefixes, entityId: entityIds }),
      topicName: names,
      typeName: names,
      locators,
      userData: fc.string({ maxLength: 80 }),
      qos: fc.record({
        reliable: fc.boolean(),
        durability: fc.integer({ min: 0, max: 3 }),
        keepAll: fc.boolean(),
        depth: fc.integer({ min: 1, max: 10_000 }),
        deadlineMs: durations,
        livelinessKind: fc.integer({ min: 0, max: 2 }),
        livelinessLeaseMs: durations,
        ownership: fc.integer({ min: 0, max: 1 }),
        lifespanMs: durations,
        partitions: fc.array(fc.string({ maxLength: 30 }), { maxLength: 4 }),
        representations: fc.constant([0]),
      }),
    });
    fc.assert(
      fc.property(endpoints, (data) => {
        expect(decodeEndpoint(encodeEndpoint(data), { of: "reader" })).toEqual(data);
      }),
    );
  });
});

describe("the parser", () => {
  it("never throws, whatever it is given", () => {
    const header = Buffer.from("52545053020201100102030405060708090a0b0c", "hex");
    const parser = new MessageParser("x".repeat(12));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (tail) => {
        parser.parse(Buffer.concat([header, tail]), ignoring({}));
        parser.parse(Buffer.from(tail), ignoring({}));
      }),
      { numRuns: 2000 },
    );
  });
});

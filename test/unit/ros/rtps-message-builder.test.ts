import { describe, expect, it } from "vitest";
import { MessageBuilder, toAllReaders } from "../../../ros/rtps/wire/message-builder.ts";
import { NumberSet } from "../../../ros/rtps/wire/number-set.ts";

const prefix = "\x01\xf7\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c";
const header = "5254505302020 1f701f7030405060708090a0b0c".replaceAll(" ", "");
const route = { readerId: 0x104, writerId: 0x103 };

function numbers(base: number, ...values: readonly number[]): NumberSet {
  const set = new NumberSet();
  set.clear(base);
  for (const value of values) set.add(value);
  return set;
}

function hexOf(build: (builder: MessageBuilder) => void, payloadBytes = 0): string {
  const builder = new MessageBuilder(prefix, payloadBytes);
  build(builder);
  const hex = Buffer.concat(builder.finish()).toString("hex");
  expect(hex.startsWith(header)).toBe(true);
  return hex.slice(header.length);
}

const cases: readonly {
  readonly what: string;
  readonly build: (builder: MessageBuilder) => void;
  readonly hex: string;
}[] = [
  {
    what: "a sample, padded to 4 octets",
    build: (b) => b.data(toAllReaders(0x103), 7, Buffer.from("0001000041", "hex")),
    hex: "15051c00 00001000 00000000 00000103 00000000 07000000 0001000041000000",
  },
  {
    what: "a number above 32 bits",
    build: (b) => b.data(route, 0x1_0000_0002, Buffer.from("00010000", "hex")),
    hex: "15051800 00001000 00000104 00000103 01000000 02000000 00010000",
  },
  {
    what: "a disposal with key hash, status and key",
    build: (b) =>
      b.disposal(route, 2, {
        status: 3,
        keyHash: Buffer.from("000102030405060708090a0b0c0d0e0f", "hex"),
        key: Buffer.from("00030000", "hex"),
      }),
    hex: `150b3800 00001000 00000104 00000103 00000000 02000000
          70001000 000102030405060708090a0b0c0d0e0f 71000400 00000003 01000000 00030000`,
  },
  {
    what: "a fragment",
    build: (b) =>
      b.fragment(route, 5, 2, { fragmentBytes: 4, sampleBytes: 10 }, Buffer.from("abcd")),
    hex: `16012400 00001c00 00000104 00000103 00000000 05000000 02000000 01000400 0a000000 61626364`,
  },
  {
    what: "a heartbeat that wants an answer",
    build: (b) => b.heartbeat(route, 3, 9, 42, { final: false }),
    hex: "07011c00 00000104 00000103 00000000 03000000 00000000 09000000 2a000000",
  },
  {
    what: "an ACKNACK with holes, most significant bit first",
    build: (b) => b.ackNack(route, numbers(5, 5, 7, 10), 1, { final: true }),
    hex: "06031c00 00000104 00000103 00000000 05000000 06000000 000000a4 01000000",
  },
  {
    what: "a NACK_FRAG",
    build: (b) => b.nackFragment(route, 4, numbers(3, 3), 7),
    hex: "12012000 00000104 00000103 00000000 04000000 03000000 01000000 00000080 07000000",
  },
  {
    what: "a GAP",
    build: (b) => b.gap(route, 2, 5),
    hex: "08011c00 00000104 00000103 00000000 02000000 00000000 05000000 00000000",
  },
  {
    what: "a destination and half past one second",
    build: (b) => b.infoDestination("\xaa".repeat(12)).infoTimestamp(1500),
    hex: `0e010c00 ${"aa".repeat(12)} 09010800 01000000 00000080`,
  },
];

describe("MessageBuilder", () => {
  it.each(cases)("writes $what", ({ build, hex }) => {
    expect(hexOf(build)).toBe(hex.replaceAll(/\s/g, ""));
  });

  it("does not copy a large payload and still pads behind it", () => {
    const payload = Buffer.alloc(5001, 0x61);
    const builder = new MessageBuilder(prefix, payload.length);
    builder.data(route, 1, payload).heartbeat(route, 1, 1, 1, { final: true });
    const chunks = builder.finish();
    expect(chunks).toContain(payload);
    const message = Buffer.concat(chunks);
    expect(message.length % 4).toBe(0);
    expect(message.readUInt16LE(22)).toBe(20 + 5004);
    expect(message[44 + 5004]).toBe(0x07);
  });

  it("copies a small payload that the caller may reuse", () => {
    const payload = Buffer.from("00010000", "hex");
    const builder = new MessageBuilder(prefix, 4).data(route, 1, payload);
    payload.fill(0xff);
    expect(Buffer.concat(builder.finish()).subarray(-4).toString("hex")).toBe("00010000");
  });
});

import { describe, expect, it } from "vitest";
import { MessageParser, type SubmessageHandler } from "../../../ros/rtps/wire/message-parser.ts";

/** RTPS 2.2, vendor 0x0110, prefix 01..0c. */
const header = "52545053 0202 0110 0102030405060708090a0b0c";
const source = "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c";
const own = "\xaa\xbb\xcc\xdd\xee\xff\x11\x22\x33\x44\x55\x66";
const ownHex = "aabbccddeeff112233445566";

function bytes(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(/\s/g, ""), "hex");
}

/** Everything the parser handed over, as plain text, and what it returned. */
function parse(hex: string): { readonly ok: boolean; readonly calls: readonly string[] } {
  const calls: string[] = [];
  const ids = (m: { readerId: number; writerId: number }): string =>
    `${m.readerId.toString(16)}<${m.writerId.toString(16)}`;
  const set = (m: { base: number; bitCount: number; has(value: number): boolean }): string =>
    `${m.base}:${Array.from({ length: m.bitCount }, (_, bit) => m.base + bit)
      .filter((value) => m.has(value))
      .join(",")}`;
  const handler: SubmessageHandler = {
    onData: (from, m) => {
      expect(from).toBe(source);
      const payload = m.payload?.toString("hex") ?? "none";
      const key = m.keyHash === undefined ? "" : ` key ${m.keyHash.toString("hex")}`;
      calls.push(`data ${ids(m)} #${m.sequenceNumber} status ${m.status}${key} ${payload}`);
    },
    onFragment: (_, m) => {
      calls.push(
        `fragment ${ids(m)} #${m.sequenceNumber} ${m.firstFragment}+${m.fragmentCount} of ${m.fragmentBytes}/${m.sampleBytes} ${m.payload.toString("hex")}`,
      );
    },
    onHeartbeat: (_, m) =>
      calls.push(`heartbeat ${ids(m)} ${m.first}..${m.last} n${m.count} final ${m.final}`),
    onAckNack: (_, m) =>
      calls.push(`acknack ${ids(m)} ${set(m.missing)} n${m.count} final ${m.final}`),
    onGap: (_, m) => calls.push(`gap ${ids(m)} ${m.start} ${set(m.list)}`),
    onNackFragment: (_, m) =>
      calls.push(`nackfrag ${ids(m)} #${m.sequenceNumber} ${set(m.missing)} n${m.count}`),
  };
  const ok = new MessageParser(own).parse(bytes(hex), handler);
  return { ok, calls };
}

describe("MessageParser reads", () => {
  it.each([
    {
      what: "DATA, little endian",
      hex: "15 05 1c00 0000 1000 00000000 00000103 00000000 07000000 0001000041424344",
      call: "data 0<103 #7 status 0 0001000041424344",
    },
    {
      what: "DATA, big endian",
      hex: "15 04 001c 0000 0010 00000000 00000103 00000000 00000007 0001000041424344",
      call: "data 0<103 #7 status 0 0001000041424344",
    },
    {
      what: "DATA with a number above 32 bits",
      hex: "15 05 1800 0000 1000 00000000 00000103 01000000 02000000 00010000",
      call: "data 0<103 #4294967298 status 0 00010000",
    },
    {
      what: "DATA whose inline QoS stands before the payload",
      hex: `15 07 2400 0000 1000 00000000 00000103 00000000 01000000
            71000400 00000003 01000000 00010000`,
      call: "data 0<103 #1 status 3 00010000",
    },
    {
      what: "DATA with an unknown inline parameter and a key hash, without payload",
      hex: `15 03 3c00 0000 1000 000004c7 000004c2 00000000 02000000
            17800400 deadbeef 70001000 000102030405060708090a0b0c0d0e0f 71000400 00000001 01000000`,
      call: "data 4c7<4c2 #2 status 1 key 000102030405060708090a0b0c0d0e0f none",
    },
    {
      what: "DATA that skips octets between header and inline QoS",
      hex: "15 05 1c00 0000 1400 00000000 00000103 00000000 01000000 ffffffff 00010000",
      call: "data 0<103 #1 status 0 00010000",
    },
    {
      what: "DATA of length 0, which reaches to the end of the message",
      hex: "15 05 0000 0000 1000 00000000 00000103 00000000 01000000 00010000",
      call: "data 0<103 #1 status 0 00010000",
    },
    {
      what: "DATA_FRAG",
      hex: `16 01 2400 0000 1c00 00000104 00000103 00000000 05000000
            02000000 0100 0400 0a000000 61626364`,
      call: "fragment 104<103 #5 2+1 of 4/10 61626364",
    },
    {
      what: "HEARTBEAT",
      hex: "07 01 1c00 00000104 00000103 00000000 03000000 00000000 09000000 2a000000",
      call: "heartbeat 104<103 3..9 n42 final false",
    },
    {
      what: "HEARTBEAT of an empty history, big endian, final",
      hex: "07 02 001c 00000000 00000103 00000000 00000001 00000000 00000000 00000001",
      call: "heartbeat 0<103 1..0 n1 final true",
    },
    {
      what: "ACKNACK with holes",
      hex: "06 03 1c00 00000104 00000103 00000000 05000000 06000000 000000a4 01000000",
      call: "acknack 104<103 5:5,7,10 n1 final true",
    },
    {
      what: "ACKNACK that asks for nothing",
      hex: "06 01 1800 00000104 00000103 00000000 05000000 00000000 01000000",
      call: "acknack 104<103 5: n1 final false",
    },
    {
      what: "ACKNACK with base 0 as base 1",
      hex: "06 01 1800 00000104 00000103 00000000 00000000 00000000 01000000",
      call: "acknack 104<103 1: n1 final false",
    },
    {
      what: "GAP",
      hex: "08 01 2000 00000104 00000103 00000000 02000000 00000000 05000000 02000000 00000040",
      call: "gap 104<103 2 5:6",
    },
    {
      what: "NACK_FRAG",
      hex: "12 01 2000 00000104 00000103 00000000 04000000 03000000 01000000 00000080 07000000",
      call: "nackfrag 104<103 #4 3:3 n7",
    },
  ])("$what", ({ hex, call }) => {
    expect(parse(header + hex)).toEqual({ ok: true, calls: [call] });
  });

  const heartbeat = "07 03 1c00 00000000 00000103 00000000 01000000 00000000 02000000 01000000";

  it.each([
    { what: "an unknown vendor submessage", hex: "80 01 0400 00000000" },
    { what: "PAD", hex: "01 01 0000" },
    { what: "INFO_TS with a time", hex: "09 01 0800 00000000 00000000" },
    { what: "INFO_TS that withdraws the time", hex: "09 03 0000" },
    { what: "INFO_DST for us", hex: `0e 01 0c00 ${ownHex}` },
    { what: "INFO_DST for everyone", hex: `0e 01 0c00 ${"00".repeat(12)}` },
  ])("what follows $what", ({ hex }) => {
    const { ok, calls } = parse(`${header} ${hex} ${heartbeat}`);
    expect(ok).toBe(true);
    expect(calls).toEqual(["heartbeat 0<103 1..2 n1 final true"]);
  });

  it("nothing behind INFO_DST for someone else", () => {
    const { ok, calls } = parse(`${header} 0e 01 0c00 ${"77".repeat(12)} ${heartbeat}`);
    expect(ok).toBe(true);
    expect(calls).toEqual([]);
  });

  it("what came before the place where a datagram breaks off", () => {
    const { ok, calls } = parse(`${header} ${heartbeat} 07 03 1c00 0000`);
    expect(ok).toBe(false);
    expect(calls).toHaveLength(1);
  });
});

describe("MessageParser refuses", () => {
  it.each([
    { what: "an empty datagram", hex: "" },
    { what: "five octets", hex: "68656c6c6f" },
    { what: "another magic", hex: "52545058 0202 0110 0102030405060708090a0b0c" },
    { what: "RTPS 1", hex: "52545053 0102 0110 0102030405060708090a0b0c" },
    { what: "a header cut short", hex: "52545053 0202 0110 0102030405060708090a0b" },
    { what: "a length past the datagram", hex: `${header} 07 03 1d00 ${"00".repeat(28)}` },
    { what: "a stray octet at the end", hex: `${header} 01 01 0000 00` },
    {
      what: "DATA without room for its ids",
      hex: `${header} 15 05 0c00 0000 1000 ${"00".repeat(8)}`,
    },
    {
      what: "DATA number 0",
      hex: `${header} 15 05 1400 0000 1000 00000000 00000103 00000000 00000000`,
    },
    {
      what: "a negative DATA number",
      hex: `${header} 15 05 1400 0000 1000 00000000 00000103 ffffffff 01000000`,
    },
    {
      what: "inline QoS that starts behind the submessage",
      hex: `${header} 15 07 1400 0000 f000 00000000 00000103 00000000 01000000`,
    },
    {
      what: "inline QoS without sentinel",
      hex: `${header} 15 07 1c00 0000 1000 00000000 00000103 00000000 01000000 71000400 00000003`,
    },
    {
      what: "an inline parameter past the submessage",
      hex: `${header} 15 07 1c00 0000 1000 00000000 00000103 00000000 01000000 7100ff00 00000003`,
    },
    {
      what: "fragment number 0",
      hex: `${header} 16 01 2000 0000 1c00 00000104 00000103 00000000 05000000 00000000 0100 0400 0a000000`,
    },
    {
      what: "a heartbeat whose last is two before its first",
      hex: `${header} 07 03 1c00 00000000 00000103 00000000 03000000 00000000 01000000 01000000`,
    },
    {
      what: "a heartbeat from 0",
      hex: `${header} 07 03 1c00 00000000 00000103 00000000 00000000 00000000 01000000 01000000`,
    },
    {
      what: "257 bits in an ACKNACK",
      hex: `${header} 06 03 3c00 00000104 00000103 00000000 05000000 01010000 ${"00".repeat(40)}`,
    },
    {
      what: "an ACKNACK whose bitmap is cut short",
      hex: `${header} 06 03 1800 00000104 00000103 00000000 05000000 20000000 00000000`,
    },
    {
      what: "a GAP that ends before it starts",
      hex: `${header} 08 01 1c00 00000104 00000103 00000000 05000000 00000000 02000000 00000000`,
    },
  ])("$what", ({ hex }) => {
    expect(parse(hex)).toEqual({ ok: false, calls: [] });
  });
});

import { describe, expect, it } from "vitest";
import {
  decodeEndpoint,
  decodeKey,
  decodeParticipant,
  encodeEndpoint,
  encodeKey,
} from "../../../ros/rtps/params/discovery-data.ts";
import {
  durationWords,
  forEachParameter,
  MalformedData,
  ParameterListWriter,
} from "../../../ros/rtps/params/params.ts";
import { ParameterId } from "../../../ros/rtps/wire/protocol.ts";
import { defaultQos } from "../../../ros/rtps/params/qos.ts";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ""), "hex");
const prefix = "\x01\x10\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b";
const prefixHex = "01100203 04050607 08090a0b";

describe("a parameter list", () => {
  it("is written little endian, padded, with a sentinel", () => {
    const list = new ParameterListWriter()
      .string(ParameterId.TopicName, "rt/a")
      .u32(ParameterId.Durability, 1)
      .locator(ParameterId.UnicastLocator, { address: "127.0.0.1", port: 7411 })
      .finish();
    expect(list).toEqual(
      hex(`00030000
           05000c00 05000000 72742f61 00000000
           1d000400 01000000
           2f001800 01000000 f31c0000 000000000000000000000000 7f000001
           01000000`),
    );
  });

  it.each([
    { what: "forever", ms: Number.POSITIVE_INFINITY, words: [0x7fffffff, 0xffffffff] },
    { what: "half past two seconds", ms: 2500, words: [2, 0x80000000] },
    { what: "nothing", ms: 0, words: [0, 0] },
  ])("writes a duration of $what", ({ ms, words }) => {
    expect(durationWords(ms)).toEqual(words);
  });

  it.each([
    { what: "an empty payload", text: "" },
    { what: "plain CDR", text: "00010000 01000000" },
    { what: "no sentinel", text: "00030000 1d000400 01000000" },
    { what: "a parameter past the end", text: "00030000 1d00ff00 01000000 01000000" },
  ])("is refused with $what", ({ text }) => {
    expect(() => {
      forEachParameter(hex(text), () => undefined);
    }).toThrow(MalformedData);
  });
});

describe("participant data", () => {
  it("of a big-endian stranger is read, locators of other kinds left out", () => {
    const data = decodeParticipant(
      hex(`00020000
           0050 0010 ${prefixHex} 000001c1
           0016 0004 01100000
           0002 0008 0000000a 80000000
           0058 0004 00000c3f
           000f 0004 0000002a
           0032 0018 00000001 00001cf2 00000000 00000000 00000000 c0a80105
           0032 0018 00000010 00001cf2 00000000 00000000 00000000 00000000
           0031 0018 00000001 00001cf3 00000000 00000000 00000000 c0a80105
           8007 0004 12345678
           0001 0000`),
    );
    expect(data).toEqual({
      prefix,
      vendorId: 0x0110,
      leaseMs: 10_500,
      builtinEndpoints: 0xc3f,
      domainId: 42,
      metatraffic: [{ address: "192.168.1.5", port: 7410 }],
      userTraffic: [{ address: "192.168.1.5", port: 7411 }],
      name: "",
      userData: "",
    });
  });

  it.each([
    { what: "without GUID", text: "00030000 58000400 3f0c0000 01000000" },
    { what: "with a GUID cut short", text: "00030000 50000400 01020304 01000000" },
    {
      what: "with a name longer than its parameter",
      text: "00030000 62000800 ff000000 61626300 01000000",
    },
  ])("$what is refused", ({ text }) => {
    expect(() => decodeParticipant(hex(text))).toThrow(MalformedData);
  });
});

describe("endpoint data", () => {
  const names = `05000c00 05000000 72742f61 00000000 07000c00 05000000 613a3a62 00000000`;
  const guid = `5a001000 ${prefixHex} 00000103`;

  it.each([
    { of: "writer" as const, reliable: true },
    { of: "reader" as const, reliable: false },
  ])("of a $of that states no QoS gets DDS's defaults", ({ of, reliable }) => {
    expect(decodeEndpoint(hex(`00030000 ${guid} ${names} 01000000`), { of })).toEqual({
      guid: { prefix, entityId: 0x103 },
      topicName: "rt/a",
      typeName: "a::b",
      qos: { ...defaultQos, reliable },
      locators: [],
      userData: "",
    });
  });

  it("comes back as it was written", () => {
    const data = {
      guid: { prefix, entityId: 0x203 },
      topicName: "rt/kairos/joint_states",
      typeName: "sensor_msgs::msg::dds_::JointState_",
      qos: {
        ...defaultQos,
        reliable: true,
        durability: 1,
        keepAll: true,
        depth: 7,
        deadlineMs: 1500,
        lifespanMs: 250,
        partitions: ["a", "b*"],
        representations: [0],
      },
      locators: [{ address: "10.0.0.9", port: 7500 }],
      userData: "typehash=RIHS01_a13ee3a330e346c9d87b5aa18d24e11690752bd33a0350f11c5882bc9179260e;",
    };
    expect(decodeEndpoint(encodeEndpoint(data), { of: "writer" })).toEqual(data);
  });

  it.each([
    { what: "durability 4", text: "1d000400 04000000" },
    { what: "history 2", text: "40000800 02000000 01000000" },
    { what: "liveliness 3", text: "1b000c00 03000000 ffffff7f ffffffff" },
    { what: "ownership 2", text: "1f000400 02000000" },
  ])("with $what is refused", ({ text }) => {
    const list = hex(`00030000 ${guid} ${names} ${text} 01000000`);
    expect(() => decodeEndpoint(list, { of: "writer" })).toThrow(/kind is/);
  });

  it("tells a writer of XCDR version 2", () => {
    const list = hex(`00030000 ${guid} ${names} 73000800 01000000 02000000 01000000`);
    expect(decodeEndpoint(list, { of: "writer" }).qos.representations).toEqual([2]);
  });

  it("carries the partitions of a stranger", () => {
    const partition = "29001800 02000000 02000000 61000000 03000000 62630000";
    const list = hex(`00030000 ${guid} ${names} ${partition.replace("1800", "1400")} 01000000`);
    expect(decodeEndpoint(list, { of: "reader" }).qos.partitions).toEqual(["a", "bc"]);
  });

  it.each([
    { what: "without topic", text: `00030000 ${guid} 01000000` },
    { what: "without GUID", text: `00030000 ${names} 01000000` },
  ])("$what is refused", ({ text }) => {
    expect(() => decodeEndpoint(hex(text), { of: "writer" })).toThrow(MalformedData);
  });

  it("names who is gone in a disposal's key", () => {
    const gone = { prefix, entityId: 0x103 };
    expect(decodeKey(encodeKey(ParameterId.EndpointGuid, gone))).toEqual(gone);
    expect(() => decodeKey(hex("00030000 01000000"))).toThrow(MalformedData);
  });
});

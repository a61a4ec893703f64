import { readFileSync } from "node:fs";
import { MavLinkPacketSignature, MavLinkProtocolV1, MavLinkProtocolV2 } from "node-mavlink";
import { describe, expect, it } from "vitest";
import { FrameReader } from "../../../devices/drivers/mavlink/codec/frame-reader.ts";
import { FrameWriter } from "../../../devices/drivers/mavlink/codec/frame-writer.ts";
import {
  emptyMessage,
  type Fields,
  type FieldSpec,
  type MessageLayout,
} from "../../../devices/drivers/mavlink/codec/message-layout.ts";
import { messages, type MessageName } from "../../../devices/drivers/mavlink/codec/messages.ts";
import { Signing } from "../../../devices/drivers/mavlink/codec/signing.ts";
import {
  peerClass,
  peerFrame,
  peerMessage,
  peerPackets,
  peerValues,
} from "../../fakes/mavlink-peer.ts";

type Values = Record<string, unknown>;
interface Heard {
  readonly id: number;
  readonly from: readonly [number, number];
  readonly values: Values;
}

const { frames: golden } = JSON.parse(
  readFileSync(new URL("../../golden/devices/mavlink-frames.json", import.meta.url), "utf8"),
) as { readonly frames: Readonly<Record<string, string>> };
const layouts: Readonly<Record<MessageName, MessageLayout>> = messages;
const names = Object.keys(layouts) as MessageName[];
const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));

function plain(values: Values): Values {
  const entries = Object.entries(values).map(([key, value]) => [
    key,
    value instanceof Float64Array ? [...value] : value,
  ]);
  return Object.fromEntries(entries) as Values;
}

function listen(signing?: Signing): { readonly heard: Heard[]; readonly reader: FrameReader } {
  const heard: Heard[] = [];
  const reader = new FrameReader((arrival) => {
    const values = plain(arrival.as(arrival.layout) ?? {});
    heard.push({ id: arrival.layout.id, from: [arrival.systemId, arrival.componentId], values });
  }, signing);
  return { heard, reader };
}

const hear = (bytes: Uint8Array): readonly Heard[] => {
  const { heard, reader } = listen();
  reader.feed(bytes, bytes.length);
  return heard;
};

/** A value for each field that its type holds exactly, and no two alike. */
function exampleOf(name: MessageName): Values {
  const message = emptyMessage(layouts[name]) as Values;
  let next = 1;
  for (const { name: field, type, count } of layouts[name].fields) {
    next += 1;
    if (type === "char") message[field] = `text ${next}`;
    else if (type === "uint64_t" || type === "int64_t") message[field] = 2n ** 40n + BigInt(next);
    else if (count > 0) message[field] = Float64Array.from([next, -next / 4, 0.5, Number.NaN]);
    else message[field] = type === "float" ? -next / 8 : next;
  }
  return message;
}

function written(name: MessageName, values: Values, writer = new FrameWriter(us)): Uint8Array {
  const layout = layouts[name];
  const length = writer.write(layout, values as Fields<readonly FieldSpec[]>);
  return writer.frame.slice(0, length);
}
const us = { systemId: 255, componentId: 190 };
const key = MavLinkPacketSignature.key("a secret");
const wallMs = Date.UTC(2026, 0, 1);
const signing = (options: Partial<ConstructorParameters<typeof Signing>[0]> = {}): Signing =>
  new Signing({ key, linkId: 3, acceptUnsigned: false, wallMs: () => wallMs, ...options });

describe("MAVLink frames", () => {
  it.each(Object.keys(golden) as MessageName[])(
    "read and written as the C library does: %s",
    (name) => {
      const bytes = bytesOf(golden[name]!);
      const [found] = hear(bytes);
      expect(found?.id).toBe(layouts[name].id);
      const writer = new FrameWriter({ systemId: found!.from[0], componentId: found!.from[1] });
      for (let sequence = 0; sequence < bytes[4]!; sequence += 1) written(name, {}, writer);
      expect(Buffer.from(written(name, found!.values, writer)).toString("hex")).toBe(golden[name]);
    },
  );

  it.each(names)("the layout of %s is the definition's", (name) => {
    const { id, crcExtra, length, fields } = layouts[name];
    const peer = peerClass(id);
    expect([crcExtra, length]).toEqual([peer.MAGIC_NUMBER, peer.PAYLOAD_LENGTH]);
    const offsets = Object.fromEntries(peer.FIELDS.map(({ source, offset }) => [source, offset]));
    expect(Object.fromEntries(fields.map((field) => [field.name, field.offset]))).toEqual(offsets);
  });

  it.each(names)("%s is what node-mavlink makes of it, byte by byte", (name) => {
    const values = exampleOf(name);
    const theirs = peerFrame(layouts[name].id, values);
    expect(Buffer.from(written(name, values)).toString("hex")).toBe(theirs.toString("hex"));
    expect(hear(theirs)).toEqual([
      { id: layouts[name].id, from: [255, 190], values: plain(values) },
    ]);
  });

  it.each(names)("node-mavlink reads our %s", async (name) => {
    const values = plain(exampleOf(name));
    const packets = await peerPackets(written(name, exampleOf(name)));
    expect(packets.map(peerValues)).toEqual([values]);
  });

  it.each(names)("%s of zeros is cut to one byte and whole again", (name) => {
    const zeros = emptyMessage(layouts[name]) as Values;
    const bytes = written(name, zeros);
    expect(bytes).toHaveLength(13);
    expect(hear(bytes)[0]?.values).toEqual(plain(zeros));
  });

  it("MAVLink 1 is read", () => {
    const values = exampleOf("heartbeat");
    const frame = new MavLinkProtocolV1(7, 8).serialize(peerMessage(0, values), 5);
    expect(hear(frame)).toEqual([{ id: 0, from: [7, 8], values }]);
  });

  it("a later definition's extensions are passed over", () => {
    const layout = { ...layouts.commandAck };
    const grown = written("commandAck", exampleOf("commandAck"));
    expect(grown.length).toBeLessThanOrEqual(12 + layout.length);
    expect(hear(grown)).toHaveLength(1);
  });

  it("an incompatible feature nobody knows makes it no frame", () => {
    const bytes = written("heartbeat", exampleOf("heartbeat"));
    bytes[2] = 2;
    expect(hear(bytes)).toEqual([]);
  });

  it("messages that mean nothing here are recognised and counted", () => {
    // ATTITUDE, id 30, which any autopilot sends.
    const frame = peerFrame(30, {});
    const { heard, reader } = listen();
    reader.feed(frame, frame.length);
    expect([heard.length, reader.otherMessages, reader.checksumErrors]).toEqual([0, 1, 0]);
  });

  it("lost frames are counted by sender, over the end of the counter, and late ones are not", () => {
    const { reader } = listen();
    const send = (from: readonly [number, number], sequence: number): void => {
      const frame = peerFrame(0, {}, { from, sequence });
      reader.feed(frame, frame.length);
    };
    send([1, 1], 254);
    send([2, 1], 7);
    send([1, 1], 1);
    send([2, 1], 8);
    send([1, 1], 0);
    expect(reader.lostFrames).toBe(2);
  });

  it("a good frame behind a spoiled one is found, wherever that was spoiled", () => {
    const bad = written("gimbalManagerSetAttitude", exampleOf("gimbalManagerSetAttitude"));
    const good = written("heartbeat", exampleOf("heartbeat"));
    for (let at = 0; at < bad.length; at += 1) {
      for (const bit of [0x01, 0x80]) {
        const spoiled = Uint8Array.from(bad);
        spoiled[at]! ^= bit;
        const both = Uint8Array.from([...spoiled, ...good]);
        const { heard, reader } = listen();
        reader.feedDatagram(both, both.length);
        expect(
          heard.map(({ id }) => id),
          `byte ${at}`,
        ).toEqual([0]);
      }
    }
  });

  it("1,000,000 random bytes with frames in between: nothing throws, whole frames are found", () => {
    const byteCount = Number(process.env["MAVLINK_FUZZ_BYTES"] ?? 1_000_000);
    const { heard, reader } = listen();
    const good = written("heartbeat", exampleOf("heartbeat"));
    const gap = new Uint8Array(280);
    let seed = 1;
    const random = (): number => (seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0) >>> 24;
    let sent = 0;
    let found = 0;
    for (let total = 0; total < byteCount; total += 10_000) {
      for (let part = 0; part < 100; part += 1) {
        const noise = Uint8Array.from({ length: 100 }, () => {
          const byte = random();
          // Starts are as likely as anything else put together.
          return byte < 32 ? 0xfd : byte < 64 ? 0xfe : random();
        });
        reader.feed(noise, noise.length);
      }
      // A pretended frame that was begun in the noise claims at most so many bytes.
      reader.feed(gap, gap.length);
      heard.length = 0;
      reader.feed(good, good.length);
      reader.feed(gap, gap.length);
      sent += 1;
      found += heard.filter(({ id }) => id === 0).length;
    }
    expect(found).toBe(sent);
    expect(reader.resyncBytes).toBeGreaterThan(0.9 * byteCount);
  });
});

describe("MAVLink signing", () => {
  const heartbeat = exampleOf("heartbeat");
  const peer = new MavLinkProtocolV2(9, 1, 1);
  const theirs = (atMs: number, secret = key): Buffer =>
    peer.sign(peer.serialize(peerMessage(0, heartbeat), 0), 2, secret, atMs);
  const feed = (reader: FrameReader, bytes: Uint8Array): void => {
    reader.feed(bytes, bytes.length);
  };

  it("what node-mavlink signs is accepted once, and a stamp that does not rise is a replay", () => {
    const { heard, reader } = listen(signing());
    const first = theirs(wallMs);
    feed(reader, first);
    feed(reader, first);
    feed(reader, theirs(wallMs - 1));
    feed(reader, theirs(wallMs + 1));
    expect([heard.length, reader.replayedFrames]).toEqual([2, 2]);
  });

  it("node-mavlink accepts what we sign, and our stamps rise strictly", async () => {
    const writer = new FrameWriter(us, signing());
    const frames = [1, 2, 3].map(() => written("heartbeat", heartbeat, writer));
    const packets = await peerPackets(Buffer.concat(frames));
    expect(packets.map(({ signature }) => signature?.matches(key))).toEqual([true, true, true]);
    const stamps = packets.map(({ signature }) => signature!.timestamp);
    expect(stamps).toEqual([stamps[0], stamps[0]! + 1, stamps[0]! + 2]);
    expect(packets[0]!.signature!.linkId).toBe(3);
  });

  it.each([
    ["another key", () => theirs(wallMs, MavLinkPacketSignature.key("other")), "badSignatures"],
    ["a stream that begins over a minute late", () => theirs(wallMs - 60_001), "replayedFrames"],
    ["no signature", () => peerFrame(0, heartbeat), "unsignedFrames"],
  ] as const)("%s is refused", (_, make, counter) => {
    const { heard, reader } = listen(signing());
    feed(reader, make());
    expect([heard.length, reader[counter]]).toEqual([0, 1]);
  });

  it("a stream that begins just under a minute late is accepted", () => {
    const { heard, reader } = listen(signing());
    feed(reader, theirs(wallMs - 59_999));
    expect(heard).toHaveLength(1);
  });

  it("unsigned frames are accepted where that was chosen", () => {
    const { heard, reader } = listen(signing({ acceptUnsigned: true }));
    feed(reader, peerFrame(0, heartbeat));
    expect(heard).toHaveLength(1);
  });

  it("a signed frame with one bit changed is refused, whichever bit", () => {
    const frame = theirs(wallMs);
    for (let bit = 0; bit < 8 * frame.length; bit += 1) {
      const spoiled = Uint8Array.from(frame);
      spoiled[bit >> 3]! ^= 1 << (bit & 7);
      const { heard, reader } = listen(signing());
      reader.feedDatagram(spoiled, spoiled.length);
      expect(heard, `bit ${bit}`).toEqual([]);
    }
  });
});

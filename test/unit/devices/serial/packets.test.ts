import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { DynamixelPackets } from "../../../../devices/drivers/dynamixel/dynamixel-packet.ts";
import { FeetechPackets } from "../../../../devices/drivers/feetech/feetech-packet.ts";
import { FrameScanner } from "../../../../devices/drivers/serial/frame-scanner.ts";
import type { ServoProtocol } from "../../../../devices/drivers/servo-bus/servo-protocol.ts";
import {
  simplebgcMounts,
  unitsOf,
} from "../../../../devices/drivers/simplebgc/simplebgc-mounts.ts";
import {
  SimplebgcPackets,
  commandOf,
  payloadSize,
  simplebgcFormat,
  simplebgcMaxFrameBytes,
  speedUnitRadPerS,
} from "../../../../devices/drivers/simplebgc/simplebgc-packet.ts";
import { loadProfile } from "../../../../devices/profiles/load-profile.ts";
import { dynamixelFastAnswer, dynamixelPacket } from "../../../fakes/servos/dynamixel-servos.ts";
import { simplebgcPacket } from "../../../fakes/servos/simplebgc-board.ts";

interface Said {
  readonly id: number;
  readonly error: number;
  readonly data: string;
}
interface Vector {
  readonly name: string;
  readonly hex: string;
  readonly encode?: readonly [string, ...unknown[]];
  readonly status?: Said;
  readonly fast?: readonly Said[];
}

const vectors = (file: string): readonly Vector[] =>
  JSON.parse(
    readFileSync(new URL(`../../../golden/serial/${file}.json`, import.meta.url), "utf8"),
  ) as Vector[];
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
const hex = (from: Uint8Array, length = from.length): string =>
  Buffer.from(from.subarray(0, length)).toString("hex");

const sbgcDevice = loadProfile(
  fileURLToPath(new URL("../../../../devices/profiles/sbgc-3axis.json", import.meta.url)),
);

/** Everything a codec makes of a stream. */
function listen(protocol: ServoProtocol, dataCount = 4): { scanner: FrameScanner; said: Said[] } {
  const said: Said[] = [];
  const scanner = new FrameScanner(
    protocol.format,
    protocol.maxFrameBytes,
    (from, start, length) => {
      protocol.eachReply(from, start, length, dataCount, (reply) => {
        const data = hex(reply.bytes.subarray(reply.start, reply.start + reply.length));
        said.push({ id: reply.id, error: reply.error, data });
      });
    },
  );
  return { scanner, said };
}

function encode(packets: DynamixelPackets | FeetechPackets, call: Vector["encode"]): string {
  const [name, ...args] = call!;
  const block = (address: unknown, count: unknown) => ({
    address: address as number,
    count: count as number,
  });
  const ids = (list: unknown) => Uint8Array.from(list as number[]);
  const length = ((): number => {
    switch (name) {
      case "ping":
      case "action":
        return packets[name](args[0] as number);
      case "read":
        return packets.read(args[0] as number, block(args[1], args[2]));
      case "write":
      case "regWrite":
        return packets[name](args[0] as number, args[1] as number, bytes(args[2] as string));
      case "syncRead":
        return packets.syncRead(block(args[0], args[1]), ids(args[2]));
      case "syncWrite":
        return packets.syncWrite(block(args[0], args[1]), ids(args[2]), bytes(args[3] as string));
    }
    if (!(packets instanceof DynamixelPackets)) throw new Error(name);
    switch (name) {
      case "reboot":
      case "clearTurns":
        return packets[name](args[0] as number);
      case "fastSyncRead":
        return packets.fastSyncRead(block(args[0], args[1]), ids(args[2]));
      case "bulkRead":
        return packets.bulkRead(
          ids(args[0]),
          (args[1] as number[][]).map(([address, count]) => block(address, count)),
        );
      case "bulkWrite":
        return packets.bulkWrite(
          ids(args[0]),
          args[1] as number[],
          (args[2] as string[]).map(bytes),
        );
      default:
        throw new Error(name);
    }
  })();
  return hex(packets.frame, length);
}

describe.each([
  ["dynamixel", () => new DynamixelPackets()],
  ["feetech", () => new FeetechPackets()],
] as const)("packets printed in the manual: %s", (file, make) => {
  it.each(vectors(file))("$name", (vector) => {
    if (vector.encode) expect(encode(make(), vector.encode)).toBe(vector.hex);
    const { scanner, said } = listen(make());
    scanner.feed(bytes(vector.hex), vector.hex.length / 2);
    expect([scanner.frames, scanner.checksumErrors, scanner.resyncBytes]).toEqual([1, 0, 0]);
    if (vector.status) expect(said).toEqual([vector.status]);
    if (vector.fast) expect(said).toEqual(vector.fast);
  });

  // Feetech's sum of one byte: a length that is one too high makes the next packet's FF the right sum,
  // for every packet. That packet is lost then; the one after it never is.
  it.each(vectors(file))(
    "$name: any flipped bit is noticed, and the next packet is found",
    (vector) => {
      const packet = bytes(vector.hex);
      const good = bytes(vectors(file).find(({ status }) => status)!.hex);
      for (let bit = 0; bit < 8 * packet.length; bit += 1) {
        const spoiled = packet.slice();
        spoiled[bit >> 3]! ^= 1 << (bit & 7);
        const { scanner, said } = listen(make());
        scanner.feed(spoiled, spoiled.length);
        for (let times = 0; times < 2; times += 1) scanner.feed(good, good.length);
        scanner.abandon();
        const status = vectors(file).find((one) => one.status)!.status;
        expect(said.at(-1), `bit ${bit}`).toEqual(status);
        if (file === "dynamixel") expect(scanner.frames, `bit ${bit}`).toBe(2);
      }
    },
  );

  it("a packet cut at any byte is one packet", () => {
    const vector = vectors(file).find(({ status }) => status)!;
    const packet = bytes(vector.hex);
    for (let cut = 0; cut <= packet.length; cut += 1) {
      const { scanner, said } = listen(make());
      scanner.feed(packet.subarray(0, cut), cut);
      scanner.feed(packet.subarray(cut), packet.length - cut);
      expect(said).toEqual([vector.status]);
    }
  });
});

describe("a fast sync read's answer", () => {
  const { hex: packet, fast } = vectors("dynamixel").find((vector) => vector.fast)!;

  it.each([1, 2, 3, 5, 8])(
    "to a question for 4 bytes, come late, is none to one for %i",
    (dataCount) => {
      const { scanner, said } = listen(new DynamixelPackets(), dataCount);
      scanner.feed(bytes(packet), packet.length / 2);
      expect([scanner.frames, said]).toEqual([1, []]);
    },
  );

  it("of five servos for 10 bytes is none to a question for one, though its length fits", () => {
    const body = [1, 2, 3, 4, 5].map((id) => [0, id, ...new Array<number>(10).fill(id)]);
    const late = dynamixelFastAnswer(body);
    const ofOne = listen(new DynamixelPackets(), 1);
    ofOne.scanner.feed(Uint8Array.from(late), late.length);
    expect([ofOne.scanner.frames, ofOne.said]).toEqual([1, []]);
    const ofTen = listen(new DynamixelPackets(), 10);
    ofTen.scanner.feed(Uint8Array.from(late), late.length);
    expect(ofTen.said.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5]);
  });

  it("is taken as printed", () => {
    const { scanner, said } = listen(new DynamixelPackets());
    scanner.feed(bytes(packet), packet.length / 2);
    expect(said).toEqual(fast);
  });
});

describe("stuffing", () => {
  it.each(["fffffd", "fffffdfffffd", "fffffffd", "fffffdfd", "00fffffd00", "fffdfffffd"])(
    "data %s comes back as it was, and as another codec writes it",
    (data) => {
      const packets = new DynamixelPackets();
      const body = [3, 100, 0, ...bytes(data)];
      const length = packets.write(1, 100, bytes(data));
      expect(hex(packets.frame, length)).toBe(hex(Uint8Array.from(dynamixelPacket(1, body))));
      const { scanner, said } = listen(new DynamixelPackets());
      const status = dynamixelPacket(1, [0x55, 0, ...bytes(data)]);
      scanner.feed(Uint8Array.from(status), status.length);
      expect(said).toEqual([{ id: 1, error: 0, data }]);
    },
  );
});

interface SimplebgcVectors {
  readonly payloads: readonly {
    readonly name: string;
    readonly command: number;
    readonly payload: string;
    readonly control: Readonly<Record<"modes" | "speeds" | "angles", readonly number[]>>;
  }[];
  readonly frames: readonly {
    readonly name: string;
    readonly hex: string;
    readonly command: number;
    readonly payload: string;
  }[];
}
const simplebgc = vectors("simplebgc") as unknown as SimplebgcVectors;

describe("SimpleBGC as others print it", () => {
  describe.each([1, 2] as const)("version %i", (version) => {
    it.each(simplebgc.payloads)("$name", ({ command, payload, control }) => {
      const packets = new SimplebgcPackets(version);
      const { modes, speeds, angles } = control;
      const length = packets.control(
        Uint8Array.from(modes),
        Float64Array.from(angles),
        Float64Array.from(speeds),
      );
      const expected = simplebgcPacket(version, command, [...bytes(payload)]);
      expect(hex(packets.frame.subarray(4, 19))).toBe(payload);
      expect(hex(packets.frame, length)).toBe(hex(Uint8Array.from(expected)));
    });
  });

  it.each(simplebgc.frames)("$name: found, and no more with any bit flipped", (vector) => {
    const frame = bytes(vector.hex);
    const found: string[] = [];
    const feed = (stream: Uint8Array): FrameScanner => {
      const scanner = new FrameScanner(simplebgcFormat, simplebgcMaxFrameBytes, (from, start) => {
        const size = payloadSize(from, start);
        found.push(`${commandOf(from, start)} ${hex(from.subarray(start + 4, start + 4 + size))}`);
      });
      scanner.feed(stream, stream.length);
      return scanner;
    };
    const scanner = feed(frame);
    expect([found, scanner.resyncBytes]).toEqual([[`${vector.command} ${vector.payload}`], 0]);
    for (let bit = 0; bit < 8 * frame.length; bit += 1) {
      const spoiled = frame.slice();
      spoiled[bit >> 3]! ^= 1 << (bit & 7);
      feed(spoiled);
    }
    expect(found).toHaveLength(1);
  });

  it("yaw is positive to the right and pitch is negative up, so yaw is turned round and pitch is not", () => {
    const [yaw, , pitch] = simplebgcMounts({ axes: {}, angles: "imu" }, sbgcDevice);
    const [right, up] = simplebgc.payloads;
    expect(unitsOf(yaw!, -Math.PI / 4)).toBeCloseTo(right!.control.angles[2]!, 9);
    expect(unitsOf(pitch!, -Math.PI / 2)).toBeCloseTo(up!.control.angles[1]!, 9);
    expect((5 * Math.PI) / 180 / speedUnitRadPerS).toBeCloseTo(up!.control.speeds[1]!, 0);
  });
});

describe("SimpleBGC", () => {
  const modes = Uint8Array.of(2, 2, 2);
  const angles = Float64Array.of(0, -2048, 40_000);
  const speeds = Float64Array.of(100, 200, -300);

  it("CMD_CONTROL has the header and sum of the specification, angles cut to 16 bits", () => {
    const packets = new SimplebgcPackets(1);
    expect(hex(packets.frame, packets.control(modes, angles, speeds))).toBe(
      "3e430f52" + "020202" + "64000000" + "c80000f8" + "d4feff7f" + "7a",
    );
  });

  it.each([
    [77, "3e4d004d00"],
    [73, "3e49004900"],
    [25, "3e19001900"],
  ])("command %i without payload", (id, expected) => {
    const packets = new SimplebgcPackets(1);
    expect(hex(packets.frame, packets.command(id))).toBe(expected);
  });

  it("version 2 has the CRC another codec computes bit by bit", () => {
    const packets = new SimplebgcPackets(2);
    const length = packets.control(modes, angles, speeds);
    const payload = [...packets.frame.subarray(4, 19)];
    expect(hex(packets.frame, length)).toBe(hex(Uint8Array.from(simplebgcPacket(2, 67, payload))));
  });

  it.each([1, 2] as const)(
    "version %i: flipped bits are noticed, the next packet is found",
    (version) => {
      const good = Uint8Array.from(simplebgcPacket(version, 73, [1, 2, 3, 4, 5, 6, 7, 8]));
      for (let bit = 0; bit < 8 * good.length; bit += 1) {
        const spoiled = good.slice();
        spoiled[bit >> 3]! ^= 1 << (bit & 7);
        let frames = 0;
        const scanner = new FrameScanner(simplebgcFormat, simplebgcMaxFrameBytes, (from, start) => {
          expect(hex(from.subarray(start, start + good.length))).toBe(hex(good));
          frames += 1;
        });
        scanner.feed(spoiled, spoiled.length);
        scanner.feed(good, good.length);
        scanner.abandon();
        expect(frames, `bit ${bit}`).toBe(1);
      }
    },
  );
});

import { describe, expect, it } from "vitest";
import { DynamixelPackets } from "../../../devices/drivers/dynamixel/dynamixel-packet.ts";
import { FeetechPackets } from "../../../devices/drivers/feetech/feetech-packet.ts";
import { FrameScanner, type FrameFormat } from "../../../devices/drivers/serial/frame-scanner.ts";
import {
  simplebgcFormat,
  simplebgcMaxFrameBytes,
} from "../../../devices/drivers/simplebgc/simplebgc-packet.ts";
import { dynamixelPacket } from "../../fakes/servos/dynamixel-servos.ts";
import { feetechPacket } from "../../fakes/servos/feetech-servos.ts";
import { simplebgcPacket } from "../../fakes/servos/simplebgc-board.ts";

const byteCount = Number(process.env["KAIROS_FUZZ_BYTES"] ?? 1_000_000);

interface Parser {
  readonly name: string;
  readonly format: FrameFormat;
  readonly maxFrameBytes: number;
  readonly packet: (data: readonly number[]) => number[];
  /** Bytes that begin frames come often, or noise would never get past the header. */
  readonly likely: readonly number[];
  /** Sums of one byte let one spoiled frame in 256 through, which may take a good one with it. */
  readonly lostRatio: number;
  /** Makes of a frame what the driver does. */
  readonly use: (bytes: Uint8Array, start: number, length: number) => void;
}

const dynamixel = new DynamixelPackets();
const feetech = new FeetechPackets();
const parsers: readonly Parser[] = [
  {
    name: "dynamixel",
    format: dynamixel.format,
    maxFrameBytes: dynamixel.maxFrameBytes,
    packet: (data) => dynamixelPacket(1, [0x55, 0, ...data]),
    likely: [0xff, 0xfd, 0x00, 0x55],
    lostRatio: 0,
    use: (bytes, start, length) => {
      dynamixel.eachReply(bytes, start, length, 4, () => undefined);
    },
  },
  {
    name: "feetech",
    format: feetech.format,
    maxFrameBytes: feetech.maxFrameBytes,
    packet: (data) => feetechPacket(1, [0, ...data]),
    likely: [0xff, 0x01, 0x02],
    lostRatio: 0.02,
    use: (bytes, start, length) => {
      feetech.eachReply(bytes, start, length, 4, () => undefined);
    },
  },
  {
    name: "simplebgc",
    format: simplebgcFormat,
    maxFrameBytes: simplebgcMaxFrameBytes,
    packet: (data) => simplebgcPacket(data.length % 2 === 0 ? 1 : 2, 73, data),
    likely: [0x3e, 0x24, 0x49],
    lostRatio: 0.02,
    use: () => undefined,
  },
];

function makeRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe.each(parsers)("the parser of $name", (parser) => {
  it(`takes ${byteCount} bytes of noise, cut anywhere, without a word`, () => {
    const random = makeRandom(7);
    const scanner = new FrameScanner(parser.format, parser.maxFrameBytes, parser.use);
    const chunk = new Uint8Array(512);
    for (let fed = 0; fed < byteCount;) {
      const length = 1 + random(512);
      for (let at = 0; at < length; at += 1) {
        chunk[at] = random(3) === 0 ? parser.likely[random(parser.likely.length)]! : random(256);
      }
      scanner.feed(chunk, length);
      fed += length;
    }
    scanner.abandon();
    expect(scanner.resyncBytes).toBeGreaterThan(byteCount / 2);
  });

  it("finds the good packets among spoiled ones", () => {
    let lostCount = 0;
    let goodCount = 0;
    for (let seed = 1; seed <= 200; seed += 1) {
      const random = makeRandom(seed);
      const found: string[] = [];
      const scanner = new FrameScanner(
        parser.format,
        parser.maxFrameBytes,
        (bytes, start, length) => {
          found.push([...bytes.subarray(start, start + length)].join());
        },
      );
      const good: string[] = [];
      const stream: number[] = [];
      for (let index = 0; index < 50; index += 1) {
        const packet = parser.packet(Array.from({ length: random(20) }, () => random(256)));
        const fate = random(4);
        if (fate === 0) stream.push(...packet.slice(0, random(packet.length)));
        else if (fate === 1)
          stream.push(...packet.map((byte) => byte ^ (random(3) === 0 ? 64 : 0)));
        else {
          stream.push(...packet);
          good.push(packet.join());
        }
      }
      for (let at = 0; at < stream.length;) {
        const length = 1 + random(40);
        const chunk = Uint8Array.from(stream.slice(at, at + length));
        scanner.feed(chunk, chunk.length);
        at += length;
      }
      scanner.abandon();
      goodCount += good.length;
      for (const packet of good) {
        const at = found.indexOf(packet);
        if (at < 0) lostCount += 1;
        else found.splice(at, 1);
      }
    }
    expect(lostCount / goodCount).toBeLessThanOrEqual(parser.lostRatio);
  });
});

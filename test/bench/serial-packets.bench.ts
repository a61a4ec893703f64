import { bench, describe } from "vitest";
import { DynamixelPackets } from "../../devices/drivers/dynamixel/dynamixel-packet.ts";
import { FeetechPackets } from "../../devices/drivers/feetech/feetech-packet.ts";
import { FrameScanner } from "../../devices/drivers/serial/frame-scanner.ts";
import { SimplebgcPackets } from "../../devices/drivers/simplebgc/simplebgc-packet.ts";
import { dynamixelPacket } from "../fakes/servos/dynamixel-servos.ts";
import { feetechPacket } from "../fakes/servos/feetech-servos.ts";
import {
  textbookDynamixelSyncWrite,
  textbookFeetechSyncWrite,
  textbookSimplebgcControl,
  TextbookDynamixel,
  TextbookFeetech,
} from "./textbook-codecs.ts";

// What a tick of six servos costs in packets. The reference is the codec of a textbook: Buffer.concat of all that
// was read, packets as arrays, an object per answer; the checksums are the same.

const sixIds = [1, 2, 3, 4, 5, 6];
const ids = Uint8Array.from(sixIds);
const goals = new Uint8Array(36).fill(7);
/** As an adapter hands them over: 32 bytes at a time. */
const readBytes = 32;

const cut = (stream: Uint8Array): Uint8Array[] => {
  const count = Math.ceil(stream.length / readBytes);
  return Array.from({ length: count }, (_, index) =>
    stream.slice(index * readBytes, (index + 1) * readBytes),
  );
};
const scannerOf = (protocol: DynamixelPackets | FeetechPackets, count: number): FrameScanner => {
  const ignore = (): void => undefined;
  return new FrameScanner(protocol.format, protocol.maxFrameBytes, (bytes, start, length) => {
    protocol.eachReply(bytes, start, length, count, ignore);
  });
};

describe("dynamixel: goals of six servos in a sync write", () => {
  const packets = new DynamixelPackets();
  const block = { address: 116, count: 4 };
  const data = sixIds.map(() => [7, 7, 7, 7]);
  bench("ours", () => {
    packets.syncWrite(block, ids, goals);
  });
  bench("reference: a textbook's encoder", () => {
    textbookDynamixelSyncWrite(116, sixIds, data);
  });
});

describe("dynamixel: six answers of 10 bytes, in reads of 32 bytes", () => {
  const stream = sixIds.flatMap((id) => [
    ...dynamixelPacket(id, [0x55, 0, ...new Array<number>(10).fill(id)]),
  ]);
  const reads = cut(Uint8Array.from(stream));
  const scanner = scannerOf(new DynamixelPackets(), 10);
  const textbook = new TextbookDynamixel();
  bench("ours", () => {
    for (const read of reads) scanner.feed(read, read.length);
  });
  bench("reference: a textbook's parser", () => {
    for (const read of reads) textbook.feed(read);
  });
});

describe("feetech: goals of six servos in a sync write", () => {
  const packets = new FeetechPackets();
  const block = { address: 42, count: 6 };
  const data = sixIds.map(() => [7, 7, 7, 7, 7, 7]);
  bench("ours", () => {
    packets.syncWrite(block, ids, goals);
  });
  bench("reference: a textbook's encoder", () => {
    textbookFeetechSyncWrite(42, sixIds, data);
  });
});

describe("feetech: six answers of 8 bytes, in reads of 32 bytes", () => {
  const stream = sixIds.flatMap((id) => [
    ...feetechPacket(id, [0, ...new Array<number>(8).fill(id)]),
  ]);
  const reads = cut(Uint8Array.from(stream));
  const scanner = scannerOf(new FeetechPackets(), 8);
  const textbook = new TextbookFeetech();
  bench("ours", () => {
    for (const read of reads) scanner.feed(read, read.length);
  });
  bench("reference: a textbook's parser", () => {
    for (const read of reads) textbook.feed(read);
  });
});

describe("simplebgc: CMD_CONTROL, version 1", () => {
  const packets = new SimplebgcPackets(1);
  const modes = Uint8Array.of(2, 2, 2);
  const angles = Float64Array.of(100, -200, 300);
  const speeds = Float64Array.of(700, 700, 700);
  const [modeList, angleList, speedList] = [[...modes], [...angles], [...speeds]];
  bench("ours", () => {
    packets.control(modes, angles, speeds);
  });
  bench("reference: a textbook's encoder", () => {
    textbookSimplebgcControl(modeList, angleList, speedList);
  });
});

import { bench, describe } from "vitest";
import { DynamixelPackets } from "../../devices/drivers/dynamixel/dynamixel-packet.ts";
import { FeetechPackets } from "../../devices/drivers/feetech/feetech-packet.ts";
import { FrameScanner } from "../../devices/drivers/serial/frame-scanner.ts";
import { SimplebgcPackets } from "../../devices/drivers/simplebgc/simplebgc-packet.ts";
import { dynamixelPacket } from "../fakes/servos/dynamixel-servos.ts";
import { feetechPacket } from "../fakes/servos/feetech-servos.ts";

// What a tick of six servos costs in packets; the reference is copying as many bytes one by one.

const ids = Uint8Array.of(1, 2, 3, 4, 5, 6);
const dynamixel = new DynamixelPackets();
const feetech = new FeetechPackets();
const simplebgc = new SimplebgcPackets(2);
const goals = new Uint8Array(36).fill(7);
const dynamixelAnswers = Uint8Array.from(
  [...ids].flatMap((id) => dynamixelPacket(id, [0x55, 0, ...new Array<number>(10).fill(id)])),
);
const feetechAnswers = Uint8Array.from(
  [...ids].flatMap((id) => feetechPacket(id, [0, ...new Array<number>(8).fill(id)])),
);
const scannerOf = (protocol: DynamixelPackets | FeetechPackets, count: number): FrameScanner => {
  const ignore = (): void => undefined;
  return new FrameScanner(protocol.format, protocol.maxFrameBytes, (bytes, start, length) => {
    protocol.eachReply(bytes, start, length, count, ignore);
  });
};
const dynamixelScanner = scannerOf(dynamixel, 10);
const feetechScanner = scannerOf(feetech, 8);
const copy = new Uint8Array(126);

describe("six servos", () => {
  bench("reference: 126 bytes copied one by one", () => {
    for (let at = 0; at < 126; at += 1) copy[at] = dynamixelAnswers[at] ?? 0;
  });
  bench("dynamixel: sync write of goals", () => {
    dynamixel.syncWrite({ address: 116, count: 4 }, ids, goals);
  });
  bench("dynamixel: six answers of 10 bytes found and read", () => {
    dynamixelScanner.feed(dynamixelAnswers, dynamixelAnswers.length);
  });
  bench("feetech: sync write of goals", () => {
    feetech.syncWrite({ address: 42, count: 6 }, ids, goals);
  });
  bench("feetech: six answers of 8 bytes found and read", () => {
    feetechScanner.feed(feetechAnswers, feetechAnswers.length);
  });
});

const modes = Uint8Array.of(2, 2, 2);
const three = new Float64Array(3);
describe("SimpleBGC", () => {
  bench("CMD_CONTROL, protocol 2", () => {
    simplebgc.control(modes, three, three);
  });
});

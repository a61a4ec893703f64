import { expect, it } from "vitest";
import { DynamixelPackets } from "../../../../devices/drivers/dynamixel/dynamixel-packet.ts";
import { FeetechPackets } from "../../../../devices/drivers/feetech/feetech-packet.ts";
import { SimplebgcPackets } from "../../../../devices/drivers/simplebgc/simplebgc-packet.ts";
import {
  textbookDynamixelSyncWrite,
  textbookFeetechSyncWrite,
  textbookSimplebgcControl,
  TextbookDynamixel,
  TextbookFeetech,
} from "../../../bench/textbook-codecs.ts";
import { dynamixelPacket } from "../../../fakes/servos/dynamixel-servos.ts";
import { feetechPacket } from "../../../fakes/servos/feetech-servos.ts";

const hex = (bytes: Uint8Array, length = bytes.length): string =>
  Buffer.from(bytes.subarray(0, length)).toString("hex");

it("the reference of the bench encodes the same bytes", () => {
  const ids = Uint8Array.of(1, 2);
  const four = [
    [1, 2, 3, 4],
    [5, 6, 7, 8],
  ];
  const data = Uint8Array.from(four.flat());
  const dynamixel = new DynamixelPackets();
  const feetech = new FeetechPackets();
  const dynamixelLength = dynamixel.syncWrite({ address: 116, count: 4 }, ids, data);
  const feetechLength = feetech.syncWrite({ address: 42, count: 4 }, ids, data);
  const simplebgc = new SimplebgcPackets(1);
  const three = Float64Array.of(1, -2, 3);
  const controlLength = simplebgc.control(Uint8Array.of(2, 2, 2), three, three);
  expect(hex(textbookDynamixelSyncWrite(116, [1, 2], four))).toBe(
    hex(dynamixel.frame, dynamixelLength),
  );
  expect(hex(textbookFeetechSyncWrite(42, [1, 2], four))).toBe(hex(feetech.frame, feetechLength));
  expect(hex(textbookSimplebgcControl([2, 2, 2], [1, -2, 3], [1, -2, 3]))).toBe(
    hex(simplebgc.frame, controlLength),
  );
});

it("the reference of the bench finds the same answers, however they are cut", () => {
  const dynamixel = dynamixelPacket(1, [0x55, 0, 0xff, 0xff, 0xfd, 9]);
  const feetech = feetechPacket(1, [0, 5, 6]);
  for (const at of [1, 4, 8]) {
    const one = new TextbookDynamixel();
    const found = [dynamixel.slice(0, at), dynamixel.slice(at)].flatMap((part) =>
      one.feed(Uint8Array.from(part)),
    );
    expect(found.map(({ id, data }) => [id, hex(data)])).toEqual([[1, "fffffd09"]]);
    const other = new TextbookFeetech();
    const also = [feetech.slice(0, at), feetech.slice(at)].flatMap((part) =>
      other.feed(Uint8Array.from(part)),
    );
    expect(also.map(({ id, data }) => [id, hex(data)])).toEqual([[1, "0506"]]);
  }
});

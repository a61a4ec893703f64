import { describe, expect, it } from "vitest";
import {
  Boolean as BooleanMsg,
  Double,
  Header,
  secondsOf,
  StringMsg,
  Time,
  timeOf,
} from "../../../sims/gazebo/messages/basic.ts";
import { JointTrajectory, Model } from "../../../sims/gazebo/messages/joints.ts";
import { Imu, ImuBeforeCovariance } from "../../../sims/gazebo/messages/sensors.ts";
import { WorldControl } from "../../../sims/gazebo/messages/world.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const bytes = (text: string): Uint8Array => Buffer.from(text.replaceAll(" ", ""), "hex");

// Vectors made with protoc 3.21 from the .proto files of ignition-msgs 8.
describe("messages on the wire", () => {
  it.each([
    ["a double", Double, { data: 0.8 }, "11 9a9999999999e93f"],
    ["a zero, which is left out", Double, { data: 0 }, ""],
    ["a text", StringMsg, { data: "hi" }, "12 02 6869"],
    ["a bool", BooleanMsg, { data: true }, "10 01"],
    [
      "a negative time",
      Time,
      { sec: -1, nsec: -2 },
      "08 ffffffffffffffffff01 10 feffffffffffffffff01",
    ],
    [
      "a header",
      Header,
      { stamp: { sec: 5 }, data: [{ key: "k", value: ["a", "b"] }] },
      "0a 02 08 05 12 09 0a 01 6b 12 01 61 12 01 62",
    ],
    ["a step", WorldControl, { pause: true, multiStep: 300 }, "10 01 20 ac02"],
    [
      "a reset, with the seed after it",
      WorldControl,
      { reset: { all: true }, seed: 7 },
      "2a 02 10 01 30 07",
    ],
    [
      "a trajectory, packed",
      JointTrajectory,
      { jointNames: ["a"], points: [{ positions: [1, 2] }] },
      "12 01 61 1a 12 0a 10 000000000000f03f 0000000000000040",
    ],
  ] as const)("%s", (_, codec, draft, wire) => {
    const encode = codec.encode as (value: unknown) => Uint8Array;
    expect(hex(encode(draft))).toBe(wire.replaceAll(" ", ""));
    expect(codec.decode(bytes(wire))).toMatchObject(draft);
  });

  it("skips fields it does not know, of every wire type", () => {
    const unknown = "78 05" + "81 01 0102030405060708" + "8a 01 02 aabb" + "95 01 01020304";
    expect(Double.decode(bytes(`${unknown} 11 000000000000f03f ${unknown}`))).toMatchObject({
      data: 1,
    });
  });

  it("skips a known field that comes with another wire type", () => {
    expect(Double.decode(bytes("10 05"))).toMatchObject({ data: 0 });
  });

  it("reads repeated numbers unpacked as well", () => {
    const unpacked = "1a 12 09 000000000000f03f 09 0000000000000040";
    expect(JointTrajectory.decode(bytes(unpacked))?.points[0]?.positions).toEqual([1, 2]);
  });

  it("gives defaults for what was not sent", () => {
    expect(Model.decode(new Uint8Array(0))).toEqual({
      header: undefined,
      name: "",
      id: 0,
      isStatic: false,
      pose: undefined,
      joint: [],
    });
  });

  it.each([
    ["an unfinished tag", "80"],
    ["a varint of eleven bytes", "10 ffffffffffffffffffff01"],
    ["a double cut short", "11 000000"],
    ["a text longer than the message", "0a 7f 00"],
    ["field number 0", "00 01"],
    ["a group", "13 14"],
    ["a nested message longer than its parent", "0a 02 0a 09 11 000000000000f03f"],
  ])("refuses %s", (_, wire) => {
    expect(Double.decode(bytes(wire))).toBeUndefined();
  });

  it("refuses a list longer than any robot has", () => {
    const positions = new Uint8Array(65_537 * 9).map((_, i) => (i % 9 === 0 ? 0x09 : 0));
    const point = Buffer.concat([bytes("1a"), varint(positions.length), positions]);
    expect(JointTrajectory.decode(point)).toBeUndefined();
  });

  it("has another IMU from gz-msgs 10 on: the same bytes mean something else", () => {
    const angularVelocity = { x: 1, y: 2, z: 3 };
    const old = ImuBeforeCovariance.encode({ angularVelocity });
    expect(ImuBeforeCovariance.decode(old)).toMatchObject({ angularVelocity });
    expect(Imu.decode(old)?.angularVelocity).toBeUndefined();
    expect(Imu.decode(Imu.encode({ angularVelocity }))).toMatchObject({ angularVelocity });
  });

  it.each([0, 0.001, 12.345678901, 1e9 + 0.5, 0.9999999999])("keeps %d s in a Time", (seconds) => {
    const time = timeOf(seconds);
    expect(secondsOf({ ...time })).toBeCloseTo(seconds, 6);
    expect(time.nsec).toBeLessThan(1e9);
  });
});

function varint(value: number): Buffer {
  const out: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...out, rest]);
    out.push((rest & 0x7f) | 0x80);
  }
}

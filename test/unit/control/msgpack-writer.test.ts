import { decode } from "@msgpack/msgpack";
import { describe, expect, it } from "vitest";
import { decodeMessage } from "../../../bridge/client/ndarray.ts";
import { MsgpackWriter } from "../../../bridge/control/msgpack-writer.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("the msgpack writer", () => {
  // Bytes read off the format table of github.com/msgpack/msgpack spec.md.
  it.each<{ value: unknown; bytes: string }>([
    { value: null, bytes: "c0" },
    { value: undefined, bytes: "c0" },
    { value: false, bytes: "c2" },
    { value: true, bytes: "c3" },
    { value: 0, bytes: "00" },
    { value: 127, bytes: "7f" },
    { value: 128, bytes: "d200000080" },
    { value: -1, bytes: "d2ffffffff" },
    { value: 1.5, bytes: "cb3ff8000000000000" },
    { value: "", bytes: "a0" },
    { value: "yaw", bytes: "a3796177" },
    { value: "x".repeat(32), bytes: `da0020${"78".repeat(32)}` },
    { value: [], bytes: "90" },
    { value: { a: 1 }, bytes: "81a16101" },
    { value: { a: 1, b: undefined }, bytes: "81a16101" },
    { value: new Uint8Array([1, 2]), bytes: "c6000000020102" },
  ])("writes $value as $bytes", ({ value, bytes }) => {
    expect(hex(new MsgpackWriter().encode(value))).toBe(bytes);
  });

  it("writes arrays with byte-string keys, as openpi's msgpack_numpy packs them", () => {
    const array = { data: new Float32Array([1, 2]), shape: [2, 1] };
    const key = (name: string): string =>
      `c4${name.length.toString(16).padStart(2, "0")}${Buffer.from(name).toString("hex")}`;
    const expected = [
      "84",
      `${key("__ndarray__")}c3`,
      `${key("data")}c6000000080000803f00000040`,
      `${key("dtype")}a3${Buffer.from("<f4").toString("hex")}`,
      `${key("shape")}920201`,
    ].join("");
    expect(hex(new MsgpackWriter().encode(array))).toBe(expected);
  });

  it.each([2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 2 ** 53 - 1, 1e300, Number.NaN])(
    "is read back by another decoder: %d",
    (value) => {
      expect(decode(new MsgpackWriter().encode(value))).toBe(value);
    },
  );

  it("is read back across every length boundary", () => {
    for (const length of [15, 16, 31, 32, 255, 256, 65_535, 65_536]) {
      const value = {
        text: "é".repeat(length),
        list: Array.from({ length }, (_, i) => i % 100),
        bytes: new Uint8Array(length).fill(7),
      };
      expect(decode(new MsgpackWriter().encode(value))).toEqual(value);
    }
  });

  it("hands out bytes of the caller's own", () => {
    const writer = new MsgpackWriter();
    const first = writer.encode([1, 2, 3]);
    writer.encode([9, 9, 9]);
    expect(hex(first)).toBe("93010203");
  });

  it.each([() => 1, Symbol("x"), 5n])("refuses what has no place in a message", (value) => {
    expect(() => new MsgpackWriter().encode(value)).toThrow(TypeError);
  });
});

describe("arrays on the client", () => {
  it.each([
    new Float32Array([1.5, -2, 3, 4]),
    new Float64Array([1e-9, 2]),
    new Uint8Array([0, 255]),
  ])("come back with type and shape", (data) => {
    const shape = [data.length, 1];
    const bytes = new MsgpackWriter().encode({ topic: "x", data: { data, shape } });
    expect(decodeMessage(bytes)).toEqual({ topic: "x", data: { data, shape } });
  });

  it("leave a picture's bytes alone", () => {
    const jpeg = new Uint8Array([0xff, 0xd8, 0xff]);
    expect(decodeMessage(new MsgpackWriter().encode({ jpeg }))).toEqual({ jpeg });
  });

  it("refuse a type they do not know", () => {
    const bytes = new MsgpackWriter().encode({ data: new Float32Array(1), shape: [1] });
    const at = Buffer.from(bytes).indexOf("<f4");
    bytes.set(Buffer.from("<i4"), at);
    expect(() => decodeMessage(bytes)).toThrow("<i4");
  });
});

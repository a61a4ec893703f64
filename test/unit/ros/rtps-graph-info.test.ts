import { describe, expect, it } from "vitest";
import { encodeGraphInfo } from "../../../ros/rtps/rosgraph/graph-info.ts";

const prefix = "\x01\xf7\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b";
const gid = "01f702030405060708090a0b";
const node = {
  namespace: "/",
  name: "ab",
  readers: [],
  writers: [{ prefix, entityId: 0x203 }],
};

describe("encodeGraphInfo", () => {
  it.each([
    { gidBytes: 16 as const, fill: "" },
    { gidBytes: 24 as const, fill: "0000000000000000" },
  ])("writes one node with GIDs of $gidBytes octets", ({ gidBytes, fill }) => {
    const bytes = encodeGraphInfo({ prefix, entityId: 0x1c1 }, node, gidBytes);
    expect(Buffer.from(bytes).toString("hex")).toBe(
      [
        "00010000",
        `${gid}000001c1${fill}`,
        "01000000",
        "02000000 2f00 0000",
        "03000000 616200 00",
        "00000000",
        `01000000 ${gid}00000203${fill}`,
      ]
        .join("")
        .replaceAll(" ", ""),
    );
  });
});

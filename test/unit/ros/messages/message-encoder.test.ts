import { describe, expect, it } from "vitest";
import { structureReader, structureWriter } from "../../../../ros/messages/codec.ts";

const hex = (cdr: Uint8Array): string => Buffer.from(cdr).toString("hex");
const text = (data: string): Uint8Array => structureWriter("std_msgs/msg/String")({ data });

describe("the encoder", () => {
  it.each(["Gelenk für Schwenkung", "関節", "🤖 axis", "°", "", "é\u0301\u0000x"])(
    "counts the octets of %j, so that it survives",
    (data) => {
      const cdr = text(data);
      const octets = Buffer.from(data, "utf8");
      expect(Buffer.from(cdr).readUInt32LE(4)).toBe(octets.length + 1);
      expect(cdr).toHaveLength(8 + octets.length + 1);
      expect(structureReader("std_msgs/msg/String")(cdr)).toEqual({ data });
    },
  );

  it("aligns what follows a text of any length to its own size", () => {
    for (let length = 0; length < 9; length += 1) {
      const message = { name: "ü".repeat(length), position: 1.5, velocity: -2, acceleration: 3 };
      const name = "control_msgs/msg/JointTolerance";
      expect(structureReader(name)(structureWriter(name)(message))).toEqual(message);
    }
  });

  it("writes 64-bit numbers of both kinds, and whole numbers for them", () => {
    const write = structureWriter("example_interfaces/srv/AddTwoInts_Request");
    expect(hex(write({ a: -1n, b: 2 }))).toBe("00010000" + "ffffffffffffffff" + "0200000000000000");
    const big = { a: 2n ** 63n - 1n, b: -(2n ** 63n) };
    expect(structureReader("example_interfaces/srv/AddTwoInts_Request")(write(big))).toEqual(big);
  });

  it("writes the same from arrays and typed arrays", () => {
    const write = structureWriter("std_msgs/msg/Float64MultiArray");
    const layout = { dim: [], data_offset: 0 };
    const numbers = [0.1, -0, Number.NaN, 1e300];
    expect(hex(write({ layout, data: numbers }))).toBe(
      hex(write({ layout, data: Float64Array.from(numbers) })),
    );
    expect(hex(write({ layout, data: Float32Array.of(1, 2) }))).toBe(
      hex(write({ layout, data: [1, 2] })),
    );
  });

  it("writes one octet for a structure without members", () => {
    expect(hex(structureWriter("std_srvs/srv/Trigger_Request")({}))).toBe("0001000000");
    expect(
      structureReader("std_srvs/srv/Trigger_Request")(Buffer.from("0001000000", "hex")),
    ).toEqual({});
  });

  it.each([
    ["std_msgs/msg/String", {}, ".data is undefined, expected a text"],
    ["std_msgs/msg/String", { data: 5 }, ".data is 5, expected a text"],
    ["std_msgs/msg/String", null, " is null, expected a std_msgs/msg/String"],
    ["std_msgs/msg/Bool", { data: 1 }, ".data is 1, expected true or false"],
    ["std_msgs/msg/Float64", { data: "1" }, ".data is 1, expected a number"],
    [
      "example_interfaces/srv/AddTwoInts_Request",
      { a: 0.5, b: 1n },
      ".a is 0.5, expected a bigint or whole number",
    ],
    [
      "geometry_msgs/msg/PoseWithCovariance",
      {
        pose: { position: { x: 0, y: 0, z: 0 }, orientation: { x: 0, y: 0, z: 0, w: 1 } },
        covariance: new Float64Array(35),
      },
      ".covariance is 35, expected 36 values",
    ],
    [
      "diagnostic_msgs/msg/DiagnosticStatus",
      { level: 0, name: "", message: "", hardware_id: "", values: [{ key: "a", value: 1 }] },
      ".values[0].value is 1, expected a text",
    ],
    [
      "unique_identifier_msgs/msg/UUID",
      { uuid: "0123456789abcdef" },
      ".uuid is 0123456789abcdef, expected an array",
    ],
    [
      "type_description_interfaces/msg/FieldType",
      { type_id: 0, capacity: 0, string_capacity: 0, nested_type_name: "é".repeat(128) },
      `.nested_type_name is ${"é".repeat(40)}, expected at most 255 octets of text`,
    ],
  ])("names the field of %s that does not fit", (name, message, problem) => {
    expect(() => structureWriter(name)(message)).toThrow(
      expect.objectContaining({
        code: "ros/type",
        message: expect.stringContaining(name + problem) as string,
      }),
    );
  });
});

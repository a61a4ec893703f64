import { describe, expect, it } from "vitest";
import { messageReader, messageWriter } from "../../../../ros/messages/codec.ts";
import type { RosTypeName } from "../../../../ros/messages/message-types.ts";

const header = { stamp: { sec: 1_700_000_000, nanosec: 999_999_999 }, frame_id: "mount_base" };

describe("the CDR codec", () => {
  it("writes a header as its bytes are defined: encapsulation, stamp, length-prefixed text", () => {
    const cdr = messageWriter("std_msgs/msg/Header")({
      stamp: { sec: -2, nanosec: 258 },
      frame_id: "ab",
    });
    expect(Buffer.from(cdr).toString("hex")).toBe(
      "00010000" + "feffffff" + "02010000" + "03000000" + "616200",
    );
  });

  it("brings every field of every type back", () => {
    const jointState = {
      header,
      name: ["deploy", "yaw"],
      position: Float64Array.of(2.1, -0.5),
      velocity: Float64Array.of(0, 1e-9),
      effort: Float64Array.of(Number.NaN, Number.NEGATIVE_INFINITY),
    };
    expect(roundTrip("sensor_msgs/msg/JointState", jointState)).toEqual(jointState);

    const image = { header, format: "jpeg", data: Uint8Array.of(0xff, 0xd8, 0xff, 0xd9) };
    expect(roundTrip("sensor_msgs/msg/CompressedImage", image)).toEqual(image);

    const point = {
      positions: Float64Array.of(1, 2),
      velocities: Float64Array.of(3, 4),
      accelerations: new Float64Array(0),
      effort: new Float64Array(0),
      time_from_start: { sec: 1, nanosec: 40_000_000 },
    };
    const trajectory = { header, joint_names: ["deploy", "yaw"], points: [point, point] };
    expect(roundTrip("trajectory_msgs/msg/JointTrajectory", trajectory)).toEqual(trajectory);

    const status = {
      level: 2,
      name: "model",
      message: "late",
      hardware_id: "mount0",
      values: [{ key: "ageMs", value: "512" }],
    };
    const diagnostics = { header, status: [status] };
    expect(roundTrip("diagnostic_msgs/msg/DiagnosticArray", diagnostics)).toEqual(diagnostics);
  });

  it("makes one writer and one reader per type", () => {
    expect(messageWriter("std_msgs/msg/Header")).toBe(messageWriter("std_msgs/msg/Header"));
    expect(messageReader("std_msgs/msg/Header")).toBe(messageReader("std_msgs/msg/Header"));
  });

  it.each(["sensor_msgs/msg/NoSuchThing", "toString", "kairos_msgs/msg/Prediction", ""])(
    "refuses the unknown type %j with ros/type",
    (name) => {
      expect(() => messageWriter(name as RosTypeName)).toThrow(
        expect.objectContaining({ code: "ros/type" }),
      );
      expect(() => messageReader(name as RosTypeName)).toThrow(
        expect.objectContaining({ code: "ros/type" }),
      );
    },
  );

  it("refuses every cut of a message with ros/type, and takes the whole", () => {
    const image = { header, format: "jpeg", data: Uint8Array.of(1, 2, 3) };
    const cdr = messageWriter("sensor_msgs/msg/CompressedImage")(image);
    const read = messageReader("sensor_msgs/msg/CompressedImage");
    for (let length = 0; length < cdr.length; length += 1) {
      expect(() => read(cdr.slice(0, length)), `${length} of ${cdr.length} bytes`).toThrow(
        expect.objectContaining({ code: "ros/type" }),
      );
    }
    expect(read(cdr)).toEqual(image);
  });
});

function roundTrip<Name extends RosTypeName>(
  name: Name,
  message: Parameters<ReturnType<typeof messageWriter<Name>>>[0],
): unknown {
  return messageReader(name)(messageWriter(name)(message));
}

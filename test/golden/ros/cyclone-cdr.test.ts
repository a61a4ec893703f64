import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { messageReader, messageWriter } from "../../../ros/messages/codec.ts";
import type { Header, RosTime, RosTypeName } from "../../../ros/messages/message-types.ts";
import { buildCyclonePeer } from "../../peers/build.ts";
import { describePeer } from "../../peers/describe-peer.ts";
import { dumpCyclone, parseVectors, type CdrVector } from "./cyclone-dump.ts";

const stored = parseVectors(await readFile("test/golden/ros/cyclone-cdr.jsonl", "utf8"));
const cyclone = await buildCyclonePeer();

describe("golden CDR", () => {
  it.each(stored.map((vector, index) => ({ index, kind: vector.message.kind, vector })))(
    "vector $index ($kind): our bytes are Cyclone's, and Cyclone's bytes read as the message",
    ({ vector }) => {
      const { type, message } = fromJson(vector.message);
      const theirs = unpadded(vector.cdr);
      expect(Buffer.from(messageWriter(type)(message)).toString("hex")).toBe(theirs);
      expect(messageReader(type)(Buffer.from(vector.cdr, "hex"))).toEqual(message);
    },
  );

  it("covers each kind at nine lengths of the text before its numbers", () => {
    const kinds = stored.map((vector) => vector.message.kind);
    for (const kind of ["joint", "trajectory", "compressed"]) {
      expect(kinds.filter((each) => each === kind)).toHaveLength(9);
    }
  });
});

describePeer("the installed Cyclone DDS", cyclone, ({ cdrDump }) => {
  it("still makes the stored bytes", async () => {
    await expect(await dumpCyclone(cdrDump)).toMatchFileSnapshot("cyclone-cdr.jsonl");
  });
});

/**
 * Cyclone pads a payload to a multiple of 4 bytes and says by how much in the last two bits of the
 * encapsulation options (XTypes 1.3, 7.6.3.1.2). Padding a DATA submessage is the transport's matter.
 */
function unpadded(hex: string): string {
  const bytes = Buffer.from(hex, "hex");
  const paddingBytes = (bytes[3] ?? 0) & 3;
  bytes[3] = 0;
  return bytes.subarray(0, bytes.length - paddingBytes).toString("hex");
}

interface PointJson {
  readonly time_from_start: RosTime;
  readonly positions: readonly number[];
  readonly velocities: readonly number[];
  readonly accelerations: readonly number[];
  readonly effort: readonly number[];
}

interface MessageJson {
  readonly header: Header;
  readonly name: readonly string[];
  readonly position: readonly number[];
  readonly velocity: readonly number[];
  readonly effort: readonly number[];
  readonly joint_names: readonly string[];
  readonly points: readonly PointJson[];
  readonly format: string;
  readonly data: { readonly start: string };
}

/** The message the dump describes, with the array kinds the encoder takes. */
function fromJson(json: CdrVector["message"]): {
  readonly type: RosTypeName;
  readonly message: never;
} {
  const { header, ...rest } = json as unknown as MessageJson;
  switch (json.kind) {
    case "joint":
      return {
        type: "sensor_msgs/msg/JointState",
        message: {
          header,
          name: rest.name,
          position: Float64Array.from(rest.position),
          velocity: Float64Array.from(rest.velocity),
          effort: Float64Array.from(rest.effort),
        } as never,
      };
    case "trajectory":
      return {
        type: "trajectory_msgs/msg/JointTrajectory",
        message: {
          header,
          joint_names: rest.joint_names,
          points: rest.points.map((point) => ({
            positions: Float64Array.from(point.positions),
            velocities: Float64Array.from(point.velocities),
            accelerations: Float64Array.from(point.accelerations),
            effort: Float64Array.from(point.effort),
            time_from_start: point.time_from_start,
          })),
        } as never,
      };
    case "compressed":
      // At most 8 bytes, so `start` is all of them.
      return {
        type: "sensor_msgs/msg/CompressedImage",
        message: {
          header,
          format: rest.format,
          data: Uint8Array.from(Buffer.from(rest.data.start, "hex")),
        } as never,
      };
    default:
      throw new Error(`unknown kind ${json.kind}`);
  }
}

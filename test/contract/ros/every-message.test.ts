import { describe, expect, it } from "vitest";
import { messageReader, messageWriter } from "../../../ros/messages/codec.ts";
import type { RosTypeName } from "../../../ros/messages/message-types.ts";
import type { RosNodeTransport } from "../../../bridge/contract/ros-services.ts";
import type { MessageField } from "../../../ros/messages/definition-parser.ts";
import { messageType } from "../../../ros/messages/type-table.ts";
import { openTestRclnodejs, openTestRtps, testDomain } from "../../fakes/open-ros-transports.ts";
import { until } from "./ros-transport-contract.ts";

/** Every type the bridge publishes or takes: the compiler sees to it that none is missing. */
const everyType: Readonly<Record<RosTypeName, true>> = {
  "std_msgs/msg/Header": true,
  "std_msgs/msg/String": true,
  "std_msgs/msg/Float64MultiArray": true,
  "kairos_msgs/msg/WorldModelPrediction": true,
  "sensor_msgs/msg/JointState": true,
  "sensor_msgs/msg/CompressedImage": true,
  "sensor_msgs/msg/Image": true,
  "sensor_msgs/msg/CameraInfo": true,
  "trajectory_msgs/msg/JointTrajectory": true,
  "diagnostic_msgs/msg/DiagnosticArray": true,
  "rosgraph_msgs/msg/Clock": true,
  "tf2_msgs/msg/TFMessage": true,
  "geometry_msgs/msg/PoseWithCovarianceStamped": true,
  "rcl_interfaces/msg/Log": true,
  "rcl_interfaces/msg/ParameterEvent": true,
  "lifecycle_msgs/msg/TransitionEvent": true,
};
const types = Object.keys(everyType) as RosTypeName[];

/** A message with something in every field: numbers that differ, texts, two of every sequence. */
function sample(type: string): Record<string, unknown> {
  const { fields } = messageType(type);
  return Object.fromEntries(
    fields.map((field, index) => [field.name, fieldSample(field, index + 1)]),
  );
}

const arrays: Readonly<Record<string, (values: number[]) => ArrayLike<unknown>>> = {
  float64: (values) => Float64Array.from(values),
  float32: (values) => Float32Array.from(values),
  uint8: (values) => Uint8Array.from(values),
  byte: (values) => Uint8Array.from(values),
  int64: (values) => BigInt64Array.from(values.map((value) => BigInt(Math.floor(value)))),
};

function fieldSample(field: MessageField, seed: number): unknown {
  if (field.multiplicity === "single") return single(field, seed);
  const length = field.multiplicity === "array" ? field.capacity : 2;
  const seeds = Array.from({ length }, (_, index) => seed + index);
  return arrays[field.type]?.(seeds) ?? seeds.map((each) => single(field, each));
}

function single({ type }: MessageField, seed: number): unknown {
  if (type.includes("/")) return sample(type);
  if (type === "string") return `text ${seed}`;
  if (type === "bool") return seed % 2 === 1;
  if (type === "int64" || type === "uint64") return BigInt(seed);
  return type.startsWith("float") ? seed + 0.5 : seed;
}

/** Sends one of every type from `one` to `two`, and what is decoded there back as it was sent. */
async function sendEvery(one: RosNodeTransport, two: RosNodeTransport): Promise<void> {
  for (const [index, type] of types.entries()) {
    const qos = { reliability: "reliable", durability: "volatile", depth: 1 } as const;
    const topic = { name: `/every/type_${index}`, type, qos };
    const received: Uint8Array[] = [];
    const subscription = two.subscribe(topic, (cdr) => received.push(cdr));
    const publisher = one.advertise(topic);
    await until(() => publisher.matchedCount === 1, `${type} matched`);
    const cdr = messageWriter(type)(sample(type) as never);
    publisher.publish(cdr);
    await until(() => received.length === 1, type);
    const got = Buffer.from(received[0] ?? []).subarray(0, cdr.byteLength);
    expect(got.equals(cdr), `${type}, octet for octet`).toBe(true);
    expect(messageReader(type)(got), type).toEqual(sample(type));
    subscription.close();
  }
}

describe("every message type", () => {
  const domainId = testDomain(50);

  it("goes out through the rclnodejs host and comes back the same", async () => {
    await using host = await openTestRclnodejs({ domainId, nodeName: "host" });
    await using peer = await openTestRtps({ domainId, nodeName: "peer" });
    await sendEvery(host, peer);
  });

  it("comes in through the rclnodejs host the same", async () => {
    await using host = await openTestRclnodejs({ domainId, nodeName: "host" });
    await using peer = await openTestRtps({ domainId, nodeName: "peer" });
    await sendEvery(peer, host);
  });

  it.each(types)("%s is refused where it is cut short, not taken for an empty one", (type) => {
    const cdr = messageWriter(type)(sample(type) as never);
    expect(() => messageReader(type)(cdr.slice(0, cdr.byteLength - 9))).toThrow("[ros/type]");
  });
});

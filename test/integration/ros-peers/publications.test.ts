import path from "node:path";
import process from "node:process";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildCyclonePeer } from "../../peers/build.ts";
import { describePeer } from "../../peers/describe-peer.ts";
import { openPeerNetwork, type PeerNetwork } from "../../peers/netns.ts";
import type { PeerProcess } from "../../peers/peer-process.ts";
import { startPeer } from "./pairs.ts";

const cyclone = await buildCyclonePeer();
const publisher = path.resolve("dist/test/peers/bridge-publications.js");

let network: PeerNetwork;
let bridge: PeerProcess;
beforeAll(async () => {
  network = await openPeerNetwork();
  bridge = startPeer(network, [process.execPath, publisher], []);
  await bridge.until("ready");
});
afterAll(async () => {
  await bridge[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
});

describePeer("what the bridge publishes, as Cyclone DDS reads it", cyclone, ({ peer, graph }) => {
  it.each([
    {
      topic: "rt/kairos/predicted/joint_states",
      kind: "joint",
      content: {
        header: { frame_id: "mount_base" },
        name: ["yaw", "pitch"],
        position: [expect.closeTo(0.5, 1), expect.closeTo(-0.5, 1)],
        velocity: [expect.closeTo(0.5, 1), expect.closeTo(-0.5, 1)],
        effort: [],
      },
    },
    {
      topic: "rt/kairos/predicted/joint_trajectory",
      kind: "trajectory",
      content: {
        header: { frame_id: "mount_base" },
        joint_names: ["yaw", "pitch"],
        points: [0, 1, 2, 3].map((step) => ({
          time_from_start: { sec: 10 * (step + 1), nanosec: 0 },
          positions: [step, 0 - step],
          velocities: [step, 0 - step],
          accelerations: [],
          effort: [],
        })),
      },
    },
    {
      topic: "rt/kairos/joint_states",
      kind: "joint",
      content: {
        name: ["yaw", "pitch"],
        position: [0.5, -0.25],
        velocity: [1, 2],
        effort: [0.1, 0.2],
      },
    },
    {
      topic: "rt/kairos/camera/image/compressed",
      kind: "compressed",
      qos: ["--be"],
      content: {
        header: { frame_id: "camera_optical_frame" },
        format: "jpeg",
        data: { bytes: 150_000, start: "001f3e5d7c9bbad9" },
      },
    },
    {
      topic: "rt/kairos/predicted/image/compressed",
      kind: "compressed",
      qos: ["--be"],
      content: { header: { frame_id: "camera_optical_frame" }, data: { bytes: 1000 } },
    },
    {
      topic: "rt/diagnostics",
      kind: "diagnostics",
      content: {
        status: [
          {
            level: 1,
            name: "kairos: model",
            message: "late",
            hardware_id: "mount0",
            values: [{ key: "ageMs", value: "512" }],
          },
        ],
      },
    },
  ])("$topic", async ({ topic, kind, content, qos = [] }) => {
    const args = ["echo", kind, "--topic", topic, "--count", "1", ...qos];
    await using reader = startPeer(network, [peer], args);
    const [sample] = await reader.until("sample");
    expect(sample).toMatchObject(content);
  });

  it("is listed with its ROS types, under one node", async () => {
    await using listener = startPeer(network, [graph], ["10"]);
    const [node] = await listener.until("node");
    expect(node).toMatchObject({ readerCount: expect.any(Number) as number });
    await listener.until("writer", 7);
    const writers = listener
      .all("writer")
      .map(({ topic, type }) => `${String(topic)} ${String(type)}`);
    expect(writers).toEqual(
      expect.arrayContaining([
        "rt/kairos/predicted/joint_states sensor_msgs::msg::dds_::JointState_",
        "rt/kairos/predicted/joint_trajectory trajectory_msgs::msg::dds_::JointTrajectory_",
        "rt/kairos/predicted/image/compressed sensor_msgs::msg::dds_::CompressedImage_",
        "rt/kairos/joint_states sensor_msgs::msg::dds_::JointState_",
        "rt/kairos/camera/image/compressed sensor_msgs::msg::dds_::CompressedImage_",
        "rt/diagnostics diagnostic_msgs::msg::dds_::DiagnosticArray_",
      ]),
    );
  });
});

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  Boolean as BooleanMsg,
  Bytes,
  Double,
  Empty,
  Header,
  Int32,
  StringMsg,
  UInt32,
} from "../../../sims/gazebo/messages/basic.ts";
import { Pose, PoseV } from "../../../sims/gazebo/messages/geometry.ts";
import { JointCmd, JointTrajectory, Model } from "../../../sims/gazebo/messages/joints.ts";
import {
  CameraInfo,
  Image,
  ImuBeforeCovariance,
  PixelFormat,
} from "../../../sims/gazebo/messages/sensors.ts";
import { Clock, WorldControl, WorldStatistics } from "../../../sims/gazebo/messages/world.ts";
import type { Peer } from "../../peers/build.ts";
import { describePeer } from "../../peers/describe-peer.ts";

const includes = "/usr/include/ignition/msgs8";
const protoc: Peer<{ readonly protoc: string }> =
  existsSync("/usr/bin/protoc") && existsSync(`${includes}/ignition/msgs/model.proto`)
    ? { programs: { protoc: "/usr/bin/protoc" } }
    : { missing: "protoc or libignition-msgs-dev is not installed" };

const stamp = { sec: 1_700_000_000, nsec: 5 };
const xyz = { x: 1, y: -2.5, z: 1e-9 };

/** Message, its .proto file, its text as protoc takes it, and the same as our codec takes it. */
const cases = [
  [Double, "double", "data: 0.8", { data: 0.8 }],
  [BooleanMsg, "boolean", "data: true", { data: true }],
  [StringMsg, "stringmsg", 'data: "h\\303\\251"', { data: "hé" }],
  [Int32, "int32", "data: -7", { data: -7 }],
  [UInt32, "uint32", "data: 4000000000", { data: 4_000_000_000 }],
  [Bytes, "bytes", 'data: "\\000\\377"', { data: Buffer.from([0, 255]) }],
  [Empty, "empty", "unused: true", { unused: true }],
  [
    Header,
    "header",
    'stamp { sec: 1700000000 nsec: 5 } data { key: "frame_id" value: "camera" value: "x" }',
    { stamp, data: [{ key: "frame_id", value: ["camera", "x"] }] },
  ],
  [
    Pose,
    "pose",
    'name: "target" id: 3 position { x: 1 y: -2.5 z: 1e-9 } orientation { w: 1 }',
    { name: "target", id: 3, position: xyz, orientation: { w: 1 } },
  ],
  [
    PoseV,
    "pose_v",
    'pose { name: "a" } pose { name: "b" }',
    { pose: [{ name: "a" }, { name: "b" }] },
  ],
  [
    Model,
    "model",
    `header { stamp { sec: 1700000000 nsec: 5 } } name: "mount0" joint { name: "fixed" type: FIXED }
     joint { name: "yaw" axis1 { xyz { z: 1 } position: 0.5 velocity: -1 force: 2 } }`,
    {
      header: { stamp },
      name: "mount0",
      joint: [
        { name: "fixed", type: 7 },
        { name: "yaw", axis1: { xyz: { z: 1 }, position: 0.5, velocity: -1, force: 2 } },
      ],
    },
  ],
  [
    JointTrajectory,
    "joint_trajectory",
    `joint_names: "a" joint_names: "b" points { positions: 1 positions: 2 velocities: 0 velocities: -1
     time_from_start { sec: 1 nsec: 2 } }`,
    {
      jointNames: ["a", "b"],
      points: [{ positions: [1, 2], velocities: [0, -1], timeFromStart: { sec: 1, nsec: 2 } }],
    },
  ],
  [
    JointCmd,
    "joint_cmd",
    'name: "yaw" axis: 1 position { target_optional { data: 1 } p_gain_optional { data: 2 } } reset: true force_optional { data: 3 }',
    {
      name: "yaw",
      axis: 1,
      position: { targetOptional: { data: 1 }, pGainOptional: { data: 2 } },
      reset: true,
      forceOptional: { data: 3 },
    },
  ],
  [
    Image,
    "image",
    'width: 2 height: 1 step: 6 data: "abcdef" pixel_format_type: RGB_INT8',
    {
      width: 2,
      height: 1,
      step: 6,
      data: Buffer.from("abcdef"),
      pixelFormatType: PixelFormat.Rgb8,
    },
  ],
  [
    CameraInfo,
    "camera_info",
    "width: 2 height: 1 distortion { k: 1 k: 2 } intrinsics { k: 3 } projection { p: 4 } rectification_matrix: 5",
    {
      width: 2,
      height: 1,
      distortion: { k: [1, 2] },
      intrinsics: { k: [3] },
      projection: { p: [4] },
      rectificationMatrix: [5],
    },
  ],
  [
    ImuBeforeCovariance,
    "imu",
    'entity_name: "imu" orientation { w: 1 } angular_velocity { x: 1 y: -2.5 z: 1e-9 } linear_acceleration { z: 9.8 }',
    {
      entityName: "imu",
      orientation: { w: 1 },
      angularVelocity: xyz,
      linearAcceleration: { z: 9.8 },
    },
  ],
  [
    Clock,
    "clock",
    "system { sec: 1 } real { sec: 2 } sim { sec: 3 }",
    { system: { sec: 1 }, real: { sec: 2 }, sim: { sec: 3 } },
  ],
  [
    WorldControl,
    "world_control",
    "pause: true step: true multi_step: 300 reset { all: true time_only: true model_only: true } seed: 7 run_to_sim_time { sec: 9 }",
    {
      pause: true,
      step: true,
      multiStep: 300,
      reset: { all: true, timeOnly: true, modelOnly: true },
      seed: 7,
      runToSimTime: { sec: 9 },
    },
  ],
  [
    WorldStatistics,
    "world_stats",
    "sim_time { sec: 1 } pause_time { sec: 2 } real_time { sec: 3 } paused: true iterations: 9007199254740991 model_count: 4 real_time_factor: 0.5 step_size { nsec: 1000000 }",
    {
      simTime: { sec: 1 },
      pauseTime: { sec: 2 },
      realTime: { sec: 3 },
      paused: true,
      iterations: Number.MAX_SAFE_INTEGER,
      modelCount: 4,
      realTimeFactor: 0.5,
      stepSize: { nsec: 1e6 },
    },
  ],
] as const;

describe("our message codecs and protoc on Gazebo's own definitions", () => {
  describePeer("ignition-msgs 8", protoc, (programs) => {
    it.each(
      cases.map(([codec, file, text, draft]) => ({ name: codec.name, codec, file, text, draft })),
    )("$name", ({ codec, name, file, text, draft }) => {
      const wire = execFileSync(
        programs.protoc,
        [`--encode=ignition.msgs.${name}`, "-I", includes, `ignition/msgs/${file}.proto`],
        { input: text },
      );
      const { encode } = codec as { readonly encode: (value: unknown) => Uint8Array };
      expect(Buffer.from(encode(draft)).toString("hex")).toBe(wire.toString("hex"));
      expect(codec.decode(wire)).toMatchObject(draft);
    });
  });
});

import { beforeEach, describe, expect, it } from "vitest";
import { stampNs } from "../../../bridge/contract/units.ts";
import type { RosTypeName } from "../../../ros/messages/message-types.ts";
import { messageReader } from "../../../ros/messages/codec.ts";
import { publicationTopics, type PublicationName } from "../../../ros/publication-topics.ts";
import { expandedName } from "../../../ros/node/node-name.ts";
import { ParameterStore } from "../../../ros/node/parameter-store.ts";
import { parseRemapRule, type RemapRule } from "../../../ros/node/remap-rule.ts";
import { RosNode } from "../../../ros/node/ros-node.ts";
import { RosPublications, type RosPublicationsOptions } from "../../../ros/publications.ts";
import { MemoryRosTransport } from "../../fakes/memory-ros-transport.ts";
import { prediction } from "./prediction.ts";
import { modelDescription } from "./model-description.ts";
import { twoAxisDevice } from "./two-axis-device.ts";

const nowMs = 1000;
// Wall time = monotonic time + 1 700 000 000 s.
const clock = {
  monotonicMs: () => nowMs,
  stampNsAt: (timeMs: number) => stampNs(BigInt(timeMs * 1e6) + 1_700_000_000_000_000_000n),
};
const name = { name: "kairos_bridge", namespace: "/kairos" };
const jpeg = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0xff, 0xd9);
const telemetry = {
  stampMs: 990,
  jointPosRad: Float64Array.of(0.5, -0.25),
  jointVelRadPerS: Float64Array.of(1, 2),
  jointEffortNm: Float64Array.of(0.1, 0.2),
};
const twoSteps = prediction({ stampMs: 980, posRad: [0, 0, 4, 8], velRadPerS: [1, 1, 3, 5] });

let transport: MemoryRosTransport;
let publications: RosPublications;
beforeEach(() => {
  transport = new MemoryRosTransport();
  publications = open();
});

describe("what is advertised", () => {
  it("is the table of names, types and qualities of service", () => {
    const rows = transport.advertised.map(({ name, type, qos }) =>
      [name, type, qos.reliability, qos.durability, qos.depth].join(" "),
    );
    expect(rows).toEqual([
      "/kairos/predicted/joint_states sensor_msgs/msg/JointState reliable volatile 1",
      "/kairos/predicted/joint_trajectory trajectory_msgs/msg/JointTrajectory reliable volatile 1",
      "/kairos/predicted/pose geometry_msgs/msg/PoseWithCovarianceStamped reliable volatile 1",
      "/kairos/predicted/image/compressed sensor_msgs/msg/CompressedImage best_effort volatile 1",
      "/kairos/prediction kairos_msgs/msg/WorldModelPrediction reliable volatile 1",
      "/kairos/joint_states sensor_msgs/msg/JointState reliable volatile 10",
      "/kairos/camera/image/compressed sensor_msgs/msg/CompressedImage best_effort volatile 1",
      "/kairos/camera/image_raw sensor_msgs/msg/Image best_effort volatile 1",
      "/kairos/camera/camera_info sensor_msgs/msg/CameraInfo reliable volatile 10",
      "/diagnostics diagnostic_msgs/msg/DiagnosticArray reliable volatile 10",
      "/tf tf2_msgs/msg/TFMessage reliable volatile 100",
      "/tf_static tf2_msgs/msg/TFMessage reliable transient_local 1",
      "/kairos/robot_description std_msgs/msg/String reliable transient_local 1",
    ]);
  });

  it("follows remaps", () => {
    transport = new MemoryRosTransport();
    open({ remaps: ["joint_states:=/joint_states", "/tf:=tf"].map(parseRemapRule) });
    const names = transport.advertised.map((topic) => topic.name);
    expect(names).toContain("/joint_states");
    expect(names).toContain("/kairos/tf");
    expect(names).not.toContain("/kairos/joint_states");
    expect(names).not.toContain("/tf");
  });

  it.each([
    ["/kairos/joint_states", "depth", { type: "integer", value: 3 }, { depth: 3 }],
    ["/kairos/joint_states", "reliability", text("best_effort"), { reliability: "best_effort" }],
    ["/kairos/camera/image_raw", "reliability", text("reliable"), { reliability: "reliable" }],
    // What readers rely on is not declared, so it cannot be changed.
    ["/tf_static", "durability", text("volatile"), {}],
  ] as const)("%s has its %s from %j", (topic, policy, value, expected) => {
    transport = new MemoryRosTransport();
    const overrides = new Map([[`qos_overrides.${topic}.publisher.${policy}`, value]]);
    const parameters = new ParameterStore(overrides);
    open({ parameters });
    const qos = transport.advertised.find((each) => each.name === topic)?.qos;
    if (qos !== undefined) expect(qos).toMatchObject(expected);
    const isDeclared = Object.keys(expected).length > 0;
    expect(parameters.unusedOverrides()).toHaveLength(isDeclared ? 0 : 1);
  });

  it.each([
    ["depth", { type: "integer", value: 0 }],
    ["depth", text("many")],
    ["reliability", text("good")],
  ] as const)("refuses a %s of %j", (policy, value) => {
    const key = `qos_overrides./kairos/joint_states.publisher.${policy}`;
    const parameters = new ParameterStore(new Map([[key, value]]));
    expect(() => open({ parameters })).toThrow(expect.objectContaining({ code: "ros/arguments" }));
  });

  it("refuses an axis without a name, and takes one in any language", () => {
    expect(() => open({ device: twoAxisDevice(["yaw", ""]) })).toThrow(
      expect.objectContaining({ code: "config/invalid" }),
    );
    expect(() => open({ device: twoAxisDevice(["yaw", "gelenk_größe"]) })).not.toThrow();
  });
});

describe("what is published", () => {
  it("is the predicted state at now + lookahead, stamped with that time", () => {
    const taken = listen("predictedJointStates");
    publications.prediction(twoSteps, 30);
    expect(taken).toEqual([
      {
        header: { stamp: { sec: 1_700_000_001, nanosec: 30_000_000 }, frame_id: "mount_base" },
        name: ["yaw", "pitch"],
        position: Float64Array.of(1, 2),
        velocity: Float64Array.of(1.5, 2),
        effort: new Float64Array(0),
      },
    ]);
  });

  it("is the state of the last step, with its own stamp, when the lookahead exceeds the horizon", () => {
    const taken = listen("predictedJointStates");
    publications.prediction(twoSteps, 500);
    expect(taken).toMatchObject([
      { header: { stamp: { sec: 1_700_000_001, nanosec: 60_000_000 } }, position: { 0: 4, 1: 8 } },
    ]);
  });

  it("is the whole horizon as a trajectory stamped t0", () => {
    const taken = listen("predictedJointTrajectory");
    publications.prediction(twoSteps, 30);
    expect(taken).toMatchObject([
      {
        header: { stamp: { sec: 1_700_000_000, nanosec: 980_000_000 }, frame_id: "mount_base" },
        joint_names: ["yaw", "pitch"],
        points: [
          { positions: { 0: 0, 1: 0 }, time_from_start: { sec: 0, nanosec: 40_000_000 } },
          { positions: { 0: 4, 1: 8 }, time_from_start: { sec: 0, nanosec: 80_000_000 } },
        ],
      },
    ]);
  });

  it("is the measured joint state with effort", () => {
    const taken = listen("jointStates");
    publications.jointState(telemetry);
    expect(taken).toEqual([
      {
        header: { stamp: { sec: 1_700_000_000, nanosec: 990_000_000 }, frame_id: "mount_base" },
        name: ["yaw", "pitch"],
        position: telemetry.jointPosRad,
        velocity: telemetry.jointVelRadPerS,
        effort: telemetry.jointEffortNm,
      },
    ]);
  });

  it("is everything the model says, and which model says it", () => {
    const taken = listen("worldModelPrediction");
    const bearing = { meanRad: Float32Array.of(0.5, 0.25, 1, 2) };
    publications.prediction({ ...twoSteps, bearing, oodScore: 1.5 }, 30);
    expect(taken).toMatchObject([
      {
        header: { stamp: { sec: 1_700_000_000, nanosec: 980_000_000 }, frame_id: "mount_base" },
        age: expect.closeTo(0.02, 9) as number,
        inference_time: 0.001,
        observation_count: 1n,
        joint_names: ["yaw", "pitch"],
        steps: [
          {
            time_from_start: { sec: 0, nanosec: 40_000_000 },
            position_mean: Float64Array.of(0, 0),
            velocity_mean: Float64Array.of(1, 1),
            bearing_mean: Float64Array.of(0.5, 0.25),
            bearing_std: new Float64Array(0),
            visibility_mean: Number.NaN,
          },
          {
            time_from_start: { sec: 0, nanosec: 80_000_000 },
            position_mean: Float64Array.of(4, 8),
            bearing_mean: Float64Array.of(1, 2),
          },
        ],
        ood_score: 1.5,
        ood_threshold: 4,
        model: { id: "kairos-test", revision: "r1", family: "recurrent-latent", provider: "cpu" },
      },
    ]);
  });

  it("is the camera's pose with what the joints' deviation makes of it", () => {
    const taken = listen("predictedPose");
    const still = prediction({ stampMs: 980, posRad: [0, 0, 0, 0], velRadPerS: [0, 0, 0, 0] });
    const stdPosRad = Float32Array.of(0, 0, 0.25, 0.5);
    publications.prediction({ ...still, stdPosRad }, 500);
    expect(taken).toMatchObject([
      {
        header: { stamp: { sec: 1_700_000_001, nanosec: 60_000_000 }, frame_id: "mount_base" },
        pose: { pose: { position: { x: 0.5, y: 0 }, orientation: { x: -0.5, y: 0.5 } } },
      },
    ]);
    const [{ pose }] = taken as [{ pose: { covariance: Float64Array } }];
    // Yaw of 0.25 rad moves the camera 0.5 m * 0.25 sideways; pitch of 0.5 rad 0.5 m * 0.5 up or down.
    expect([0, 7, 14, 21, 28, 35].map((index) => pose.covariance[index])).toEqual([
      0, 0.015625, 0.0625, 0, 0.25, 0.0625,
    ]);
  });

  it("is every frame that a joint turns, with its parent", () => {
    const taken = listen("transforms");
    publications.transforms({ stampMs: 990, jointPosRad: Float64Array.of(Math.PI / 2, 0) });
    expect(taken).toMatchObject([
      {
        transforms: [
          {
            header: { stamp: { sec: 1_700_000_000, nanosec: 990_000_000 }, frame_id: "mount_base" },
            child_frame_id: "mount_yaw",
            transform: {
              translation: { x: 0, y: 0, z: 0.1 },
              rotation: { z: expect.closeTo(Math.SQRT1_2, 9) as number },
            },
          },
          {
            header: { frame_id: "mount_yaw" },
            child_frame_id: "mount_pitch",
            transform: { translation: { z: 0.2 }, rotation: { w: 1 } },
          },
        ],
      },
    ]);
  });

  it("is the pixels and how the camera sees, with one stamp", () => {
    const pixels = listen("cameraRaw", "best_effort");
    const infos = listen("cameraInfo");
    const rgb = Uint8Array.from({ length: 4 * 2 * 3 }, (_, i) => i);
    publications.cameraRaw({ stampMs: 990, sequence: 1, widthPx: 4, heightPx: 2, rgb });
    const header = {
      stamp: { sec: 1_700_000_000, nanosec: 990_000_000 },
      frame_id: "camera_optical_frame",
    };
    expect(pixels).toEqual([
      { header, width: 4, height: 2, encoding: "rgb8", is_bigendian: 0, step: 12, data: rgb },
    ]);
    // The middle of the first pixel is 0, 0: half a pixel less than from the corner.
    const focal = 1 / Math.tan(0.45);
    expect(infos).toMatchObject([
      {
        header,
        width: 4,
        height: 2,
        distortion_model: "plumb_bob",
        k: Float64Array.of(focal, 0, 1.5, 0, focal, 0.5, 0, 0, 1),
        p: Float64Array.of(focal, 0, 1.5, 0, 0, focal, 0.5, 0, 0, 0, 1, 0),
      },
    ]);
  });

  it("is the description and what no joint turns, at once and without a reader", () => {
    transport = new MemoryRosTransport();
    const pose = { positionM: [1, 2, 3], rotationXyzw: [0, 0, 0, 1] } as const;
    const fixedFrames = [{ parent: "mount_pitch", child: "camera_optical_frame", pose }];
    open({ urdf: "<robot/>", fixedFrames });
    const published = transport.published.map(({ topic, cdr }) => [
      topic.name,
      messageReader(topic.type as RosTypeName)(cdr),
    ]);
    expect(published).toMatchObject([
      [
        "/tf_static",
        {
          transforms: [
            { header: { frame_id: "mount_pitch" }, child_frame_id: "camera_optical_frame" },
          ],
        },
      ],
      ["/kairos/robot_description", { data: "<robot/>" }],
    ]);
  });

  it("is each picture on its own topic, in the camera's frame", () => {
    const seen = listen("cameraImage", "best_effort");
    const predicted = listen("predictedImage", "best_effort");
    publications.camera(jpeg, 1000);
    publications.predictedCamera(jpeg, 1200);
    const picture = (nanosec: number): object => ({
      header: { stamp: { sec: 1_700_000_001, nanosec }, frame_id: "camera_optical_frame" },
      format: "jpeg",
      data: jpeg,
    });
    expect(seen).toEqual([picture(0)]);
    expect(predicted).toEqual([picture(200_000_000)]);
  });

  it("is every diagnostic entry, stamped now", () => {
    const taken = listen("diagnostics");
    publications.diagnostics([
      { name: "kairos: model", level: "warn", message: "25 ° off", values: { errorRad: 0.01 } },
    ]);
    expect(taken).toMatchObject([
      {
        header: { stamp: { sec: 1_700_000_001, nanosec: 0 } },
        status: [{ level: 1, name: "kairos: model", message: "25 ? off", hardware_id: "mount0" }],
      },
    ]);
  });

  it("is nothing while nobody listens, and resumes with the first reader", () => {
    publishEverything();
    expect(transport.published).toEqual([]);
    listen("jointStates");
    publishEverything();
    expect(transport.published.map(({ topic }) => topic.name)).toEqual(["/kairos/joint_states"]);
  });

  it("is refused when the arrays have other axes", () => {
    const code = expect.objectContaining({ code: "model/shape" }) as Error;
    const threeAxes = prediction({ axisCount: 3, posRad: [0, 0, 0], velRadPerS: [0, 0, 0] });
    expect(() => {
      publications.prediction(threeAxes, 0);
    }).toThrow(code);
    expect(() => {
      publications.jointState({ ...telemetry, jointPosRad: new Float64Array(1) });
    }).toThrow(code);
  });
});

it("counts the readers of each topic", () => {
  listen("cameraImage", "best_effort");
  listen("cameraImage", "reliable");
  listen("jointStates", "best_effort");
  listen("jointStates", "reliable");
  // A reliable reader does not match a best-effort writer; any reader matches a reliable one.
  expect(publications.matchedCount("cameraImage")).toBe(1);
  expect(publications.matchedCount("jointStates")).toBe(2);
  expect(publications.matchedCount("diagnostics")).toBe(0);
});

/** Decoded messages of a topic, filled as they come. */
function listen(
  publication: PublicationName,
  reliability: "reliable" | "best_effort" = "reliable",
): unknown[] {
  const topic = publicationTopics[publication];
  const read = messageReader<RosTypeName>(topic.type);
  const taken: unknown[] = [];
  const qos = { reliability, durability: "volatile", depth: 1 } as const;
  const full = expandedName(topic.name, name);
  transport.subscribe({ ...topic, name: full, qos }, (cdr) => taken.push(read(cdr)));
  return taken;
}

/** As the service opens it, with what a case changes. */
function open(
  changes: Partial<RosPublicationsOptions> & {
    readonly remaps?: readonly RemapRule[];
    readonly parameters?: ParameterStore;
  } = {},
): RosPublications {
  const { remaps = [], parameters = new ParameterStore(), ...rest } = changes;
  const node = new RosNode({ transport, name, remaps, parameters });
  return new RosPublications({
    node,
    device: twoAxisDevice(),
    model: () => modelDescription,
    clock,
    ...rest,
  });
}

function text(value: string) {
  return { type: "string", value } as const;
}

function publishEverything(): void {
  publications.transforms(telemetry);
  publications.prediction(twoSteps, 0);
  publications.jointState(telemetry);
  publications.camera(jpeg, 0);
  publications.predictedCamera(jpeg, 0);
  publications.diagnostics([]);
}

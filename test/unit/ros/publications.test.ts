import { beforeEach, describe, expect, it } from "vitest";
import { stampNs } from "../../../bridge/contract/units.ts";
import type { RosTypeName } from "../../../ros/messages/message-types.ts";
import { messageReader } from "../../../ros/messages/codec.ts";
import { publicationTopics, type PublicationName } from "../../../ros/publication-topics.ts";
import { RosPublications } from "../../../ros/publications.ts";
import { MemoryRosTransport } from "../../fakes/memory-ros-transport.ts";
import { prediction } from "./prediction.ts";

const nowMs = 1000;
// Wall time = monotonic time + 1 700 000 000 s.
const clock = {
  monotonicMs: () => nowMs,
  stampNsAt: (timeMs: number) => stampNs(BigInt(timeMs * 1e6) + 1_700_000_000_000_000_000n),
};
const options = {
  namespace: "/kairos",
  axisNames: ["yaw", "pitch"],
  frameIds: { base: "mount_base", camera: "camera_optical_frame" },
  hardwareId: "mount0",
  clock,
};
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
  publications = new RosPublications({ ...options, transport });
});

describe("what is advertised", () => {
  it("is the table of names, types and qualities of service", () => {
    const rows = transport.advertised.map(({ name, type, qos }) =>
      [name, type, qos.reliability, qos.durability, qos.depth].join(" "),
    );
    expect(rows).toEqual([
      "/kairos/predicted/joint_states sensor_msgs/msg/JointState reliable volatile 1",
      "/kairos/predicted/joint_trajectory trajectory_msgs/msg/JointTrajectory reliable volatile 1",
      "/kairos/predicted/image/compressed sensor_msgs/msg/CompressedImage best_effort volatile 1",
      "/kairos/joint_states sensor_msgs/msg/JointState reliable volatile 10",
      "/kairos/camera/image/compressed sensor_msgs/msg/CompressedImage best_effort volatile 1",
      "/diagnostics diagnostic_msgs/msg/DiagnosticArray reliable volatile 10",
    ]);
  });

  it.each([
    ["/", "/joint_states"],
    ["/a", "/a/joint_states"],
    ["/robot_1/arm", "/robot_1/arm/joint_states"],
  ])("lies under the namespace %s", (namespace, name) => {
    expect(publicationTopics(namespace).jointStates.name).toBe(name);
    expect(publicationTopics(namespace).diagnostics.name).toBe("/diagnostics");
  });

  it.each(["", "kairos", "/kairos/", "//kairos", "/1st", "/a b", "/a__b", "/ä"])(
    "refuses the namespace %j",
    (namespace) => {
      expect(() => new RosPublications({ ...options, namespace, transport })).toThrow(
        expect.objectContaining({ code: "config/invalid" }),
      );
    },
  );

  it.each(["", "gelenk_größe"])("refuses the axis name %j", (axisName) => {
    const axisNames = ["yaw", axisName];
    expect(() => new RosPublications({ ...options, axisNames, transport })).toThrow(
      expect.objectContaining({ code: "config/invalid" }),
    );
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
  const topic = publicationTopics(options.namespace)[publication];
  const read = messageReader<RosTypeName>(topic.type);
  const taken: unknown[] = [];
  const qos = { reliability, durability: "volatile", depth: 1 } as const;
  transport.subscribe({ ...topic, qos }, (cdr) => taken.push(read(cdr)));
  return taken;
}

function publishEverything(): void {
  publications.prediction(twoSteps, 0);
  publications.jointState(telemetry);
  publications.camera(jpeg, 0);
  publications.predictedCamera(jpeg, 0);
  publications.diagnostics([]);
}

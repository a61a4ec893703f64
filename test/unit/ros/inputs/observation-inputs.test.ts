import { describe, expect, it } from "vitest";
import { FrameMailbox } from "../../../../bridge/contract/frame-mailbox.ts";
import { silentLog } from "../../../../bridge/contract/log.ts";
import type { RosQos } from "../../../../bridge/contract/ros-transport.ts";
import { SampleRing } from "../../../../bridge/contract/sample-ring.ts";
import { ObservationInputs } from "../../../../ros/inputs/observation-inputs.ts";
import { messageWriter } from "../../../../ros/messages/codec.ts";
import { ManualClock } from "../../../fakes/manual-clock.ts";
import { MemoryRosTransport } from "../../../fakes/memory-ros-transport.ts";

const qos: RosQos = { reliability: "reliable", durability: "volatile", depth: 1 };
const encodeClock = messageWriter("rosgraph_msgs/msg/Clock");
const encodeJoints = messageWriter("sensor_msgs/msg/JointState");

const rosTime = (ms: number) => ({ sec: Math.floor(ms / 1000), nanosec: (ms % 1000) * 1e6 });

function rig(stamps: "measured" | "sim", compressedImage = "") {
  const graph = new MemoryRosTransport();
  const clock = new ManualClock();
  const telemetry = SampleRing.create({ capacity: 256, width: 3 });
  const inputs = new ObservationInputs({
    node: graph,
    topics: { jointStates: "/joint_states", image: "", compressedImage },
    axisNames: ["yaw"],
    jointNames: ["yaw"],
    telemetry,
    camera: FrameMailbox.create({ widthPx: 4, heightPx: 4 }),
    stamps,
    limits: { maxAgeMs: 200, maxAheadMs: 20 },
    maxPictureRateHz: 25,
    fit: () => undefined,
    decode: () => Promise.reject(new Error("not asked for")),
    now: clock.monotonicMs,
    log: silentLog,
  });
  const joints = graph.advertise({
    name: "/joint_states",
    type: "sensor_msgs/msg/JointState",
    qos,
  });
  const time = graph.advertise({ name: "/clock", type: "rosgraph_msgs/msg/Clock", qos });
  const none = new Float64Array(0);
  const publishYaw = (rad: number, stampMs: number): void => {
    const header = { stamp: rosTime(stampMs), frame_id: "" };
    const position = Float64Array.of(rad);
    joints.publish(encodeJoints({ header, name: ["yaw"], position, velocity: none, effort: none }));
  };
  const tellTime = (ms: number): void => {
    time.publish(encodeClock({ clock: rosTime(ms) }));
  };
  return { graph, clock, telemetry, inputs, joints, time, publishYaw, tellTime };
}

describe("observations from ROS", () => {
  it("on simulated time follow /clock, at half of real time", () => {
    const { clock, telemetry, inputs, publishYaw, tellTime } = rig("sim");
    publishYaw(0, 0);
    expect(inputs.diagnostics()[0]?.message).toContain("no-clock");
    for (let simMs = 0; simMs < 2000; simMs += 5) {
      clock.nowMs += 10;
      tellTime(simMs);
      if (simMs % 20 === 0) publishYaw(simMs / 1000, simMs);
    }
    const row = new Float64Array(3);
    const stampMs = telemetry.latest(row);
    expect(clock.nowMs - stampMs, "the newest state, of 15 simulated ms ago").toBeLessThan(50);
    expect(row[1], "0.001 rad per simulated ms, told once in 40 ms").toBeCloseTo(0.5, 1);
    expect(inputs.diagnostics()[0]).toMatchObject({ level: "warn", values: { stamps: "sim" } });
  });

  it("do not listen to /clock where time is the machine's", () => {
    expect(rig("measured").time.matchedCount).toBe(0);
    expect(rig("sim").time.matchedCount).toBe(1);
  });

  it("of a silent robot are stale, of one that is well ok, after bad bytes a warning", () => {
    const { clock, inputs, joints, publishYaw } = rig("measured");
    expect(inputs.diagnostics()[0]).toMatchObject({
      level: "stale",
      message: "/joint_states is silent",
    });
    publishYaw(0, 100);
    expect(inputs.diagnostics()[0]).toMatchObject({ level: "ok", message: "observed" });
    expect(inputs.diagnostics()[1]).toMatchObject({ level: "ok", message: "no topic" });
    joints.publish(new Uint8Array(3));
    expect(inputs.diagnostics()[0]).toMatchObject({
      level: "warn",
      values: { taken: 1, refused_undecodable: 1 },
    });
    clock.nowMs += 2000;
    expect(inputs.diagnostics()[0]?.level).toBe("stale");
  });

  it("end with the inputs", () => {
    const { inputs, joints } = rig("measured");
    expect(joints.matchedCount).toBe(1);
    inputs[Symbol.dispose]();
    expect(joints.matchedCount).toBe(0);
  });
});

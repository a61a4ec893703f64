import { describe, expect, it } from "vitest";
import { SampleRing } from "../../../../bridge/contract/sample-ring.ts";
import { JointStateInput } from "../../../../ros/inputs/joint-state-input.ts";
import { MeasuredStampMap } from "../../../../ros/inputs/measured-stamp-map.ts";
import type { JointState } from "../../../../ros/messages/message-types.ts";

const axisNames = ["deploy", "yaw"];

function open(jointNames: readonly string[] = axisNames) {
  const telemetry = SampleRing.create({ capacity: 32, width: 6 });
  const told: string[] = [];
  const input = new JointStateInput({
    axisNames,
    jointNames,
    telemetry,
    stamps: new MeasuredStampMap({ maxAgeMs: 300, maxAheadMs: 20 }),
    onRefused: (reason, text) => told.push(`${reason}: ${text}`),
  });
  const row = new Float64Array(6);
  return { telemetry, input, told, row };
}

function state(
  timeMs: number,
  fields: Partial<Record<"position" | "velocity" | "effort", readonly number[]>> & {
    readonly name?: readonly string[];
  } = {},
): JointState {
  const { name = axisNames, position = [0.1, 0.2], velocity = [], effort = [] } = fields;
  const sec = 1000 + Math.floor(timeMs / 1000);
  return {
    header: { stamp: { sec, nanosec: (timeMs % 1000) * 1e6 }, frame_id: "" },
    name,
    position: Float64Array.from(position),
    velocity: Float64Array.from(velocity),
    effort: Float64Array.from(effort),
  };
}

describe("joint states", () => {
  it("are put in axis order, whatever order they come in, and others are passed over", () => {
    const { input, telemetry, row } = open();
    const message = state(0, {
      name: ["wheel_left", "yaw", "gripper", "deploy"],
      position: [9, 0.2, 9, 0.1],
      velocity: [9, 2, 9, 1],
      effort: [9, 0.02, 9, 0.01],
    });
    input.take(message, 50);
    expect(telemetry.latest(row)).toBe(50);
    expect([...row]).toEqual([0.1, 0.2, 1, 2, 0.01, 0.02]);
    expect(input.refusals.total).toBe(0);
  });

  it("may call the axes by other names", () => {
    const { input, telemetry, row } = open(["deploy", "mount_yaw_joint"]);
    input.take(state(0, { name: ["mount_yaw_joint", "deploy"], position: [0.2, 0.1] }), 50);
    telemetry.latest(row);
    expect([...row.subarray(0, 2)]).toEqual([0.1, 0.2]);
  });

  it("follow a publisher that changes its order", () => {
    const { input, telemetry, row } = open();
    input.take(state(0, { name: ["deploy", "yaw"], position: [1, 2] }), 0);
    input.take(state(10, { name: ["yaw", "deploy"], position: [4, 3] }), 10);
    telemetry.latest(row);
    expect([...row.subarray(0, 2)]).toEqual([3, 4]);
  });

  it.each([
    { velocity: [], why: "empty" },
    { velocity: [Number.NaN, Number.NaN], why: "NaN, as ros2_control fills what it does not know" },
  ])("without a measured velocity ($why) have the difference of positions", ({ velocity }) => {
    const { input, telemetry, row } = open();
    const effort = [Number.NaN, Number.NaN];
    input.take(state(0, { position: [0, 0.2], velocity, effort }), 0);
    input.take(state(20, { position: [0.01, 0.1], velocity, effort }), 20);
    telemetry.latest(row);
    expect(row[2]).toBeCloseTo(0.5, 9);
    expect(row[3]).toBeCloseTo(-5, 9);
    expect([row[4], row[5]], "effort nobody measures").toEqual([0, 0]);
    expect(input.derivedCount).toBe(2);
  });

  it("after a long silence have no derived velocity", () => {
    const { input, telemetry, row } = open();
    input.take(state(0, { position: [0, 0] }), 0);
    input.take(state(900, { position: [1, 1] }), 900);
    telemetry.latest(row);
    expect([row[2], row[3]]).toEqual([0, 0]);
  });

  it.each<[string, string, JointState]>([
    ["joints", "lacks yaw; it has deploy, arm", state(20, { name: ["deploy", "arm"] })],
    ["joints", "names yaw more than once", state(20, { name: ["yaw", "yaw"] })],
    ["joints", "lacks deploy, yaw; it has none", state(20, { name: [], position: [] })],
    ["sizes", "1 positions", state(20, { position: [1] })],
    ["sizes", "3 velocities", state(20, { velocity: [1, 2, 3] })],
    ["not-finite", "position of yaw is NaN", state(20, { position: [0, Number.NaN] })],
    [
      "not-finite",
      "position of deploy is Infinity",
      state(20, { position: [Number.POSITIVE_INFINITY, 0] }),
    ],
    ["not-newer", "stamp is not later", state(0)],
    ["stale", "stale", state(-400)],
    ["future", "future", state(100)],
  ])("refused as %s say %s, once, and change nothing", (reason, text, message) => {
    const { input, telemetry, told } = open();
    input.take(state(0), 0);
    for (let again = 0; again < 3; again += 1) input.take(message, 20);
    expect(telemetry.count).toBe(1);
    expect(input.takenCount).toBe(1);
    expect(input.refusals.values()).toEqual({ [`refused_${reason.replace("-", "_")}`]: 3 });
    expect(told).toHaveLength(1);
    expect(told[0]).toContain(text);
  });
});

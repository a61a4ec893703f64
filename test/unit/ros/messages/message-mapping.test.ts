import { describe, expect, it } from "vitest";
import { stampNs } from "../../../../bridge/contract/units.ts";
import {
  diagnosticsMessage,
  jointStateMessage,
  jointTrajectoryMessage,
  jpegMessage,
  rosDuration,
  rosTime,
} from "../../../../ros/messages/message-mapping.ts";
import { prediction } from "../prediction.ts";

const at = { stamp: stampNs(1_700_000_000_000_000_007n), frameId: "mount_base" };
const header = { stamp: { sec: 1_700_000_000, nanosec: 7 }, frame_id: "mount_base" };

describe("ROS time", () => {
  it.each([
    [0n, 0, 0],
    [999_999_999n, 0, 999_999_999],
    [1_000_000_000n, 1, 0],
    [-1n, -1, 999_999_999],
    [-1_000_000_000n, -1, 0],
  ])("of %d ns is sec %d, nanosec %d", (ns, sec, nanosec) => {
    expect(rosTime(stampNs(ns))).toEqual({ sec, nanosec });
  });

  it.each([
    [0, 0, 0],
    [40, 0, 40_000_000],
    [999.999_999_4, 0, 999_999_999],
    [999.999_999_6, 1, 0],
    [1280, 1, 280_000_000],
  ])("duration of %d ms is sec %d, nanosec %d", (ms, sec, nanosec) => {
    expect(rosDuration(ms)).toEqual({ sec, nanosec });
  });
});

describe("message mapping", () => {
  it("puts positions, velocities and efforts beside the axis names", () => {
    const axisNames = ["deploy", "yaw"];
    const posRad = Float64Array.of(2.1, 0.5);
    const velRadPerS = Float64Array.of(0.1, -0.2);
    const effortNm = Float64Array.of(1, 2);
    expect(jointStateMessage(at, { axisNames, posRad, velRadPerS, effortNm })).toEqual({
      header,
      name: axisNames,
      position: posRad,
      velocity: velRadPerS,
      effort: effortNm,
    });
    const withoutEffort = jointStateMessage(at, { axisNames, posRad, velRadPerS });
    expect(withoutEffort.effort).toEqual(new Float64Array(0));
  });

  it("makes one trajectory point per step, from candidate 0 only, times rising from one step", () => {
    const message = jointTrajectoryMessage(
      at,
      ["deploy", "yaw"],
      prediction({
        candidateCount: 2,
        stepMs: 600,
        posRad: [1, 2, 3, 4, 91, 92, 93, 94],
        velRadPerS: [5, 6, 7, 8, 95, 96, 97, 98],
      }),
    );
    const none = new Float64Array(0);
    expect(message).toEqual({
      header,
      joint_names: ["deploy", "yaw"],
      points: [
        {
          positions: Float64Array.of(1, 2),
          velocities: Float64Array.of(5, 6),
          accelerations: none,
          effort: none,
          time_from_start: { sec: 0, nanosec: 600_000_000 },
        },
        {
          positions: Float64Array.of(3, 4),
          velocities: Float64Array.of(7, 8),
          accelerations: none,
          effort: none,
          time_from_start: { sec: 1, nanosec: 200_000_000 },
        },
      ],
    });
  });

  it("labels a picture jpeg and keeps its bytes", () => {
    const jpeg = Uint8Array.of(0xff, 0xd8);
    expect(jpegMessage(at, jpeg)).toEqual({ header, format: "jpeg", data: jpeg });
  });

  it("numbers diagnostic levels as diagnostic_msgs does and writes values as text", () => {
    const levels = ["ok", "warn", "error", "stale"] as const;
    const entries = levels.map((level) => ({
      name: `part ${level}`,
      level,
      message: "said",
      values: { ageMs: 12.5, running: true, provider: "cpu" },
    }));
    const message = diagnosticsMessage(at.stamp, "mount0", entries);
    expect(message.header).toEqual({ stamp: header.stamp, frame_id: "" });
    expect(message.status.map((status) => status.level)).toEqual([0, 1, 2, 3]);
    expect(message.status[2]).toEqual({
      level: 2,
      name: "part error",
      message: "said",
      hardware_id: "mount0",
      values: [
        { key: "ageMs", value: "12.5" },
        { key: "running", value: "true" },
        { key: "provider", value: "cpu" },
      ],
    });
  });

  it("keeps text that is not ASCII", () => {
    const [status] = diagnosticsMessage(stampNs(0n), "Gelenk°1", [
      { level: "ok", name: "Übergröße", message: "12 °C \u{1f916}", values: { größe: "µ" } },
    ]).status;
    expect(status).toEqual({
      level: 0,
      name: "Übergröße",
      message: "12 °C \u{1f916}",
      hardware_id: "Gelenk°1",
      values: [{ key: "größe", value: "µ" }],
    });
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameMailbox } from "../../../bridge/contract/frame-mailbox.ts";
import { SampleRing } from "../../../bridge/contract/sample-ring.ts";
import { pictureFitter } from "../../../bridge/parts/fit-picture.ts";
import { rosEncodings } from "../../../ros/inputs/image-encoding.ts";
import { JointStateInput } from "../../../ros/inputs/joint-state-input.ts";
import { MeasuredStampMap } from "../../../ros/inputs/measured-stamp-map.ts";
import { PictureInput } from "../../../ros/inputs/picture-input.ts";
import { planTrajectory } from "../../../ros/inputs/trajectory-plan.ts";
import { TrajectoryRun } from "../../../ros/inputs/trajectory-run.ts";
import { phoneMount } from "../../fakes/synthetic-actuation.ts";

const axisNames = ["deploy", "yaw"];
const anyNumber = fc.oneof(
  fc.double(),
  fc.constantFrom(0, 1, Number.NaN, Infinity, -Infinity, Number.MAX_VALUE),
);
const numbers = fc.array(anyNumber, { maxLength: 4 }).map((values) => Float64Array.from(values));
const stamp = fc.record({
  sec: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  nanosec: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
});
const header = fc.record({ stamp, frame_id: fc.string() });
const { axes } = phoneMount();

describe("whatever comes from ROS", () => {
  it("as joint states, the telemetry stays finite and its stamps rise", () => {
    const message = fc.record({
      header,
      name: fc.array(fc.constantFrom("deploy", "yaw", "", "wheel"), { maxLength: 4 }),
      position: numbers,
      velocity: numbers,
      effort: numbers,
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(message, fc.nat(1000)), { maxLength: 30 }), (messages) => {
        const telemetry = SampleRing.create({ capacity: 64, width: 6 });
        const input = new JointStateInput({
          axisNames,
          jointNames: axisNames,
          telemetry,
          stamps: new MeasuredStampMap({ maxAgeMs: 500, maxAheadMs: 50 }),
        });
        let nowMs = 1000;
        for (const [each, gapMs] of messages) {
          nowMs += gapMs;
          input.take(each, nowMs);
        }
        const row = new Float64Array(6);
        let beforeMs = Number.NEGATIVE_INFINITY;
        for (let index = 0; index < telemetry.count; index += 1) {
          const stampMs = telemetry.rowAt(index, row);
          expect(stampMs).toBeGreaterThan(beforeMs);
          expect(stampMs).toBeLessThanOrEqual(nowMs + 1e-3);
          expect(row.every((value) => Number.isFinite(value))).toBe(true);
          beforeMs = stampMs;
        }
        expect(input.takenCount + input.refusals.total).toBe(messages.length);
      }),
    );
  });

  it("as pictures, each is taken, passed over or refused", () => {
    const message = fc.record({
      header,
      width: fc.integer({ min: 0, max: 9 }),
      height: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(2 ** 32 - 1)),
      encoding: fc.oneof(fc.constantFrom(...rosEncodings), fc.string()),
      is_bigendian: fc.constantFrom(0, 1),
      step: fc.integer({ min: 0, max: 40 }),
      data: fc.uint8Array({ maxLength: 400 }),
    });
    const size = { widthPx: 4, heightPx: 4 };
    fc.assert(
      fc.property(fc.array(message, { maxLength: 10 }), (messages) => {
        const input = new PictureInput({
          camera: FrameMailbox.create(size),
          stamps: new MeasuredStampMap({ maxAgeMs: 500, maxAheadMs: 50 }),
          fit: pictureFitter(size),
          decode: () => Promise.reject(new Error("not asked for")),
          maxRateHz: 1000,
        });
        for (const [index, each] of messages.entries()) input.takeRaw(each, 1000 + 10 * index);
        expect(input.takenCount + input.skippedCount + input.refusals.total).toBe(messages.length);
      }),
    );
  });

  it("as a trajectory, what is found sound asks for finite velocities and ends in its limits", () => {
    const point = fc.record({
      positions: numbers,
      velocities: numbers,
      accelerations: numbers,
      effort: numbers,
      time_from_start: stamp,
    });
    const sound = fc
      .array(fc.double({ min: -0.3, max: 0.3, noNaN: true }), { minLength: 1, maxLength: 6 })
      .map((positions) =>
        positions.map((rad, at) => ({
          positions: Float64Array.of(rad),
          velocities: new Float64Array(0),
          accelerations: new Float64Array(0),
          effort: new Float64Array(0),
          time_from_start: { sec: at + 1, nanosec: 0 },
        })),
      );
    const message = fc.record({
      header,
      joint_names: fc.constantFrom(["yaw"], ["yaw", "pitch"], ["elbow"], []),
      points: fc.oneof(sound, fc.array(point, { maxLength: 4 })),
    });
    fc.assert(
      fc.property(message, fc.nat(8000), (each, atMs) => {
        const outcome = planTrajectory(each, axes);
        if (!outcome.ok) return;
        const state = { stampMs: 0, posRad: [0, 0, 0, 0], velRadPerS: [0, 0, 0, 0] };
        const step = new TrajectoryRun(outcome.plan, 0, state).step(atMs, {
          ...state,
          stampMs: atMs,
        });
        if (step.kind === "lost") return;
        const values = Object.values(step.kind === "arrived" ? step.posRad : step.velRadPerS);
        expect(values.every((value) => Number.isFinite(value))).toBe(true);
        if (step.kind !== "arrived") return;
        for (const [name, rad] of Object.entries(step.posRad)) {
          const axis = axes.find((found) => found.name === name)!;
          expect(rad).toBeGreaterThanOrEqual(axis.lowerRad);
          expect(rad).toBeLessThanOrEqual(axis.upperRad);
        }
      }),
    );
  });
});

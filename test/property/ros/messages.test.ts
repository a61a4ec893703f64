import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BridgeError } from "../../../bridge/contract/errors.ts";
import { stampNs } from "../../../bridge/contract/units.ts";
import { messageReader, messageWriter } from "../../../ros/messages/codec.ts";
import { rosDuration, rosTime } from "../../../ros/messages/message-mapping.ts";
import { makePredictedState, predictedStateAt } from "../../../ros/predicted-state.ts";
import { prediction } from "../../unit/ros/prediction.ts";

// fast-check prints the seed and the smallest failing case.
const seeded = { seed: 20_26, numRuns: 300 };
const ascii = fc.string({ unit: "grapheme-ascii", maxLength: 20 });
const time = fc.record({
  sec: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  nanosec: fc.integer({ min: 0, max: 999_999_999 }),
});
const header = fc.record({ stamp: time, frame_id: ascii });
const numbers = fc.array(fc.double(), { maxLength: 20 }).map((values) => Float64Array.from(values));
const jointState = fc.record({
  header,
  name: fc.array(ascii, { maxLength: 8 }),
  position: numbers,
  velocity: numbers,
  effort: numbers,
});

describe("messages", () => {
  it("come back from CDR as they were", () => {
    const write = messageWriter("sensor_msgs/msg/JointState");
    const read = messageReader("sensor_msgs/msg/JointState");
    fc.assert(
      fc.property(jointState, (message) => {
        expect(read(write(message))).toEqual(message);
      }),
      seeded,
    );
  });

  it("with any text come back as they were", () => {
    const write = messageWriter("std_msgs/msg/Header");
    const read = messageReader("std_msgs/msg/Header");
    fc.assert(
      fc.property(time, fc.string({ unit: "grapheme" }), (stamp, frameId) => {
        expect(read(write({ stamp, frame_id: frameId })).frame_id).toBe(frameId);
      }),
      seeded,
    );
  });

  it("with a changed byte are read or refused with ros/type, never anything else", () => {
    const write = messageWriter("sensor_msgs/msg/JointState");
    const read = messageReader("sensor_msgs/msg/JointState");
    fc.assert(
      fc.property(jointState, fc.nat(), fc.integer({ min: 1, max: 255 }), (message, at, flip) => {
        const cdr = write(message);
        const index = at % cdr.length;
        cdr[index] = (cdr[index] ?? 0) ^ flip;
        try {
          read(cdr);
        } catch (error) {
          expect(error).toBeInstanceOf(BridgeError);
          expect(error).toMatchObject({ code: "ros/type" });
        }
      }),
      seeded,
    );
  });
});

describe("ROS time", () => {
  it("keeps every nanosecond of a stamp", () => {
    const limitNs = 2n ** 31n * 1_000_000_000n;
    fc.assert(
      fc.property(fc.bigInt({ min: -limitNs, max: limitNs - 1n }), (ns) => {
        const { sec, nanosec } = rosTime(stampNs(ns));
        expect(BigInt(sec) * 1_000_000_000n + BigInt(nanosec)).toBe(ns);
        expect(nanosec >= 0 && nanosec < 1_000_000_000).toBe(true);
      }),
      seeded,
    );
  });

  it("of later steps is strictly later", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 1000, noNaN: true }), (stepMs) => {
        const ns = [1, 2, 3, 32].map((step) => {
          const { sec, nanosec } = rosDuration(step * stepMs);
          return sec * 1e9 + nanosec;
        });
        expect(ns).toEqual([...new Set(ns)].sort((a, b) => a - b));
      }),
      seeded,
    );
  });
});

describe("the predicted state", () => {
  it("lies between the predicted steps around its own stamp, whatever time is asked for", () => {
    const steps = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 32 });
    fc.assert(
      fc.property(steps, fc.integer({ min: -5000, max: 5000 }), (posRad, timeMs) => {
        const one = prediction({ axisCount: 1, posRad, velRadPerS: posRad });
        const state = predictedStateAt(one, timeMs, makePredictedState(1));
        const step = state.stampMs / one.stepMs;
        const around = [posRad[Math.floor(step) - 1], posRad[Math.ceil(step) - 1]].map(Number);
        expect(step).toBeGreaterThanOrEqual(1);
        expect(step).toBeLessThanOrEqual(posRad.length);
        expect(state.posRad[0]).toBeGreaterThanOrEqual(Math.min(...around));
        expect(state.posRad[0]).toBeLessThanOrEqual(Math.max(...around));
        expect(state.velRadPerS[0]).toBe(state.posRad[0]);
      }),
      seeded,
    );
  });
});

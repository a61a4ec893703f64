import { describe, expect, it } from "vitest";
import { chainFromJoints, type Xyzw } from "../../../bridge/core/kinematics.ts";
import {
  readFrdQuaternion,
  readFrdRates,
  writeFrdQuaternion,
  writeFrdRates,
  type GimbalAngles,
  type JointOrder,
} from "../../../devices/drivers/mavlink/gimbal-frames.ts";
import { loadProfile } from "../../../devices/profiles/load-profile.ts";
import { fileURLToPath } from "node:url";

const orders = ["yaw-roll-pitch", "yaw-pitch-roll"] as const satisfies JointOrder[];
const none = (): GimbalAngles => ({ yawRad: 0, rollRad: 0, pitchRad: 0 });
const half = Math.SQRT1_2;
const device = loadProfile(
  fileURLToPath(new URL("../../../devices/profiles/mavlink-gimbal.json", import.meta.url)),
);
const poses = [-1.3, -0.4, 0, 0.7, 1.2].flatMap((yawRad) =>
  [-0.6, 0, 0.5].flatMap((rollRad) =>
    [-0.7, 0, 1.1].map((pitchRad) => ({ yawRad, rollRad, pitchRad })),
  ),
);

describe("attitudes between our frames and MAVLink's", () => {
  // By MAVLink's definition: yaw right about down, pitch up about right, roll right about forward.
  it.each([
    ["yaw left", { yawRad: Math.PI / 2 }, [half, 0, 0, -half]],
    ["yaw right", { yawRad: -Math.PI / 2 }, [half, 0, 0, half]],
    ["pitch down", { pitchRad: Math.PI / 2 }, [half, 0, -half, 0]],
    ["pitch up", { pitchRad: -Math.PI / 2 }, [half, 0, half, 0]],
    ["roll right", { rollRad: Math.PI / 2 }, [half, half, 0, 0]],
    ["roll left", { rollRad: -Math.PI / 2 }, [half, -half, 0, 0]],
  ] as const)("a quarter turn of %s", (_, angles, expected) => {
    for (const order of orders) {
      const q = new Float64Array(4);
      writeFrdQuaternion({ ...none(), ...angles }, order, q);
      for (const [index, part] of expected.entries()) expect(q[index]).toBeCloseTo(part, 12);
    }
  });

  it.each([
    ["yaw left", { yawRad: 1 }, [0, 0, -1]],
    ["pitch down", { pitchRad: 1 }, [0, -1, 0]],
    ["roll right", { rollRad: 1 }, [1, 0, 0]],
  ] as const)("a rate of %s", (_, rates, expected) => {
    for (const order of orders) {
      const out = new Float64Array(3);
      writeFrdRates(none(), { ...none(), ...rates }, order, out);
      expect([...out].map((value) => value + 0)).toEqual([...expected]);
    }
  });

  it.each(orders)("there and back, %s, also for the negative quaternion", (order) => {
    for (const angles of poses) {
      const q = new Float64Array(4);
      writeFrdQuaternion(angles, order, q);
      for (const sign of [1, -1]) {
        const out = none();
        expect(
          readFrdQuaternion(
            q.map((part) => sign * part),
            order,
            out,
          ),
        ).toBe(true);
        for (const joint of ["yawRad", "rollRad", "pitchRad"] as const)
          expect(out[joint]).toBeCloseTo(angles[joint], 10);
      }
    }
  });

  it.each(orders)("rates there and back, %s", (order) => {
    const rates = { yawRad: 0.3, rollRad: -0.2, pitchRad: 0.9 };
    for (const angles of poses) {
      const w = new Float64Array(3);
      const out = none();
      writeFrdRates(angles, rates, order, w);
      expect(readFrdRates(w[0]!, w[1]!, w[2]!, angles, order, out)).toBe(true);
      for (const joint of ["yawRad", "rollRad", "pitchRad"] as const)
        expect(out[joint]).toBeCloseTo(rates[joint], 10);
    }
  });

  it.each(orders)("rates are how the attitude changes, %s", (order) => {
    const rates = { yawRad: 0.3, rollRad: -0.2, pitchRad: 0.9 };
    const step = 1e-6;
    for (const angles of poses) {
      const [before, after, w] = [new Float64Array(4), new Float64Array(4), new Float64Array(3)];
      writeFrdQuaternion(angles, order, before);
      const moved = {
        yawRad: angles.yawRad + step * rates.yawRad,
        rollRad: angles.rollRad + step * rates.rollRad,
        pitchRad: angles.pitchRad + step * rates.pitchRad,
      };
      writeFrdQuaternion(moved, order, after);
      writeFrdRates(angles, rates, order, w);
      // The vector part of conj(before) * after is half the turn seen from the camera.
      const [a, b, c, d] = before;
      const [e, f, g, h] = after;
      const turn = [
        a! * f! - b! * e! - c! * h! + d! * g!,
        a! * g! - c! * e! - d! * f! + b! * h!,
        a! * h! - d! * e! - b! * g! + c! * f!,
      ];
      for (const [index, part] of turn.entries())
        expect((2 * part) / step).toBeCloseTo(w[index]!, 4);
    }
  });

  it("the attitude is that of the profile's own chain", () => {
    for (const { yawRad, rollRad, pitchRad } of poses) {
      const q = new Float64Array(4);
      writeFrdQuaternion({ yawRad, rollRad, pitchRad }, "yaw-roll-pitch", q);
      const flu: Xyzw = [q[1]!, -q[2]!, -q[3]!, q[0]!];
      const chain = chainFromJoints(device, [yawRad, rollRad, pitchRad]).at(-1)!.rotationXyzw;
      const dot = flu.reduce((sum, part, index) => sum + part * chain[index]!, 0);
      expect(Math.abs(dot)).toBeCloseTo(1, 10);
    }
  });

  it.each([[[0, 0, 0, 0]], [[Number.NaN, 0, 0, 0]], [[2, 0, 0, 0]], [[1, Infinity, 0, 0]]])(
    "%j is no rotation",
    (parts) => {
      const out = { yawRad: 1, rollRad: 2, pitchRad: 3 };
      expect(readFrdQuaternion(Float64Array.from(parts), "yaw-roll-pitch", out)).toBe(false);
      expect(out).toEqual({ yawRad: 1, rollRad: 2, pitchRad: 3 });
    },
  );
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MountMotion, type MotionIntent } from "../../../devices/actuation/motion.ts";
import { mount } from "../../unit/devices/mount.ts";
import { atMost, optimalS, periodMs, periodS, runsTimes } from "./axis-laws.ts";

const axisRad = mount.axes.map((axis) =>
  fc.double({ min: axis.lowerRad, max: axis.upperRad, noNaN: true }).map((rad) => rad + 0),
);
const free = fc.tuple(axisRad[1]!, axisRad[2]!, axisRad[3]!);
const deployedRad = mount.homeRad[0]!;

/** Where each axis was when it last moved, in ticks. */
function arrivals(motion: MountMotion): number[] {
  const last = mount.axes.map(() => 0);
  for (let tick = 1; motion.moving || tick < 3; tick += 1) {
    motion.tick(1000 + tick * periodMs);
    motion.velRadPerS.forEach((velocity, index) => {
      if (velocity !== 0) last[index] = tick;
    });
    atMost(tick, 10_000, "ticks to arrive");
  }
  return last;
}

/** One tick; fails if an axis broke a limit, as seen from one setpoint to the next. */
function tickWithinLimits(motion: MountMotion, nowMs: number): void {
  const before = mount.axes.map((_, index) => motion.stateOf(index));
  motion.tick(nowMs);
  mount.axes.forEach((axis, index) => {
    const [from, to] = [before[index]!, motion.stateOf(index)];
    const jerk = Math.abs(to.accRadPerS2 - from.accRadPerS2) / periodS;
    atMost(jerk, axis.maxJerkRadPerS3 * (1 + 1e-6) + 1e-6, `${axis.name} jerk`);
    atMost(
      Math.abs(to.accRadPerS2),
      axis.maxAccelerationRadPerS2 + 1e-9,
      `${axis.name} acceleration`,
    );
    atMost(Math.abs(to.velRadPerS), axis.maxVelocityRadPerS + 1e-9, `${axis.name} velocity`);
    atMost(to.posRad, axis.upperRad + 1e-9, `${axis.name} position`);
    atMost(-to.posRad, -axis.lowerRad + 1e-9, `${axis.name} negative position`);
  });
}

describe("axes that go to positions together", () => {
  it("arrive together, the slowest as soon as it can", () => {
    fc.assert(
      fc.property(free, free, fc.double({ min: 0.2, max: 1, noNaN: true }), (from, to, ratio) => {
        const motion = new MountMotion(mount, periodMs);
        motion.reset(Float64Array.of(deployedRad, ...from));
        motion.setIntent({ kind: "position", posRad: [null, ...to], velocityRatio: ratio });
        // A move of less is over in a few ticks however slowly it is made.
        const moved = arrivals(motion)
          .slice(1)
          .filter((_, index) => Math.abs(from[index]! - to[index]!) > 1e-4);
        const optimaS = to.map((goal, index) => {
          const axis = mount.axes[index + 1]!;
          const limits = { ...axis, maxVelocityRadPerS: axis.maxVelocityRadPerS * ratio };
          return optimalS(Math.abs(goal - from[index]!), limits);
        });
        expect([...motion.posRad]).toEqual([deployedRad, ...to]);
        // Nobody sets off.
        if (moved.length === 0) return;
        expect(Math.max(...moved) - Math.min(...moved)).toBeLessThanOrEqual(3);
        expect(Math.max(...moved) * periodS).toBeLessThanOrEqual(
          Math.max(...optimaS) * 1.01 + 2 * periodS,
        );
      }),
      runsTimes(500),
    );
  });
});

describe("a motion whose ticks come late", () => {
  const jitteredMs = fc.array(fc.double({ min: 0.2, max: 3, noNaN: true }), {
    minLength: 60,
    maxLength: 60,
  });
  const intent: fc.Arbitrary<MotionIntent> = fc.oneof(
    free.map((to) => ({ kind: "position" as const, posRad: [null, ...to], velocityRatio: 1 })),
    free.map((vel) => ({
      kind: "velocity" as const,
      velRadPerS: [null, ...vel],
      expiresAtMs: 1400,
    })),
    fc.tuple(free, free).map(([posRad, velRadPerS]) => ({
      kind: "point" as const,
      posRad: [null, ...posRad],
      velRadPerS: [null, ...velRadPerS],
      atMs: 1100,
      expiresAtMs: 2000,
    })),
  );

  it("keeps every limit from setpoint to setpoint, with periods from a fifth to three times the nominal", () => {
    fc.assert(
      fc.property(free, fc.array(fc.tuple(intent, jitteredMs), { maxLength: 8 }), (from, steps) => {
        const motion = new MountMotion(mount, periodMs);
        motion.reset(Float64Array.of(deployedRad, ...from));
        let nowMs = 1000;
        for (const [wanted, jitter] of steps) {
          motion.setIntent(wanted);
          for (const times of jitter) tickWithinLimits(motion, (nowMs += times * periodMs));
        }
        motion.setIntent({ kind: "hold" });
        while (motion.moving) tickWithinLimits(motion, (nowMs += periodMs));
      }),
      runsTimes(500),
    );
  });
});

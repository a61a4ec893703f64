import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AxisShaper } from "../../../devices/actuation/shaper.ts";
import type { MotionLimits } from "../../../devices/actuation/velocity-transition.ts";
import {
  atMost,
  limitsArbitrary,
  optimalS,
  periodMs,
  periodS,
  runsTimes,
  startedAxis,
  stepWithinLimits,
  tiny,
} from "./axis-laws.ts";

type Goal =
  | { readonly kind: "position"; readonly ratio: number; readonly speed: number }
  | { readonly kind: "velocity"; readonly speed: number }
  | { readonly kind: "stop" };

const signedRatio = fc.double({ min: -1.5, max: 1.5, noNaN: true });
const goalArbitrary: fc.Arbitrary<Goal> = fc.oneof(
  fc.record({
    kind: fc.constant("position" as const),
    ratio: fc.double({ min: -0.2, max: 1.2, noNaN: true }),
    speed: fc.double({ min: 0.05, max: 1.5, noNaN: true }),
  }),
  fc.record({ kind: fc.constant("velocity" as const), speed: signedRatio }),
  fc.constant({ kind: "stop" as const }),
);

function setGoal(axis: AxisShaper, goal: Goal): void {
  const { lowerRad, upperRad, maxVelocityRadPerS } = axis.limits;
  if (goal.kind === "stop") axis.stop();
  else if (goal.kind === "velocity") {
    if (goal.speed === 0) axis.stop();
    else axis.setVelocity(goal.speed * maxVelocityRadPerS);
  } else {
    const target = lowerRad + goal.ratio * (upperRad - lowerRad);
    axis.setPosition(target, goal.speed * maxVelocityRadPerS);
  }
}

function runToRest(axis: AxisShaper, each: () => void = () => undefined): number {
  let ticks = 0;
  while (axis.moving && ticks < 200_000) {
    stepWithinLimits(axis);
    each();
    ticks += 1;
  }
  expect(axis.moving).toBe(false);
  return ticks;
}

const ratio = fc.double({ min: 0, max: 1, noNaN: true });
const runs = runsTimes(1000);

describe("the shaper of one axis", () => {
  it("keeps every limit under goals that change after any number of ticks, and then settles", () => {
    const change = fc.record({ goal: goalArbitrary, ticks: fc.integer({ min: 1, max: 120 }) });
    fc.assert(
      fc.property(
        limitsArbitrary,
        ratio,
        fc.array(change, { minLength: 1, maxLength: 30 }),
        (limits, start, changes) => {
          const axis = startedAxis(limits, start);
          for (const { goal, ticks } of changes) {
            setGoal(axis, goal);
            for (let tick = 0; tick < ticks; tick += 1) stepWithinLimits(axis);
          }
          axis.stop();
          runToRest(axis);
        },
      ),
      runs,
    );
  });

  it("keeps every limit when the goal changes at every tick", () => {
    fc.assert(
      fc.property(
        limitsArbitrary,
        ratio,
        fc.array(goalArbitrary, { minLength: 50, maxLength: 400 }),
        (limits, start, goals) => {
          const axis = startedAxis(limits, start);
          for (const goal of goals) {
            setGoal(axis, goal);
            stepWithinLimits(axis);
          }
        },
      ),
      runs,
    );
  });

  it("moves from rest to a target without overshoot, exactly, in the optimal time rounded up to a tick", () => {
    fc.assert(
      fc.property(limitsArbitrary, ratio, ratio, (limits, from, to) => {
        const axis = startedAxis(limits, from);
        const startRad = axis.posRad;
        const target = limits.lowerRad + to * (limits.upperRad - limits.lowerRad);
        const sign = Math.sign(target - startRad);
        axis.setPosition(target, limits.maxVelocityRadPerS);
        const ticks = runToRest(axis, () => {
          atMost(sign * (axis.posRad - target), tiny, "overshoot");
          atMost(-sign * axis.velRadPerS, tiny, "velocity away from the target");
        });
        const reached = Math.min(Math.max(target, limits.lowerRad), limits.upperRad);
        if (Math.abs(target - startRad) > 1e-9) expect(axis.posRad).toBe(reached);
        expect(ticks * periodS).toBeLessThanOrEqual(
          optimalS(Math.abs(target - startRad), limits) * (1 + 1e-4) + periodS * 1.001,
        );
        for (let tick = 0; tick < 10; tick += 1) axis.step();
        expect(axis.velRadPerS).toBe(0);
      }),
      runs,
    );
  });

  it("lands on the planned end without a step: what rounding leaves is below a nanoradian", () => {
    fc.assert(
      fc.property(limitsArbitrary, ratio, ratio, (limits, from, to) => {
        const axis = startedAxis(limits, from);
        axis.setPosition(
          limits.lowerRad + to * (limits.upperRad - limits.lowerRad),
          limits.maxVelocityRadPerS,
        );
        let previous = { pos: axis.posRad, vel: axis.velRadPerS };
        runToRest(axis, () => {
          const jump = Math.abs(axis.posRad - previous.pos);
          // Within a tick the axis covers no more than its speed before or after allows.
          const speed = Math.max(Math.abs(previous.vel), Math.abs(axis.velRadPerS));
          const bend = (limits.maxAccelerationRadPerS2 * periodS * periodS) / 2;
          atMost(jump, speed * periodS + bend + tiny, "travel in one tick");
          previous = { pos: axis.posRad, vel: axis.velRadPerS };
        });
      }),
      runs,
    );
  });

  it("reaches the velocity asked for and keeps it while there is way", () => {
    const limits: MotionLimits = {
      lowerRad: -1000,
      upperRad: 1000,
      maxVelocityRadPerS: 2,
      maxAccelerationRadPerS2: 8,
      maxJerkRadPerS3: 80,
    };
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 1, maxLength: 6 }),
        (velocities) => {
          const axis = startedAxis(limits, 0.5);
          for (const velocity of velocities) {
            if (Math.abs(velocity) < 1e-6) continue;
            axis.setVelocity(velocity);
            for (let tick = 0; tick < 300; tick += 1) stepWithinLimits(axis);
            expect(axis.velRadPerS).toBeCloseTo(velocity, 9);
          }
        },
      ),
      runs,
    );
  });

  it("goes past a target inside the braking distance, comes back and stays on it", () => {
    const axis = startedAxis(
      {
        lowerRad: -3,
        upperRad: 3,
        maxVelocityRadPerS: 2,
        maxAccelerationRadPerS2: 8,
        maxJerkRadPerS3: 80,
      },
      0.5,
    );
    axis.setVelocity(2);
    for (let tick = 0; tick < 150; tick += 1) stepWithinLimits(axis);
    const target = axis.posRad + 0.1;
    const brakingEnd = axis.stopPosRad;
    expect(brakingEnd).toBeGreaterThan(target);
    axis.setPosition(target, 2);
    let furthest = axis.posRad;
    runToRest(axis, () => {
      furthest = Math.max(furthest, axis.posRad);
    });
    expect(axis.posRad).toBe(target);
    expect(furthest).toBeLessThanOrEqual(brakingEnd + tiny);
  });

  it("brings a start beyond the limits back inside them and keeps them from then on", () => {
    const start = fc.record({
      pos: fc.double({ min: -0.5, max: 1.5, noNaN: true }),
      vel: fc.double({ min: -4, max: 4, noNaN: true }),
      acc: fc.double({ min: -3, max: 3, noNaN: true }),
    });
    fc.assert(
      fc.property(start, ratio, (from, to) => {
        const limits: MotionLimits = {
          lowerRad: -1,
          upperRad: 2,
          maxVelocityRadPerS: 2,
          maxAccelerationRadPerS2: 8,
          maxJerkRadPerS3: 80,
        };
        const span = limits.upperRad - limits.lowerRad;
        const axis = new AxisShaper(limits, periodMs);
        axis.reset(
          limits.lowerRad + from.pos * span,
          from.vel * limits.maxVelocityRadPerS,
          from.acc * limits.maxAccelerationRadPerS2,
        );
        const target = limits.lowerRad + to * span;
        axis.setPosition(target, limits.maxVelocityRadPerS);
        for (let tick = 0; tick < 4000 && axis.moving; tick += 1) axis.step();
        expect(axis.posRad).toBeCloseTo(target, 9);
        expect(axis.moving).toBe(false);
      }),
      runs,
    );
  });
});

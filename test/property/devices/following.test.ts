import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AxisShaper } from "../../../devices/actuation/shaper.ts";
import { limitsArbitrary, periodS, runsTimes, startedAxis, stepWithinLimits } from "./axis-laws.ts";

const ratio = fc.double({ min: 0, max: 1, noNaN: true });

interface Point {
  posRad: number;
  velRadPerS: number;
}

/** One period, within the limits, of following a point that moves on. */
function followOnce(axis: AxisShaper, point: Point): void {
  axis.reference.set([point.posRad, point.velRadPerS, 0]);
  point.posRad += point.velRadPerS * periodS;
  axis.reference.set([point.posRad, point.velRadPerS, 0], 3);
  axis.follow();
  stepWithinLimits(axis);
}

describe("an axis that follows a point", () => {
  it("keeps every limit, wherever the point jumps and however fast it goes, and can always stop", () => {
    const jump = fc.record({
      place: fc.double({ min: -0.3, max: 1.3, noNaN: true }),
      speed: fc.double({ min: -1.5, max: 1.5, noNaN: true }),
      ticks: fc.integer({ min: 1, max: 80 }),
    });
    fc.assert(
      fc.property(
        limitsArbitrary,
        ratio,
        fc.array(jump, { minLength: 1, maxLength: 25 }),
        (limits, start, jumps) => {
          const axis = startedAxis(limits, start);
          for (const { place, speed, ticks } of jumps) {
            const point = {
              posRad: limits.lowerRad + place * (limits.upperRad - limits.lowerRad),
              velRadPerS: speed * limits.maxVelocityRadPerS,
            };
            for (let tick = 0; tick < ticks; tick += 1) followOnce(axis, point);
          }
          axis.stop();
          while (axis.moving) stepWithinLimits(axis);
        },
      ),
      runsTimes(1000),
    );
  });

  it("keeps its speed within a period too, where it turns from gaining speed to losing it", () => {
    const limits = {
      lowerRad: -10,
      upperRad: 10,
      maxVelocityRadPerS: 1,
      maxAccelerationRadPerS2: 5,
      maxJerkRadPerS3: 1650,
    };
    const axis = startedAxis(limits, 0.5);
    axis.reset(0, 0.999996, 0.1);
    followOnce(axis, { posRad: 0, velRadPerS: 0.98 });
  });

  it("comes to a point that stands and rests there exactly", () => {
    fc.assert(
      fc.property(limitsArbitrary, ratio, ratio, (limits, start, end) => {
        const axis = startedAxis(limits, start);
        const span = limits.upperRad - limits.lowerRad;
        const point = { posRad: limits.lowerRad + end * span, velRadPerS: 0 };
        const enoughS =
          5 +
          (3 * span) / limits.maxVelocityRadPerS +
          6 * Math.sqrt(span / limits.maxAccelerationRadPerS2) +
          6 * Math.cbrt(span / limits.maxJerkRadPerS3);
        for (let tick = 0; tick < enoughS / periodS; tick += 1) followOnce(axis, point);
        expect(Math.abs(axis.posRad - point.posRad)).toBeLessThan(1e-9);
        expect(axis.moving).toBe(false);
      }),
      runsTimes(200),
    );
  });

  it("stays on a point that moves, once it has caught up with it", () => {
    fc.assert(
      fc.property(
        limitsArbitrary,
        fc.double({ min: -0.8, max: 0.8, noNaN: true }),
        (limits, speed) => {
          // A range it cannot run out of.
          const wide = { ...limits, lowerRad: -1e4, upperRad: 1e4 };
          const axis = startedAxis(wide, 0.5);
          const velRadPerS = speed * wide.maxVelocityRadPerS;
          const point = { posRad: axis.posRad + 0.1, velRadPerS };
          const rampS = wide.maxVelocityRadPerS / wide.maxAccelerationRadPerS2;
          const jerkS = wide.maxAccelerationRadPerS2 / wide.maxJerkRadPerS3;
          const enoughS = 3 + 12 * (rampS + jerkS) + (2 * 0.1) / (0.15 * wide.maxVelocityRadPerS);
          for (let tick = 0; tick < enoughS / periodS; tick += 1) followOnce(axis, point);
          expect(Math.abs(axis.posRad - point.posRad)).toBeLessThan(1e-6);
          expect(Math.abs(axis.velRadPerS - velRadPerS)).toBeLessThan(1e-5);
        },
      ),
      runsTimes(200),
    );
  });
});

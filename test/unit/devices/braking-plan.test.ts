import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BrakingPlan } from "../../../devices/drivers/ros2/braking-plan.ts";
import { mount } from "./mount.ts";

const { axes } = mount;
const array = (values: readonly number[]): Float64Array => Float64Array.from(values);
const home = array(mount.homeRad);

/** The cubic between two points, as ros2_controllers has it. */
function cubic(p0: number, v0: number, p1: number, v1: number, spanS: number, s: number): number {
  const [w0, w1] = [v0 * spanS, v1 * spanS];
  const a = 2 * p0 - 2 * p1 + w0 + w1;
  const b = -3 * p0 + 3 * p1 - 2 * w0 - w1;
  return ((a * s + b) * s + w0) * s + p0;
}

describe("a plan that brakes by itself", () => {
  const plan = new BrakingPlan(axes);

  it("at rest is one point, no sooner than an axis can be there", () => {
    plan.lay({ posRad: array([2.1, 1, 0, 0.1]), velRadPerS: array([0, 0, 0, 0]) }, home, 0.04);
    expect(plan.count).toBe(1);
    expect(plan.end.timeS).toBeCloseTo(1 / axes[1]!.maxVelocityRadPerS, 12);
    expect([...plan.end.velRadPerS]).toEqual([0, 0, 0, 0]);
  });

  it("moving goes on for the lead, then brakes at the axis's own acceleration", () => {
    const ahead = { posRad: array([2.1, 0.04, 0, 0.1]), velRadPerS: array([0, 1, 0, 0]) };
    plan.lay(ahead, home, 0.04);
    const brakeS = 1 / axes[1]!.maxAccelerationRadPerS2;
    expect(plan.count).toBe(2);
    expect(plan.points[0].timeS).toBeCloseTo(0.04, 12);
    expect(plan.end.timeS).toBeCloseTo(0.04 + brakeS, 12);
    expect(plan.end.posRad[1]).toBeCloseTo(0.04 + brakeS / 2, 12);
    expect(plan.end.velRadPerS[1]).toBe(0);
  });

  it("ends at rest, within every range, whatever the setpoint says", () => {
    const around = fc.array(fc.double({ min: -4, max: 4, noNaN: true }), {
      minLength: axes.length,
      maxLength: axes.length,
    });
    fc.assert(
      fc.property(around, around, around, (pos, vel, from) => {
        plan.lay({ posRad: array(pos), velRadPerS: array(vel) }, array(from), 0.04);
        const [first] = plan.points;
        const last = plan.end;
        expect(last.timeS).toBeGreaterThanOrEqual(first.timeS);
        for (const [index, axis] of axes.entries()) {
          expect(last.velRadPerS[index]).toBe(0);
          for (const point of [first, last]) {
            expect(point.posRad[index]).toBeGreaterThanOrEqual(axis.lowerRad);
            expect(point.posRad[index]).toBeLessThanOrEqual(axis.upperRad);
          }
          // Never asked to be there sooner than its speed allows.
          const distance = Math.abs(first.posRad[index]! - from[index]!);
          expect(distance / first.timeS).toBeLessThanOrEqual(axis.maxVelocityRadPerS + 1e-9);
        }
      }),
      { numRuns: Number(process.env["KAIROS_PROPERTY_RUNS"] ?? 2000) },
    );
  });

  it("brakes along the parabola: the cubic between its points never turns back", () => {
    const ahead = { posRad: array([2.1, 0, 0, 0.1]), velRadPerS: array([0, 1.5, 0, -0.7]) };
    plan.lay(ahead, home, 0.04);
    const [from, to] = plan.points;
    for (const axis of [1, 3]) {
      let last = from.posRad[axis]!;
      for (let s = 0.02; s <= 1; s += 0.02) {
        const here = cubic(
          from.posRad[axis]!,
          from.velRadPerS[axis]!,
          to.posRad[axis]!,
          0,
          to.timeS - from.timeS,
          s,
        );
        expect((here - last) * Math.sign(from.velRadPerS[axis]!)).toBeGreaterThan(-1e-12);
        last = here;
      }
    }
  });
});

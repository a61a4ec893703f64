import process from "node:process";
import fc from "fast-check";
import { AxisShaper } from "../../../devices/actuation/shaper.ts";
import type { MotionLimits } from "../../../devices/actuation/velocity-transition.ts";

/** KAIROS_PROPERTY_RUNS multiplies what a property is tried with. */
export const runsTimes = (count: number): { readonly numRuns: number } => ({
  numRuns: count * Number(process.env["KAIROS_PROPERTY_RUNS"] ?? 1),
});

export const periodMs = 5;
export const periodS = periodMs / 1000;
/** Rounding of float64 over a few thousand ticks; a broken limit is many orders above. */
export const tiny = 1e-9;

export const limitsArbitrary: fc.Arbitrary<MotionLimits> = fc
  .record({
    lowerRad: fc.double({ min: -6, max: 0, noNaN: true }),
    spanRad: fc.double({ min: 0.01, max: 10, noNaN: true }),
    maxVelocityRadPerS: fc.double({ min: 0.05, max: 10, noNaN: true }),
    maxAccelerationRadPerS2: fc.double({ min: 0.1, max: 60, noNaN: true }),
    maxJerkRadPerS3: fc.double({ min: 1, max: 2000, noNaN: true }),
  })
  .map(({ spanRad, ...limits }) => ({ ...limits, upperRad: limits.lowerRad + spanRad }));

/** `expect` a million times is the whole run time; this is asked at every tick. */
export function atMost(found: number, limit: number, what: string): void {
  if (!(found <= limit)) throw new Error(`${what} is ${found}, limit ${limit}`);
}

/** One tick; fails if what moved broke a limit. */
export function stepWithinLimits(axis: AxisShaper): void {
  const { limits } = axis;
  const before = { pos: axis.posRad, vel: axis.velRadPerS, acc: axis.accRadPerS2 };
  axis.step();
  const jerk = Math.abs(axis.accRadPerS2 - before.acc) / periodS;
  const meanVel = Math.abs(axis.posRad - before.pos) / periodS;
  const meanAcc = Math.abs(axis.velRadPerS - before.vel) / periodS;
  atMost(jerk, limits.maxJerkRadPerS3 * (1 + 1e-6) + 1e-6, "jerk");
  atMost(Math.abs(axis.accRadPerS2), limits.maxAccelerationRadPerS2 + tiny, "acceleration");
  atMost(meanAcc, limits.maxAccelerationRadPerS2 + 1e-6, "mean acceleration");
  atMost(Math.abs(axis.velRadPerS), limits.maxVelocityRadPerS + tiny, "velocity");
  atMost(meanVel, limits.maxVelocityRadPerS + 1e-6, "mean velocity");
  atMost(-axis.posRad, -limits.lowerRad + tiny, "way below the lower limit");
  atMost(axis.posRad, limits.upperRad + tiny, "position");
}

export function startedAxis(limits: MotionLimits, startRatio: number): AxisShaper {
  const axis = new AxisShaper(limits, periodMs);
  axis.reset(limits.lowerRad + startRatio * (limits.upperRad - limits.lowerRad));
  return axis;
}

/** Duration of the time-optimal rest-to-rest profile (seven phases, textbook cases). */
export function optimalS(distance: number, limits: MotionLimits): number {
  const v = limits.maxVelocityRadPerS;
  const a = limits.maxAccelerationRadPerS2;
  const j = limits.maxJerkRadPerS3;
  const reachesAcc = v * j >= a * a;
  const rampS = reachesAcc ? v / a + a / j : 2 * Math.sqrt(v / j);
  if (distance >= v * rampS) return 2 * rampS + (distance - v * rampS) / v;
  if (distance <= (2 * a ** 3) / j ** 2) return 4 * Math.cbrt(distance / (2 * j));
  return a / j + Math.sqrt((a / j) ** 2 + (4 * distance) / a);
}

import type { Telemetry } from "../../contract/actuator-driver.ts";
import type { FaultLine } from "./fault-plan.ts";
import { FaultyLink } from "./faulty-link.ts";

export type JointSample = Telemetry;

/** A sample that is overtaken comes a few samples later. */
const overtakenMs = 12;

/** What happens to joint samples between the device and whoever reads them. */
export class JointFaults {
  readonly #line: FaultLine;
  readonly #axisNames: readonly string[];
  readonly #link: FaultyLink<JointSample>;
  /** The last value of each axis that was not frozen. */
  readonly #keptPosRad: Float64Array;
  readonly #keptVelRadPerS: Float64Array;

  constructor(line: FaultLine, axisNames: readonly string[]) {
    this.#line = line;
    this.#axisNames = axisNames;
    this.#link = new FaultyLink({ line, overtakenMs, lostDuring: ["dropout"] });
    this.#keptPosRad = new Float64Array(axisNames.length).fill(Number.NaN);
    this.#keptVelRadPerS = new Float64Array(axisNames.length);
  }

  /** @param sample copied. */
  send(sample: Readonly<JointSample>, nowMs: number): void {
    const copy: JointSample = {
      stampMs: sample.stampMs,
      posRad: sample.posRad.slice(),
      velRadPerS: sample.velRadPerS.slice(),
      effortNm: sample.effortNm.slice(),
    };
    this.spoil(copy, nowMs);
    this.#link.send(copy, nowMs);
  }

  deliver(nowMs: number, take: (sample: JointSample) => void): void {
    this.#link.deliver(nowMs, take);
  }

  isDead(nowMs: number): boolean {
    return this.#link.isDead(nowMs);
  }

  /** What the sensors do to the values, in place; the link comes after. */
  spoil(sample: JointSample, nowMs: number): void {
    const skew = this.#line.strike("skew", nowMs);
    if (skew !== undefined) sample.stampMs += this.#line.draw(skew);
    this.#axisNames.forEach((name, axis) => {
      this.#freeze(sample, axis, this.#line.strike("freeze", nowMs, name) !== undefined);
      const limit = this.#line.strike("saturate", nowMs, name)?.value;
      const posRad = sample.posRad[axis] ?? Number.NaN;
      if (limit !== undefined) sample.posRad[axis] = Math.min(Math.max(posRad, -limit), limit);
      if (this.#line.strike("nan", nowMs, name) === undefined) return;
      sample.posRad[axis] = Number.NaN;
      sample.velRadPerS[axis] = Number.NaN;
    });
  }

  #freeze(sample: JointSample, axis: number, isFrozen: boolean): void {
    if (isFrozen && !Number.isNaN(this.#keptPosRad[axis])) {
      sample.posRad[axis] = this.#keptPosRad[axis] ?? 0;
      sample.velRadPerS[axis] = this.#keptVelRadPerS[axis] ?? 0;
      return;
    }
    this.#keptPosRad[axis] = sample.posRad[axis] ?? Number.NaN;
    this.#keptVelRadPerS[axis] = sample.velRadPerS[axis] ?? 0;
  }
}

import type { Telemetry } from "../../contract/actuator-driver.ts";
import type { Simulator } from "../../contract/simulator.ts";
import type { FaultLine, FaultPlan } from "./fault-plan.ts";

/** A physics world that stalls, breaks or loses its servos' power, as the plan says. */
export class FaultySimulator implements Simulator {
  readonly axisNames: readonly string[];
  readonly stepS: number;
  readonly #inner: Simulator;
  readonly #line: FaultLine;
  readonly #now: () => number;
  readonly #targets: Float64Array;
  readonly #state: Telemetry;

  constructor(
    inner: Simulator,
    { plan, monotonicMs }: { readonly plan: FaultPlan; readonly monotonicMs: () => number },
  ) {
    const axisCount = inner.axisNames.length;
    this.axisNames = inner.axisNames;
    this.stepS = inner.stepS;
    this.#inner = inner;
    this.#line = plan.at("sim");
    this.#now = monotonicMs;
    this.#targets = new Float64Array(axisCount);
    this.#state = {
      stampMs: 0,
      posRad: new Float64Array(axisCount),
      velRadPerS: new Float64Array(axisCount),
      effortNm: new Float64Array(axisCount),
    };
    inner.readState(this.#state);
    this.#targets.set(this.#state.posRad);
  }

  get timeS(): number {
    return this.#inner.timeS;
  }

  reset(seed: number): void | Promise<void> {
    return this.#inner.reset(seed);
  }

  setTargets(posRad: Float64Array): void {
    this.#targets.set(posRad);
  }

  step(count: number): void | Promise<void> {
    const nowMs = this.#now();
    if (this.#line.strike("freeze", nowMs) !== undefined) return undefined;
    this.#inner.setTargets(this.#drivenTargets(nowMs, count));
    return this.#inner.step(count);
  }

  readState(out: Telemetry): void {
    this.#inner.readState(out);
    if (this.#line.strike("nan", this.#now()) === undefined) return;
    out.posRad.fill(Number.NaN);
    out.velRadPerS.fill(Number.NaN);
  }

  [Symbol.dispose](): void {
    this.#inner[Symbol.dispose]();
  }

  #drivenTargets(nowMs: number, count: number): Float64Array {
    const isLimp = this.#line.strike("brownout", nowMs) !== undefined;
    const slow = this.#line.strike("saturate", nowMs);
    if (!isLimp && slow === undefined) return this.#targets;
    this.#inner.readState(this.#state);
    // A servo without power asks for nothing: its target is wherever the joint is.
    if (isLimp) return this.#state.posRad;
    const reachRad = (slow?.value ?? 0) * Math.max(count * this.stepS, 0.05);
    return this.#targets.map((target, axis) => {
      const posRad = this.#state.posRad[axis] ?? 0;
      return Math.min(Math.max(target, posRad - reachRad), posRad + reachRad);
    });
  }
}

import type { Clock } from "../../contract/clock.ts";
import { stampNs, type StampNs } from "../../contract/units.ts";
import type { FaultLine, FaultPlan } from "./fault-plan.ts";

/**
 * A clock whose wall time jumps. Monotonic time goes on: that is what CLOCK_MONOTONIC promises, and a
 * jump of it (`clock.suspend`) would have to reach every thread at once.
 */
export class FaultyClock implements Clock {
  readonly #inner: Clock;
  readonly #line: FaultLine;
  #offsetNs = 0n;

  constructor(inner: Clock, plan: FaultPlan) {
    this.#inner = inner;
    this.#line = plan.at("clock");
  }

  monotonicMs(): number {
    return this.#inner.monotonicMs();
  }

  stampNsAt(monotonicMs: number): StampNs {
    const step = this.#line.strikeOnce("step", this.#inner.monotonicMs());
    if (step !== undefined) this.#offsetNs += BigInt(Math.round(this.#line.draw(step) * 1e6));
    return stampNs(this.#inner.stampNsAt(monotonicMs) + this.#offsetNs);
  }
}

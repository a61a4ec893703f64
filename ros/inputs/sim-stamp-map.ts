import { SimTimeMap } from "../../bridge/core/sim-time-map.ts";
import type { StampLimits, StampMap, StampVerdict } from "./stamp-map.ts";

/**
 * Stamps of simulated time, as /clock tells it: use_sim_time. The world may run faster or slower than
 * time, pause and be reset; messages are judged against the clock as heard, not against the wall.
 */
export class SimStampMap implements StampMap {
  timeMs = Number.NaN;
  ageMs = Number.NaN;
  readonly #limits: StampLimits;
  readonly #map = new SimTimeMap();
  #simMs = Number.NaN;
  #heardMs = Number.NaN;

  constructor(limits: StampLimits) {
    this.#limits = limits;
  }

  get offsetMs(): number {
    return this.#heardMs - this.#simMs;
  }

  get stepCount(): number {
    return this.#map.jumpCount;
  }

  /** Simulated seconds per second, as measured. */
  get realTimeFactor(): number {
    return this.#map.realTimeFactor;
  }

  /** A message of /clock. // hot path */
  tick(simMs: number, arrivalMs: number): void {
    this.#heardMs = this.#map.stamp(simMs, arrivalMs);
    this.#simMs = simMs;
  }

  /** // hot path */
  judge(stampMs: number, arrivalMs: number): StampVerdict {
    if (Number.isNaN(this.#simMs)) return "no-clock";
    const timeMs = this.#map.timeOf(stampMs);
    this.ageMs = arrivalMs - timeMs;
    if (this.ageMs > this.#limits.maxAgeMs) return "stale";
    if (this.ageMs < -this.#limits.maxAheadMs) return "future";
    this.timeMs = Math.min(timeMs, arrivalMs);
    return "ok";
  }
}

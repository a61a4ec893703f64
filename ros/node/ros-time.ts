import type { Clock } from "../../bridge/contract/clock.ts";
import { stampNs, type StampNs } from "../../bridge/contract/units.ts";
import { SimTimeMap } from "../../bridge/core/sim-time-map.ts";

/** Where the stamps of a node come from: rcl's time sources, and the simulator's own. */
export type TimeSource =
  /** The machine's wall clock. */
  | "system"
  /** Whatever /clock says (use_sim_time). Zero before the first word of it, as in rcl. */
  | "clock-topic"
  /** Time since the start: the embedded simulator begins at zero and runs with the machine. */
  | "simulator";

/**
 * The clock that stamps what goes to ROS. Inside the process everything keeps monotonic time; only
 * what a stamp of it is called differs. With /clock a stamp is never later than the newest word of it,
 * and what was measured between two words is stamped between them.
 */
export class RosTime implements Clock {
  source: TimeSource;
  readonly #system: Clock;
  readonly #startMs: number;
  readonly #map = new SimTimeMap();
  #heardSimMs = Number.NaN;

  constructor(system: Clock, source: TimeSource) {
    this.#system = system;
    this.#startMs = system.monotonicMs();
    this.source = source;
  }

  /** True once stamps mean something. */
  get isSet(): boolean {
    return this.source !== "clock-topic" || !Number.isNaN(this.#heardSimMs);
  }

  monotonicMs(): number {
    return this.#system.monotonicMs();
  }

  /** A message of /clock has come. */
  hear(simMs: number): void {
    this.#map.stamp(simMs, this.#system.monotonicMs());
    this.#heardSimMs = simMs;
  }

  stampNsAt(monotonicMs: number): StampNs {
    switch (this.source) {
      case "system":
        return this.#system.stampNsAt(monotonicMs);
      case "simulator":
        return fromMs(monotonicMs - this.#startMs);
      case "clock-topic":
        return this.isSet
          ? fromMs(Math.min(this.#map.simTimeAt(monotonicMs), this.#heardSimMs))
          : stampNs(0n);
      default:
        return this.source satisfies never;
    }
  }
}

/** Before the beginning of simulated time there is nothing: rcl's stamps do not go below zero. */
const fromMs = (timeMs: number): StampNs =>
  stampNs(BigInt(Math.max(0, Math.round(timeMs * 1e3))) * 1000n);

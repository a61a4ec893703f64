import { wakePeriodMs, type PacedSimulation } from "./paced-simulation.ts";

/** Drives a simulation by counted steps instead of a clock; stamps go on from its anchor. */
export class VirtualTime {
  readonly #simulation: PacedSimulation;
  #stepCount: number;

  constructor(simulation: PacedSimulation) {
    this.#simulation = simulation;
    this.#stepCount = simulation.stepCount;
  }

  get stampMs(): number {
    return this.#simulation.anchorMs + this.#stepCount * this.#simulation.stepMs;
  }

  /** @throws BridgeError `sim/fault` from the simulator. */
  advance(steps: number): void {
    const { stepMs, anchorMs } = this.#simulation;
    const end = this.#stepCount + steps;
    const chunk = Math.max(1, Math.round(wakePeriodMs / stepMs));
    while (this.#stepCount < end) {
      this.#stepCount = Math.min(end, this.#stepCount + chunk);
      // Half a step more than needed: sums of stamps round.
      this.#simulation.tick(anchorMs + (this.#stepCount + 0.5) * stepMs);
    }
  }
}

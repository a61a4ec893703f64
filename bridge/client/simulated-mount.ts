import type { AgentAxis, DeviceReading } from "./device-agent.ts";

export interface SimulatedMountOptions {
  /** Where the joints stand at first; left out: the middle of each range. */
  readonly startRad?: readonly number[];
  /** Time constant with which a joint follows; default 40 ms. */
  readonly lagMs?: number;
}

const defaultLagMs = 40;

/**
 * A mount without hardware, for agents that have none: each joint follows with a first-order lag,
 * never faster than its axis and never out of its range. Time comes in.
 */
export class SimulatedMount {
  readonly #axes: readonly AgentAxis[];
  readonly #lagMs: number;
  readonly #posRad: number[];
  readonly #velRadPerS: number[];
  readonly #goalRad: number[];
  #limp = false;
  #lastMs: number | undefined;

  constructor(axes: readonly AgentAxis[], options: SimulatedMountOptions = {}) {
    this.#axes = axes;
    this.#lagMs = options.lagMs ?? defaultLagMs;
    this.#posRad = axes.map(
      ({ lowerRad, upperRad }, index) => options.startRad?.[index] ?? (lowerRad + upperRad) / 2,
    );
    this.#goalRad = [...this.#posRad];
    this.#velRadPerS = axes.map(() => 0);
  }

  get posRad(): readonly number[] {
    return this.#posRad;
  }

  follow(posRad: readonly number[]): void {
    for (const [index, goal] of posRad.entries()) this.#goalRad[index] = goal;
  }

  /** Stays where it is. */
  hold(): void {
    this.follow(this.#posRad);
  }

  setEnabled(enabled: boolean): void {
    this.#limp = !enabled;
    this.hold();
  }

  /** Lives on until `nowMs`, any monotonic clock. */
  step(nowMs: number): DeviceReading {
    const dtS = Math.max(0, nowMs - (this.#lastMs ?? nowMs)) / 1000;
    this.#lastMs = nowMs;
    const share = this.#limp ? 0 : 1 - Math.exp((-dtS * 1000) / this.#lagMs);
    for (const [index, axis] of this.#axes.entries()) {
      const from = this.#posRad[index] ?? 0;
      const goal = Math.min(Math.max(this.#goalRad[index] ?? from, axis.lowerRad), axis.upperRad);
      const most = axis.maxVelocityRadPerS * dtS;
      const step = Math.min(Math.max((goal - from) * share, -most), most);
      this.#posRad[index] = from + step;
      this.#velRadPerS[index] = dtS > 0 ? step / dtS : 0;
    }
    return { posRad: [...this.#posRad], velRadPerS: [...this.#velRadPerS] };
  }
}

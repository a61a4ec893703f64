import type { TrajectoryPlan } from "./trajectory-plan.ts";

/** Where the setpoints are, device order. */
export interface SetpointState {
  readonly stampMs: number;
  readonly posRad: ArrayLike<number>;
  readonly velRadPerS: ArrayLike<number>;
}

/** 1/s: how fast a difference between the setpoint and the trajectory is made up for. */
const gain = 10;
/** A setpoint further off than this for longer than that is held back by something: an interlock, a limit. */
const lostRad = 0.3;
const lostMs = 1000;

export type RunStep =
  | { readonly kind: "velocity"; readonly velRadPerS: Readonly<Record<string, number>> }
  | { readonly kind: "arrived"; readonly posRad: Readonly<Record<string, number>> }
  | { readonly kind: "lost"; readonly text: string };

/**
 * Follows a trajectory with velocities: that of the trajectory, and a part of what the setpoint is off.
 * From where the setpoint stands to the first point it goes as between two points. Between points
 * with velocities the path is a cubic, else a straight line, as joint_trajectory_controller has it.
 */
export class TrajectoryRun {
  readonly #plan: TrajectoryPlan;
  readonly #startMs: number;
  readonly #timesMs: readonly number[];
  readonly #posRad: readonly (readonly number[])[];
  readonly #velRadPerS: readonly (readonly number[] | undefined)[];
  #segment = 0;
  #goodMs: number;

  /** @param startMs monotonic time of the plan's zero. */
  constructor(plan: TrajectoryPlan, startMs: number, from: SetpointState) {
    this.#plan = plan;
    this.#startMs = startMs;
    this.#goodMs = from.stampMs;
    const begin = plan.axes.map(({ index }) => from.posRad[index] ?? 0);
    const beginVel = plan.axes.map(({ index }) => from.velRadPerS[index] ?? 0);
    const beginMs = Math.min(from.stampMs - startMs, (plan.timesMs[0] ?? 0) - 1e-3);
    this.#timesMs = [beginMs, ...plan.timesMs];
    this.#posRad = [begin, ...plan.posRad];
    this.#velRadPerS = [beginVel, ...plan.velRadPerS];
  }

  get endMs(): number {
    return this.#startMs + (this.#timesMs.at(-1) ?? 0);
  }

  /** What to command at `nowMs`, given where the setpoint stands. */
  step(nowMs: number, at: SetpointState): RunStep {
    const { axes } = this.#plan;
    if (nowMs >= this.endMs) {
      const last = this.#posRad.at(-1) ?? [];
      return { kind: "arrived", posRad: byName(axes, (column) => last[column] ?? 0) };
    }
    const wanted = this.#at(at.stampMs - this.#startMs);
    const ahead = this.#at(nowMs - this.#startMs);
    const offRad = axes.map(({ index }, column) => {
      return (wanted.posRad[column] ?? 0) - (at.posRad[index] ?? 0);
    });
    const worst = offRad.findIndex((rad) => Math.abs(rad) > lostRad);
    if (worst === -1) this.#goodMs = nowMs;
    else if (nowMs - this.#goodMs > lostMs) {
      const text = `${axes[worst]?.name ?? ""} is ${Math.abs(offRad[worst] ?? 0).toFixed(2)} rad off the trajectory for ${lostMs} ms`;
      return { kind: "lost", text };
    }
    const velRadPerS = byName(axes, (column) => {
      return (ahead.velRadPerS[column] ?? 0) + gain * (offRad[column] ?? 0);
    });
    return { kind: "velocity", velRadPerS };
  }

  #at(timeMs: number): {
    readonly posRad: readonly number[];
    readonly velRadPerS: readonly number[];
  } {
    const times = this.#timesMs;
    const last = times.length - 2;
    while (this.#segment < last && timeMs >= (times[this.#segment + 1] ?? 0)) this.#segment += 1;
    while (this.#segment > 0 && timeMs < (times[this.#segment] ?? 0)) this.#segment -= 1;
    const low = this.#segment;
    const beginMs = times[low] ?? 0;
    const lengthS = ((times[low + 1] ?? 0) - beginMs) / 1000;
    const ratio = Math.min(Math.max((timeMs - beginMs) / (1000 * lengthS), 0), 1);
    const from = { posRad: this.#posRad[low] ?? [], velRadPerS: this.#velRadPerS[low] };
    const to = { posRad: this.#posRad[low + 1] ?? [], velRadPerS: this.#velRadPerS[low + 1] };
    const states = from.posRad.map((p0, column) => {
      const p1 = to.posRad[column] ?? p0;
      const v0 = from.velRadPerS?.[column];
      const v1 = to.velRadPerS?.[column];
      if (v0 === undefined || v1 === undefined) return line(p0, p1, ratio, lengthS);
      return cubic({ p0, p1, v0, v1 }, ratio, lengthS);
    });
    return {
      posRad: states.map((state) => state.posRad),
      velRadPerS: states.map((state) => state.velRadPerS),
    };
  }
}

interface PointState {
  readonly posRad: number;
  readonly velRadPerS: number;
}

function line(p0: number, p1: number, ratio: number, lengthS: number): PointState {
  return { posRad: p0 + (p1 - p0) * ratio, velRadPerS: (p1 - p0) / lengthS };
}

/** The cubic Hermite polynomial through both points with their velocities. */
function cubic(
  ends: { readonly p0: number; readonly p1: number; readonly v0: number; readonly v1: number },
  ratio: number,
  lengthS: number,
): PointState {
  const { p0, p1, v0, v1 } = ends;
  const a = v0 * lengthS;
  const b = v1 * lengthS;
  const c3 = 2 * (p0 - p1) + a + b;
  const c2 = 3 * (p1 - p0) - 2 * a - b;
  return {
    posRad: p0 + ratio * (a + ratio * (c2 + ratio * c3)),
    velRadPerS: (a + ratio * (2 * c2 + 3 * ratio * c3)) / lengthS,
  };
}

function byName(
  axes: TrajectoryPlan["axes"],
  value: (column: number) => number,
): Readonly<Record<string, number>> {
  return Object.fromEntries(axes.map(({ name }, column) => [name, value(column)]));
}

import type { AxisDescription } from "../../../bridge/contract/device.ts";

/** Slower than this an axis rests: a setpoint's velocity is exact, so this is far below any motion. */
const restRadPerS = 1e-6;
/** A point closer than one control cycle of a slow controller would be in the past when it is read. */
const minTimeS = 0.01;

/** A point of a plan. The arrays are the plan's own and change with the next one. */
export interface PlanPoint {
  timeS: number;
  readonly posRad: Float64Array;
  readonly velRadPerS: Float64Array;
}

/**
 * Where a robot shall be in a moment, and how it comes to rest if it never hears more: on with the
 * velocity of the setpoint for `leadS`, then braking at the axes' own acceleration. Between the two
 * points a cubic, as ros2_controllers interpolates, is just that parabola. A newer plan takes the
 * place of this one long before it brakes.
 */
export class BrakingPlan {
  /** The moving point, then the point of rest; one alone when nothing moves. */
  readonly points: readonly [PlanPoint, PlanPoint];
  /** 1 or 2 of `points` count. */
  count: 1 | 2 = 1;
  readonly #axes: readonly AxisDescription[];

  constructor(axes: readonly AxisDescription[]) {
    this.#axes = axes;
    const point = (): PlanPoint => ({
      timeS: 0,
      posRad: new Float64Array(axes.length),
      velRadPerS: new Float64Array(axes.length),
    });
    this.points = [point(), point()];
  }

  /** Where the robot comes to rest. */
  get end(): PlanPoint {
    return this.points[this.count - 1] ?? this.points[0];
  }

  /**
   * @param ahead where the setpoint will be in `leadS`, and how fast.
   * @param fromRad where the joints are: it bounds how soon the first point may be reached, since no
   *   axis is asked for more than its speed, however far behind it is.
   */
  lay(
    ahead: { readonly posRad: Float64Array; readonly velRadPerS: Float64Array },
    fromRad: Float64Array,
    leadS: number,
  ): void {
    const [moving, rest] = this.points;
    let firstS = Math.max(leadS, minTimeS);
    let brakeS = 0;
    for (const [index, axis] of this.#axes.entries()) {
      const pos = clamp(ahead.posRad[index] ?? 0, axis);
      const max = axis.maxVelocityRadPerS;
      const vel = Math.min(Math.max(ahead.velRadPerS[index] ?? 0, -max), max);
      moving.posRad[index] = pos;
      moving.velRadPerS[index] = vel;
      firstS = Math.max(firstS, Math.abs(pos - (fromRad[index] ?? pos)) / max);
      if (Math.abs(vel) > restRadPerS) {
        brakeS = Math.max(brakeS, Math.abs(vel) / axis.maxAccelerationRadPerS2);
      }
    }
    moving.timeS = firstS;
    this.count = brakeS > 0 ? 2 : 1;
    if (this.count === 1) {
      moving.velRadPerS.fill(0);
      return;
    }
    rest.timeS = firstS + Math.max(brakeS, minTimeS);
    for (const [index, axis] of this.#axes.entries()) {
      const vel = moving.velRadPerS[index] ?? 0;
      rest.posRad[index] = clamp((moving.posRad[index] ?? 0) + (vel * brakeS) / 2, axis);
    }
  }

  /** To stand at `posRad`, reached no sooner than the axes' speed allows. */
  hold(posRad: Float64Array, fromRad: Float64Array): void {
    const [point] = this.points;
    point.posRad.set(posRad);
    point.velRadPerS.fill(0);
    this.count = 1;
    point.timeS = minTimeS;
    for (const [index, axis] of this.#axes.entries()) {
      const distance = Math.abs((posRad[index] ?? 0) - (fromRad[index] ?? 0));
      point.timeS = Math.max(point.timeS, distance / axis.maxVelocityRadPerS);
    }
  }
}

const clamp = (pos: number, { lowerRad, upperRad }: AxisDescription): number =>
  Math.min(Math.max(pos, lowerRad), upperRad);

import type { JointTrajectory } from "../../ros/messages/message-types.ts";

interface Knot {
  readonly atMs: number;
  readonly pos: readonly number[];
  /** Undefined: linear to and from here. */
  readonly vel: readonly number[] | undefined;
}

/**
 * A joint_trajectory_controller by its documentation (control.ros.org, Jazzy; parameters at their
 * defaults), written for tests and from nothing of the bridge's: what it accepts, when a trajectory takes the
 * place of another, how it interpolates, and that it holds the last point. Its joints are where it
 * wants them, as with a position interface and a stiff robot.
 */
export class StandInTrajectoryController {
  readonly refusals: string[] = [];
  acceptedCount = 0;
  readonly #jointNames: readonly string[];
  #knots: readonly Knot[];

  constructor(jointNames: readonly string[], startRad: readonly number[]) {
    this.#jointNames = jointNames;
    this.#knots = [{ atMs: 0, pos: startRad, vel: startRad.map(() => 0) }];
  }

  /** Why it will not carry this out; undefined when it has begun to. `stampMs` in the time of `nowMs`. */
  accept({ header, joint_names, points }: JointTrajectory, nowMs: number): string | undefined {
    const refusal = this.#refusal(header.stamp, joint_names, points, nowMs);
    if (refusal !== undefined) {
      this.refusals.push(refusal);
      return refusal;
    }
    const columns = this.#jointNames.map((name) => joint_names.indexOf(name));
    const stampMs = header.stamp.sec * 1000 + header.stamp.nanosec / 1e6;
    const startMs = stampMs === 0 ? nowMs : stampMs;
    const ordered = (values: Float64Array): readonly number[] => columns.map((at) => values[at]!);
    // It sets out from what it wanted at this moment, and keeps nothing of the old plan.
    const here = this.wanted(nowMs);
    const begin: Knot = { atMs: nowMs, pos: here.pos, vel: here.vel };
    const knots = points.map(({ positions, velocities, time_from_start: { sec, nanosec } }) => ({
      atMs: startMs + sec * 1000 + nanosec / 1e6,
      pos: ordered(positions),
      vel: velocities.length === 0 ? undefined : ordered(velocities),
    }));
    this.#knots = [begin, ...knots.filter(({ atMs }) => atMs > nowMs)];
    this.acceptedCount += 1;
    return undefined;
  }

  /** Holds where it wanted to be just now: what a cancelled goal leaves behind. */
  hold(nowMs: number): void {
    const { pos } = this.wanted(nowMs);
    this.#knots = [{ atMs: nowMs, pos, vel: pos.map(() => 0) }];
  }

  wanted(nowMs: number): { readonly pos: readonly number[]; readonly vel: readonly number[] } {
    const last = this.#knots.at(-1)!;
    const still = last.pos.map(() => 0);
    if (nowMs >= last.atMs) return { pos: last.pos, vel: still };
    const next = this.#knots.findIndex(({ atMs }) => atMs > nowMs);
    const from = this.#knots[Math.max(next - 1, 0)]!;
    const to = this.#knots[next]!;
    return between(from, to, nowMs);
  }

  #refusal(
    stamp: { readonly sec: number; readonly nanosec: number },
    names: readonly string[],
    points: JointTrajectory["points"],
    nowMs: number,
  ): string | undefined {
    const unknown = names.find((name) => !this.#jointNames.includes(name));
    if (unknown !== undefined) return `joint ${unknown} is not controlled`;
    if (new Set(names).size < this.#jointNames.length)
      return "not all joints (allow_partial false)";
    const last = points.at(-1);
    if (last === undefined) return "empty trajectory";
    const timesMs = points.map(({ time_from_start: at }) => at.sec * 1000 + at.nanosec / 1e6);
    if (timesMs.some((at, index) => index > 0 && at <= timesMs[index - 1]!)) {
      return "time_from_start does not rise";
    }
    if (points.some((point) => point.positions.length !== names.length)) return "wrong sizes";
    if (last.velocities.some((vel) => Math.abs(vel) > 1e-9)) return "ends in motion";
    const stampMs = stamp.sec * 1000 + stamp.nanosec / 1e6;
    if (stampMs !== 0 && stampMs + timesMs.at(-1)! < nowMs) return "ended in the past";
    return undefined;
  }
}

/** Cubic with velocities, linear without. */
function between(
  from: Knot,
  to: Knot,
  nowMs: number,
): ReturnType<StandInTrajectoryController["wanted"]> {
  const spanS = (to.atMs - from.atMs) / 1000;
  const s = (nowMs - from.atMs) / (to.atMs - from.atMs);
  const pos: number[] = [];
  const vel: number[] = [];
  for (const [axis, p0] of from.pos.entries()) {
    const p1 = to.pos[axis]!;
    const v0 = (from.vel?.[axis] ?? 0) * spanS;
    const v1 = (to.vel?.[axis] ?? 0) * spanS;
    if (to.vel === undefined) {
      pos.push(p0 + (p1 - p0) * s);
      vel.push((p1 - p0) / spanS);
      continue;
    }
    const a = 2 * p0 - 2 * p1 + v0 + v1;
    const b = -3 * p0 + 3 * p1 - 2 * v0 - v1;
    pos.push(((a * s + b) * s + v0) * s + p0);
    vel.push(((3 * a * s + 2 * b) * s + v0) / spanS);
  }
  return { pos, vel };
}

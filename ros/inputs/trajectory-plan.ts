import type { AxisDescription } from "../../bridge/contract/device.ts";
import type { JointTrajectory, JointTrajectoryPoint } from "../messages/message-types.ts";

const maxPoints = 10_000;
const maxDurationS = 600;
/** Rounding of a planner that goes right up to a limit. */
const speedMargin = 1.01;

/** A joint trajectory that was found sound. Times count from its start. */
export interface TrajectoryPlan {
  /** The axes it moves, by name, with their index in the device's order. */
  readonly axes: readonly { readonly name: string; readonly index: number }[];
  /** Strictly rising. */
  readonly timesMs: readonly number[];
  /** [point][axis of the plan], rad. */
  readonly posRad: readonly (readonly number[])[];
  /** [point][axis of the plan], rad/s; undefined where the message has none. */
  readonly velRadPerS: readonly (readonly number[] | undefined)[];
}

export type PlanOutcome =
  | { readonly ok: true; readonly plan: TrajectoryPlan }
  /** `reason` is one of a fixed set of words. */
  | { readonly ok: false; readonly reason: string; readonly text: string };

/**
 * Checks a trajectory_msgs/JointTrajectory as a whole before anything moves: names, sizes, numbers,
 * times, limits of position and of speed. Axes may be fewer than the device has; the others stay.
 */
export function planTrajectory(
  message: JointTrajectory,
  device: readonly AxisDescription[],
): PlanOutcome {
  const refuse = (reason: string, text: string): PlanOutcome => ({ ok: false, reason, text });
  const { joint_names: names, points } = message;
  const known = device.map((axis) => axis.name).join(", ");
  const unknown = names.filter((name) => !device.some((axis) => axis.name === name));
  if (names.length === 0) return refuse("names", `no joint names, expected some of ${known}`);
  if (unknown.length > 0) {
    return refuse("names", `joint ${unknown.slice(0, 8).join(", ")}, expected one of ${known}`);
  }
  if (new Set(names).size < names.length) return refuse("names", "a joint is named twice");
  if (points.length === 0) return refuse("sizes", "no points, expected at least 1");
  if (points.length > maxPoints) {
    return refuse("sizes", `${points.length} points, limit is ${maxPoints}`);
  }
  const timesMs = points.map(({ time_from_start: { sec, nanosec } }) => sec * 1e3 + nanosec / 1e6);
  const axes = names.map((name) => {
    return { name, index: device.findIndex((axis) => axis.name === name) };
  });
  for (const [at, point] of points.entries()) {
    const sizes = sizeProblem(point, names.length);
    if (sizes !== undefined) return refuse("sizes", `point ${at} has ${sizes}`);
    const number = numberProblem(point, names);
    if (number !== undefined) return refuse("not-finite", `point ${at}: ${number}`);
    const time = timeProblem(timesMs, at);
    if (time !== undefined) return refuse("times", `point ${at} is ${time}`);
  }
  const plan: TrajectoryPlan = {
    axes,
    timesMs,
    posRad: points.map((point) => [...point.positions]),
    velRadPerS: points.map(({ velocities }) =>
      velocities.length === 0 ? undefined : [...velocities],
    ),
  };
  const limit = limitProblem(plan, device);
  return limit === undefined ? { ok: true, plan } : refuse("limits", limit);
}

function sizeProblem(
  { positions, velocities }: JointTrajectoryPoint,
  jointCount: number,
): string | undefined {
  if (positions.length !== jointCount) {
    return `${positions.length} positions, expected ${jointCount}`;
  }
  if (velocities.length === 0 || velocities.length === jointCount) return undefined;
  return `${velocities.length} velocities, expected ${jointCount} or none`;
}

function numberProblem(
  { positions, velocities }: JointTrajectoryPoint,
  names: readonly string[],
): string | undefined {
  for (const [at, name] of names.entries()) {
    const posRad = positions[at] ?? Number.NaN;
    if (!Number.isFinite(posRad)) return `position of ${name} is ${posRad}`;
    const velRadPerS = velocities[at] ?? 0;
    if (!Number.isFinite(velRadPerS)) return `velocity of ${name} is ${velRadPerS}`;
  }
  return undefined;
}

function timeProblem(timesMs: readonly number[], at: number): string | undefined {
  const timeMs = timesMs[at] ?? Number.NaN;
  const beforeMs = timesMs[at - 1] ?? Number.NEGATIVE_INFINITY;
  const found = `at ${(timeMs / 1000).toFixed(3)} s`;
  if (timeMs < 0) return `${found}, expected 0 or later`;
  if (timeMs > maxDurationS * 1000) return `${found}, limit is ${maxDurationS} s`;
  if (timeMs > beforeMs) return undefined;
  return `${found}, expected later than ${(beforeMs / 1000).toFixed(3)} s`;
}

function limitProblem(
  { axes, posRad, velRadPerS, timesMs }: TrajectoryPlan,
  device: readonly AxisDescription[],
): string | undefined {
  for (const [column, { index, name }] of axes.entries()) {
    const axis = device[index];
    if (axis === undefined) continue;
    const { lowerRad, upperRad, maxVelocityRadPerS } = axis;
    for (const [at, point] of posRad.entries()) {
      const rad = point[column] ?? Number.NaN;
      if (rad < lowerRad || rad > upperRad) {
        return `point ${at}: ${name} at ${rad.toFixed(3)} rad, limits are ${lowerRad.toFixed(3)} to ${upperRad.toFixed(3)}`;
      }
      const through = Math.abs(velRadPerS[at]?.[column] ?? 0);
      if (through > maxVelocityRadPerS * speedMargin) {
        return `point ${at}: ${name} at ${through.toFixed(2)} rad/s, limit is ${maxVelocityRadPerS.toFixed(2)}`;
      }
      if (at === 0) continue;
      const gapS = ((timesMs[at] ?? 0) - (timesMs[at - 1] ?? 0)) / 1000;
      const speed = Math.abs(rad - (posRad[at - 1]?.[column] ?? rad)) / gapS;
      if (speed > maxVelocityRadPerS * speedMargin) {
        return `point ${at}: ${name} needs ${speed.toFixed(2)} rad/s, limit is ${maxVelocityRadPerS.toFixed(2)}`;
      }
    }
  }
  return undefined;
}

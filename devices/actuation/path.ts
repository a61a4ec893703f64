import type { TrajectoryPoint } from "../../bridge/contract/actuation.ts";
import type { DeviceDescription } from "../../bridge/contract/device.ts";
import { axisRange, nearestTurn } from "./axis-range.ts";

/** Position, velocity and acceleration of one axis. */
export interface AxisState {
  readonly posRad: number;
  readonly velRadPerS: number;
  readonly accRadPerS2: number;
}

/** Polynomial of degree 5 in the time since its begin, and when that is. */
const segmentWidth = 7;
/** Samples of a segment when its peaks are looked for. */
const checkedPerSegment = 24;
/** Rounding of a path that was planned to just touch the limits. */
const slackRatio = 1.001;

/**
 * One axis' path over time, interpolated between its points as ros2_controllers' trajectory does: quintic
 * between points that both have accelerations, cubic between points that both have velocities, else
 * linear. Before the first point and after the last it stands. Immutable, so that a preview may share it.
 */
export class AxisPath {
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  readonly endRad: number;
  readonly #segments: Float64Array;
  readonly #count: number;

  constructor(startsAtMs: number, knots: readonly Knot[]) {
    this.startsAtMs = startsAtMs;
    this.#count = Math.max(0, knots.length - 1);
    this.#segments = new Float64Array((this.#count + 1) * segmentWidth);
    for (let index = 0; index < this.#count; index += 1) {
      const [from, to] = [knots[index], knots[index + 1]];
      if (from !== undefined && to !== undefined) {
        this.#segments.set(segment(from, to), index * segmentWidth);
      }
    }
    const last = knots.at(-1);
    this.endRad = last?.posRad ?? 0;
    this.#segments.set([last?.timeS ?? 0, this.endRad], this.#count * segmentWidth);
    this.endsAtMs = startsAtMs + 1000 * (last?.timeS ?? 0);
  }

  /**
   * Position, velocity and acceleration at the time in `clock[0]`, monotonic ms, into
   * `out[offset ... offset + 2]`. // hot path
   */
  sample(clock: Float64Array, out: Float64Array, offset: number): void {
    const segments = this.#segments;
    const timeS = ((clock[0] ?? 0) - this.startsAtMs) / 1000;
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((segments[middle * segmentWidth] ?? 0) <= timeS) low = middle;
      else high = middle - 1;
    }
    const at = low * segmentWidth;
    const t = Math.max(0, timeS - (segments[at] ?? 0));
    const isBefore = timeS < (segments[0] ?? 0);
    const c0 = segments[at + 1] ?? 0;
    const c1 = segments[at + 2] ?? 0;
    const c2 = segments[at + 3] ?? 0;
    const c3 = segments[at + 4] ?? 0;
    const c4 = segments[at + 5] ?? 0;
    const c5 = segments[at + 6] ?? 0;
    out[offset] = c0 + t * (c1 + t * (c2 + t * (c3 + t * (c4 + t * c5))));
    out[offset + 1] = isBefore ? 0 : c1 + t * (2 * c2 + t * (3 * c3 + t * (4 * c4 + t * 5 * c5)));
    out[offset + 2] = isBefore ? 0 : 2 * c2 + t * (6 * c3 + t * (12 * c4 + t * 20 * c5));
  }
}

interface Knot {
  readonly timeS: number;
  readonly posRad: number;
  readonly velRadPerS?: number;
  readonly accRadPerS2?: number;
}

/** Coefficients from the boundary conditions at both ends, as any text on splines has them. */
function segment(from: Knot, to: Knot): number[] {
  const T = to.timeS - from.timeS;
  const d = to.posRad - from.posRad;
  const { velRadPerS: v0, accRadPerS2: a0 } = from;
  const { velRadPerS: v1, accRadPerS2: a1 } = to;
  const head = [from.timeS, from.posRad];
  if (v0 === undefined || v1 === undefined) return [...head, d / T, 0, 0, 0, 0];
  if (a0 === undefined || a1 === undefined) {
    const c2 = (3 * d - (2 * v0 + v1) * T) / T ** 2;
    return [...head, v0, c2, (-2 * d + (v0 + v1) * T) / T ** 3, 0, 0];
  }
  return [
    ...head,
    v0,
    a0 / 2,
    (20 * d - (8 * v1 + 12 * v0) * T - (3 * a0 - a1) * T ** 2) / (2 * T ** 3),
    (-30 * d + (14 * v1 + 16 * v0) * T + (3 * a0 - 2 * a1) * T ** 2) / (2 * T ** 4),
    (12 * d - 6 * (v1 + v0) * T + (a1 - a0) * T ** 2) / (2 * T ** 5),
  ];
}

/** A trajectory as one path per axis; undefined where it leaves an axis alone. */
export type DevicePath = readonly (AxisPath | undefined)[];

export interface PathRequest {
  readonly points: readonly TrajectoryPoint[];
  readonly startsAtMs: number;
  /** Now, and what the axes do: the way to a first point that lies ahead begins here. */
  readonly nowMs: number;
  readonly present: (axisIndex: number) => AxisState;
}

export type PathResult =
  | { readonly ok: true; readonly path: DevicePath }
  | { readonly ok: false; readonly reason: string };

/**
 * Makes the paths and checks them: times rise, positions, velocities and accelerations stay within the
 * axis limits between the points too. The way to the first point is the axis' own affair: where it is too
 * quick for the limits the axis comes later.
 */
export function makePath(device: DeviceDescription, request: PathRequest): PathResult {
  const wrong = shapeProblem(device, request);
  if (wrong !== undefined) return { ok: false, reason: wrong };
  const path: (AxisPath | undefined)[] = [];
  for (const [axisIndex, axis] of device.axes.entries()) {
    if ((request.points[0]?.posRad[axisIndex] ?? null) === null) {
      path.push(undefined);
      continue;
    }
    const given = request.points.map((point) => knotOf(point, axisIndex));
    const knots = axis.continuous === true ? nearby(given, request.present(axisIndex)) : given;
    const problem = limitProblem(device, axisIndex, knots);
    if (problem !== undefined) return { ok: false, reason: `${axis.name} ${problem}` };
    path.push(new AxisPath(request.startsAtMs, withJoin(knots, axisIndex, request)));
  }
  return { ok: true, path };
}

/** Of an axis that turns for ever the same path, begun within half a turn of where it is. */
function nearby(knots: readonly Knot[], { posRad }: AxisState): readonly Knot[] {
  const first = knots[0]?.posRad ?? 0;
  const shiftRad = nearestTurn(first, posRad) - first;
  return knots.map((knot) => ({ ...knot, posRad: knot.posRad + shiftRad }));
}

/** The way from what the axis does now to a first point that lies ahead. */
function withJoin(
  knots: readonly Knot[],
  axisIndex: number,
  request: PathRequest,
): readonly Knot[] {
  const [first] = knots;
  const nowS = (request.nowMs - request.startsAtMs) / 1000;
  if (first === undefined || first.timeS <= nowS) return knots;
  const { posRad, velRadPerS, accRadPerS2 } = request.present(axisIndex);
  return [{ timeS: nowS, posRad, velRadPerS, accRadPerS2 }, ...knots];
}

function knotOf(point: TrajectoryPoint, axisIndex: number): Knot {
  const velocity = point.velRadPerS?.[axisIndex] ?? undefined;
  const acceleration = point.accRadPerS2?.[axisIndex] ?? undefined;
  return {
    timeS: point.timeS,
    posRad: point.posRad[axisIndex] ?? 0,
    ...(velocity === undefined ? {} : { velRadPerS: velocity }),
    ...(acceleration === undefined ? {} : { accRadPerS2: acceleration }),
  };
}

function shapeProblem(device: DeviceDescription, request: PathRequest): string | undefined {
  const { startsAtMs } = request;
  if (!Array.isArray(request.points))
    return `points are ${typeof request.points}, expected an array`;
  const points: readonly (Partial<TrajectoryPoint> | null)[] = request.points;
  if (points.length === 0) return "the trajectory has no points";
  if (!Number.isFinite(startsAtMs)) return `startsAtMs is ${String(startsAtMs)}, expected a time`;
  let lastS = Number.NEGATIVE_INFINITY;
  let named: string | undefined;
  for (const [index, point] of points.entries()) {
    const posRad = point?.posRad;
    const problem =
      listProblem(posRad ?? null, device) ??
      listProblem(point?.velRadPerS, device) ??
      listProblem(point?.accRadPerS2, device);
    if (problem !== undefined) return `point ${index} ${problem}`;
    const timeS = point?.timeS ?? Number.NaN;
    if (!(timeS > lastS && timeS < Number.POSITIVE_INFINITY)) {
      return `point ${index} is at ${timeS} s, expected more than ${lastS} s, finite`;
    }
    const names = (posRad ?? []).map((value) => (value === null ? "-" : "x")).join("");
    if (!names.includes("x")) return `point ${index} names no axis`;
    if (names !== (named ??= names)) return `point ${index} names other axes than the first`;
    lastS = timeS;
  }
  return undefined;
}

/** What is wrong with a list of values in axis order; it may be left out. */
function listProblem(list: unknown, device: DeviceDescription): string | undefined {
  if (list === undefined) return undefined;
  if (!Array.isArray(list)) return `has no list of values, expected ${device.axes.length}`;
  const values: readonly unknown[] = list;
  if (values.length !== device.axes.length) {
    return `has ${values.length} values, expected ${device.axes.length}`;
  }
  const isGood = values.every((value) => value === null || Number.isFinite(value));
  return isGood ? undefined : "has a value that is not finite";
}

function limitProblem(
  device: DeviceDescription,
  axisIndex: number,
  knots: readonly Knot[],
): string | undefined {
  const axis = device.axes[axisIndex];
  if (axis === undefined) return undefined;
  const { lowerRad: lower, upperRad: upper } = axisRange(axis);
  const path = new AxisPath(0, knots);
  const [clock, out] = [new Float64Array(1), new Float64Array(3)];
  const isSmooth = knots.every(({ velRadPerS }) => velRadPerS !== undefined);
  for (let index = 0; index < Math.max(1, knots.length - 1); index += 1) {
    const [from, to] = [knots[index], knots[index + 1] ?? knots[index]];
    if (from === undefined || to === undefined) continue;
    for (let step = 0; step < checkedPerSegment; step += 1) {
      clock[0] = 1000 * (from.timeS + ((to.timeS - from.timeS) * step) / checkedPerSegment);
      path.sample(clock, out, 0);
      const [pos = 0, vel = 0, acc = 0] = out;
      const where = `between points ${index} and ${index + 1}`;
      // Asked so that what is no number is refused too: points too near or too far give such coefficients.
      if (!(pos >= lower - 1e-9 && pos <= upper + 1e-9)) {
        return `reaches ${pos.toFixed(3)} rad ${where}, range is ${lower} to ${upper} rad`;
      }
      if (!(Math.abs(vel) <= axis.maxVelocityRadPerS * slackRatio)) {
        return `needs ${Math.abs(vel).toFixed(2)} rad/s ${where}, limit is ${axis.maxVelocityRadPerS} rad/s`;
      }
      if (isSmooth && !(Math.abs(acc) <= axis.maxAccelerationRadPerS2 * slackRatio)) {
        return `needs ${Math.abs(acc).toFixed(2)} rad/s^2 ${where}, limit is ${axis.maxAccelerationRadPerS2} rad/s^2`;
      }
    }
  }
  const end = knots.at(-1);
  if (end !== undefined && (end.posRad < lower || end.posRad > upper)) {
    return `ends at ${end.posRad.toFixed(3)} rad, range is ${lower} to ${upper} rad`;
  }
  return undefined;
}

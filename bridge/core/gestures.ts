import type { MotionShare, TrajectoryPoint } from "../contract/actuation.ts";
import type { AxisDescription } from "../contract/device.ts";
import type { ActionName } from "./gesture-names.ts";
import { fullShare } from "./roles.ts";
import { leastMoveOfAllMs } from "./timed-move.ts";

/** Looking at something is no gesture: where to look has to be worked out first. */
export type GestureName = Exclude<ActionName, "look-at">;

/** Offsets from where the device stands, rad by axis name, REP 103 signs; then it rests for `restMs`. */
interface Beat {
  readonly offsetRad: Readonly<Record<string, number>>;
  readonly restMs?: number;
}

/** Pitch + is nose down, yaw + is to the left. Every gesture ends where it began. */
const gestures: Readonly<Record<GestureName, readonly Beat[]>> = {
  nod: [
    { offsetRad: { pitch: 0.28 } },
    { offsetRad: { pitch: -0.1 } },
    { offsetRad: { pitch: 0.22 } },
    { offsetRad: { pitch: 0 } },
  ],
  shake: [
    { offsetRad: { yaw: 0.35 } },
    { offsetRad: { yaw: -0.35 } },
    { offsetRad: { yaw: 0.25 } },
    { offsetRad: { yaw: 0 } },
  ],
  tilt: [{ offsetRad: { roll: 0.35 }, restMs: 600 }, { offsetRad: { roll: 0 } }],
  "look-around": [
    { offsetRad: { yaw: 1.1, pitch: -0.15 }, restMs: 300 },
    { offsetRad: { yaw: -1.1, pitch: -0.15 }, restMs: 300 },
    { offsetRad: { yaw: 0, pitch: 0 } },
  ],
  bow: [{ offsetRad: { pitch: 0.6 }, restMs: 500 }, { offsetRad: { pitch: 0 } }],
};

export interface GestureRequest {
  readonly axes: readonly AxisDescription[];
  /** Where the device stands, axis order. */
  readonly jointPosRad: readonly number[];
  /** How far it swings, 0 < ratio <= 1; default 1. */
  readonly amplitudeRatio?: number;
  /** What it may use of the limits. */
  readonly share?: MotionShare;
}

export type GesturePlan =
  | { readonly ok: true; readonly points: readonly TrajectoryPoint[] }
  | { readonly ok: false; readonly reason: string };

/** Less room than this part of what it is made with and nobody would recognise it. */
const leastRoomRatio = 0.25;

/**
 * A gesture as a path around where the device stands, from rest to rest between its beats, as fast
 * as the limits allow. Beats that would leave an axis' range are cut there.
 */
export function planGesture(name: GestureName, request: GestureRequest): GesturePlan {
  const { axes, jointPosRad, amplitudeRatio = 1, share = fullShare } = request;
  const beats = gestures[name];
  const used = new Set(beats.flatMap(({ offsetRad }) => Object.keys(offsetRad)));
  const missing = [...used].find((axisName) => !axes.some((axis) => axis.name === axisName));
  if (missing !== undefined) {
    return { ok: false, reason: `${name} needs an axis ${missing}, which this device lacks` };
  }
  const goals = beats.map(({ offsetRad }) =>
    axes.map((axis, index) => {
      const offset = offsetRad[axis.name];
      if (offset === undefined) return null;
      return withinRange(axis, (jointPosRad[index] ?? 0) + offset * amplitudeRatio);
    }),
  );
  const room = roomRatio(goals, beats, request);
  if (room < leastRoomRatio) {
    const percent = Math.round(room * 100);
    return { ok: false, reason: `${name} has room for ${percent} % of its swing here` };
  }
  return { ok: true, points: timed(goals, beats, { axes, jointPosRad, share }) };
}

function timed(
  goals: readonly (readonly (number | null)[])[],
  beats: readonly Beat[],
  request: Required<Pick<GestureRequest, "axes" | "jointPosRad" | "share">>,
): readonly TrajectoryPoint[] {
  const { axes, jointPosRad, share } = request;
  const still = axes.map((_, index) => ((goals[0]?.[index] ?? null) === null ? null : 0));
  const points: TrajectoryPoint[] = [];
  let timeMs = 0;
  let fromRad: readonly number[] = jointPosRad;
  goals.forEach((posRad, index) => {
    const arrive = (): TrajectoryPoint => ({
      timeS: timeMs / 1000,
      posRad,
      velRadPerS: still,
      accRadPerS2: still,
    });
    // A beat that the range has cut to nothing still takes its moment: times have to rise.
    timeMs += Math.max(1, leastMoveOfAllMs(axes, { fromRad, toRad: posRad, share }));
    points.push(arrive());
    const restMs = beats[index]?.restMs ?? 0;
    if (restMs > 0) {
      timeMs += restMs;
      points.push(arrive());
    }
    fromRad = jointPosRad.map((rad, axis) => posRad[axis] ?? rad);
  });
  return points;
}

/** The largest swing that is left, as a part of the one asked for. */
function roomRatio(
  goals: readonly (readonly (number | null)[])[],
  beats: readonly Beat[],
  { axes, jointPosRad, amplitudeRatio = 1 }: GestureRequest,
): number {
  let left = 0;
  let wanted = 0;
  beats.forEach(({ offsetRad }, beat) => {
    axes.forEach(({ name }, index) => {
      wanted = Math.max(wanted, Math.abs(offsetRad[name] ?? 0) * amplitudeRatio);
      const goal = goals[beat]?.[index] ?? null;
      if (goal !== null) left = Math.max(left, Math.abs(goal - (jointPosRad[index] ?? 0)));
    });
  });
  return wanted === 0 ? 0 : left / wanted;
}

function withinRange(axis: AxisDescription, posRad: number): number {
  if (axis.continuous === true) return posRad;
  const { lowerRad, upperRad, softMarginRad = 0 } = axis;
  return Math.min(Math.max(posRad, lowerRad + softMarginRad), upperRad - softMarginRad);
}

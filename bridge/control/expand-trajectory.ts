import type { TrajectoryPoint } from "../contract/actuation.ts";
import type { AxisValues } from "./axis-order.ts";
import { expiry, unreachable, type Expanded, type Expanding } from "./expanding.ts";
import { WireCode, type CommandMessage } from "./messages.ts";

type TrajectoryMessage = Extract<CommandMessage, { readonly kind: "trajectory" }>;

/** Checks what no schema can: values per axis, rising times, rest at the end, known axes. */
export function expandTrajectory(message: TrajectoryMessage, on: Expanding): Expanded {
  const { axes, points, startInMs = 0, ttlMs } = message;
  const places = on.order.places(axes);
  if (!places.ok) return { ok: false, code: WireCode.UnknownAxis, reason: places.reason };
  const wrong = problemWith(message);
  if (wrong !== undefined) return unreachable(wrong);
  const inOrder = (values: readonly number[]): AxisValues =>
    places.values.map((place) => (place === null ? null : (values[place] ?? null)));
  const tolerances = readTolerances(message, on);
  if (!tolerances.ok) return { ok: false, code: WireCode.UnknownAxis, reason: tolerances.reason };
  return {
    ok: true,
    command: {
      kind: "trajectory",
      commandId: on.commandId,
      points: points.map((point): TrajectoryPoint => {
        const { timeMs, posRad, velRadPerS, accRadPerS2 } = point;
        return {
          timeS: timeMs / 1000,
          posRad: inOrder(posRad),
          ...(velRadPerS === undefined ? {} : { velRadPerS: inOrder(velRadPerS) }),
          ...(accRadPerS2 === undefined ? {} : { accRadPerS2: inOrder(accRadPerS2) }),
        };
      }),
      startsAtMs: on.arrivedMs + startInMs,
      ...tolerances.fields,
      ...expiry(ttlMs, on),
    },
  };
}

function problemWith({ axes, points }: TrajectoryMessage): string | undefined {
  const count = axes.length;
  let lastMs = -1;
  for (const [index, point] of points.entries()) {
    const { timeMs, posRad, velRadPerS, accRadPerS2 } = point;
    const wrong = [posRad, velRadPerS, accRadPerS2].find(
      (list) => list !== undefined && list.length !== count,
    );
    if (wrong !== undefined) {
      return `points.${index} has ${wrong.length} values, expected ${count}, one per axis`;
    }
    if (accRadPerS2 !== undefined && velRadPerS === undefined) {
      return `points.${index} has accelerations without velocities`;
    }
    if (timeMs <= lastMs) {
      return `points.${index}.timeMs is ${timeMs}, expected more than ${lastMs}`;
    }
    lastMs = timeMs;
  }
  const isMoving = points.at(-1)?.velRadPerS?.some((velocity) => velocity !== 0) ?? false;
  return isMoving
    ? "the last point moves, expected velocities of 0: nothing comes after it"
    : undefined;
}

interface Tolerances {
  readonly pathToleranceRad?: AxisValues;
  readonly goalToleranceRad?: AxisValues;
}

function readTolerances(
  { pathToleranceRad, goalToleranceRad }: TrajectoryMessage,
  { order }: Expanding,
):
  | { readonly ok: true; readonly fields: Tolerances }
  | { readonly ok: false; readonly reason: string } {
  const path = pathToleranceRad === undefined ? undefined : order.read(pathToleranceRad);
  const goal = goalToleranceRad === undefined ? undefined : order.read(goalToleranceRad);
  if (path?.ok === false) return path;
  if (goal?.ok === false) return goal;
  const fields = {
    ...(path === undefined ? {} : { pathToleranceRad: path.values }),
    ...(goal === undefined ? {} : { goalToleranceRad: goal.values }),
  };
  return { ok: true, fields };
}

import type {
  TrajectoryGoal,
  TrajectoryGoalHandler,
  TrajectoryOutcome,
  TrajectoryProgress,
  TrajectoryTolerance,
} from "../actions/trajectory-goal.ts";
import { TrajectoryCode } from "../actions/trajectory-goal.ts";
import { rosDuration, rosTime } from "../messages/message-mapping.ts";
import type { JointTrajectory } from "../messages/message-types.ts";
import { stampNs } from "../../bridge/contract/units.ts";

/** Runs one trajectory at a time; the command topics' own runner. */
export interface TrajectoryRunner {
  /** Counts up with every trajectory that was started, ours or another's. */
  readonly startedCount: number;
  readonly isRunning: boolean;
  start(message: JointTrajectory):
    | {
        readonly ok: true;
        /** Monotonic time of the trajectory's zero. */ readonly startMs: number;
      }
    | { readonly ok: false; readonly text: string };
  /** Brakes to rest. */
  stop(reason: string): void;
}

export interface TrajectoryGoalsOptions {
  readonly runner: TrajectoryRunner;
  readonly axisNames: readonly string[];
  /** Writes the measured positions, device order, rad. */
  readonly measured: (posRad: Float64Array) => void;
  /** Monotonic ms. */
  readonly now: () => number;
  readonly wait?: (durationMs: number) => Promise<void>;
}

const lookEveryMs = 50;
/** Where a goal gives no tolerance: how far off a joint may end, and how long it may take to settle. */
const defaultGoalRad = 0.05;
const defaultSettleMs = 1000;

/**
 * FollowJointTrajectory at the control desk: a goal runs as a trajectory of the command topic does, with
 * the same checks and the same lease, and is measured against its tolerances while it runs.
 */
export class TrajectoryGoals implements TrajectoryGoalHandler {
  readonly #options: TrajectoryGoalsOptions;

  constructor(options: TrajectoryGoalsOptions) {
    this.#options = options;
  }

  refusal({ jointNames }: TrajectoryGoal): string | undefined {
    const { axisNames } = this.#options;
    const unknown = jointNames.filter((name) => !axisNames.includes(name));
    if (unknown.length === 0) return undefined;
    return `joints ${unknown.slice(0, 8).join(", ")} are unknown, expected some of ${axisNames.join(", ")}`;
  }

  async run(
    goal: TrajectoryGoal,
    {
      signal,
      onProgress,
    }: { readonly signal: AbortSignal; readonly onProgress: (at: TrajectoryProgress) => void },
  ): Promise<TrajectoryOutcome> {
    const { runner, now } = this.#options;
    const started = runner.start(trajectoryOf(goal));
    if (!started.ok) return aborted(TrajectoryCode.InvalidGoal, started.text);
    const ours = runner.startedCount;
    const firstS = goal.points[0]?.timeFromStartS ?? 0;
    while (runner.isRunning && runner.startedCount === ours) {
      if (signal.aborted) {
        runner.stop("the goal was canceled");
        return { end: "canceled", code: TrajectoryCode.Successful, text: "canceled" };
      }
      const timeS = (now() - started.startMs) / 1000;
      const at = {
        timeFromStartS: timeS,
        desiredRad: desiredAt(goal, timeS),
        actualRad: this.#actual(goal),
      };
      onProgress(at);
      // Up to the first point the joints are only on their way to the path.
      const off = timeS < firstS ? undefined : worst(goal, at, goal.pathTolerances, 0);
      if (off !== undefined) {
        runner.stop("a path tolerance was violated");
        return aborted(TrajectoryCode.PathToleranceViolated, off);
      }
      await this.#wait(lookEveryMs);
    }
    if (runner.startedCount !== ours) {
      return aborted(TrajectoryCode.InvalidGoal, "a newer command took its place");
    }
    return await this.#settled(goal, signal);
  }

  /** After the last setpoint: whether the joints arrive, and in time. */
  async #settled(goal: TrajectoryGoal, signal: AbortSignal): Promise<TrajectoryOutcome> {
    const { now } = this.#options;
    const patienceMs =
      goal.goalTimeToleranceS > 0 ? goal.goalTimeToleranceS * 1000 : defaultSettleMs;
    const endMs = now() + patienceMs;
    const last = goal.points.at(-1);
    for (;;) {
      const at = {
        timeFromStartS: last?.timeFromStartS ?? 0,
        desiredRad: last?.posRad ?? new Float64Array(0),
        actualRad: this.#actual(goal),
      };
      const off = worst(goal, at, goal.goalTolerances, defaultGoalRad);
      if (off === undefined) return { end: "succeeded", code: TrajectoryCode.Successful, text: "" };
      if (signal.aborted) {
        return { end: "canceled", code: TrajectoryCode.Successful, text: "canceled" };
      }
      if (now() >= endMs) return aborted(TrajectoryCode.GoalToleranceViolated, off);
      await this.#wait(lookEveryMs);
    }
  }

  #actual({ jointNames }: TrajectoryGoal): Float64Array {
    const { axisNames, measured } = this.#options;
    const posRad = new Float64Array(axisNames.length);
    measured(posRad);
    return Float64Array.from(jointNames, (name) => posRad[axisNames.indexOf(name)] ?? Number.NaN);
  }

  async #wait(durationMs: number): Promise<void> {
    const { wait } = this.#options;
    if (wait !== undefined) await wait(durationMs);
    else await new Promise((resolve) => setTimeout(resolve, durationMs));
  }
}

function aborted(code: TrajectoryOutcome["code"], text: string): TrajectoryOutcome {
  return { end: "aborted", code, text };
}

/** The joint most out of its tolerance, in words. `otherwiseRad`: for a tolerance of 0; itself 0 = any. */
function worst(
  { jointNames }: TrajectoryGoal,
  { desiredRad, actualRad }: TrajectoryProgress,
  tolerances: readonly TrajectoryTolerance[],
  otherwiseRad: number,
): string | undefined {
  for (const [index, name] of jointNames.entries()) {
    const given = tolerances.find(({ jointName }) => jointName === name)?.posRad ?? 0;
    const allowedRad = given === 0 ? otherwiseRad : given;
    if (allowedRad <= 0) continue;
    const offRad = Math.abs((desiredRad[index] ?? 0) - (actualRad[index] ?? 0));
    if (offRad > allowedRad) {
      return `${name} is ${offRad.toFixed(3)} rad off, tolerance ${allowedRad} rad`;
    }
  }
  return undefined;
}

/** Straight lines between points; the first point before it. */
function desiredAt({ points }: TrajectoryGoal, timeS: number): Float64Array {
  const next = points.findIndex(({ timeFromStartS }) => timeFromStartS >= timeS);
  const to = points[next === -1 ? points.length - 1 : next];
  const from = points[Math.max(0, (next === -1 ? points.length : next) - 1)];
  if (to === undefined || from === undefined) return new Float64Array(0);
  const spanS = to.timeFromStartS - from.timeFromStartS;
  const part = spanS > 0 ? Math.min(1, (timeS - from.timeFromStartS) / spanS) : 1;
  return to.posRad.map((end, index) => {
    const begin = from.posRad[index] ?? end;
    return begin + part * (end - begin);
  });
}

function trajectoryOf({ jointNames, points, startStampNs }: TrajectoryGoal): JointTrajectory {
  const none = new Float64Array(0);
  return {
    header: { stamp: rosTime(stampNs(startStampNs ?? 0n)), frame_id: "" },
    joint_names: jointNames,
    points: points.map(({ posRad, velRadPerS, timeFromStartS }) => ({
      positions: posRad,
      velocities: velRadPerS,
      accelerations: none,
      effort: none,
      time_from_start: rosDuration(timeFromStartS * 1000),
    })),
  };
}

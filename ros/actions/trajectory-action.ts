import type { Clock } from "../../bridge/contract/clock.ts";
import type { Log } from "../../bridge/contract/log.ts";
import { rosDuration, rosTime } from "../messages/message-mapping.ts";
import type { JointTrajectoryPoint, RosTime } from "../messages/message-types.ts";
import type { ActionHandler, RosActions, RosActionServer, RunningGoal } from "./action-port.ts";
import type {
  TrajectoryGoal,
  TrajectoryGoalHandler,
  TrajectoryOutcome,
  TrajectoryProgress,
  TrajectoryTolerance,
} from "./trajectory-goal.ts";
import {
  type JointTolerance,
  trajectoryAction,
  trajectoryFeedback,
  trajectoryGoal,
  type TrajectoryGoalMessage,
  trajectoryResult,
} from "./trajectory-messages.ts";

export interface TrajectoryServerOptions {
  /** Fully qualified, e.g. `/kairos/follow_joint_trajectory`. */
  readonly name: string;
  readonly handler: TrajectoryGoalHandler;
  readonly clock: Clock;
  readonly log: Log;
}

/** Serves FollowJointTrajectory: what MoveIt and `ros2 action send_goal` speak to. */
export function serveTrajectories(
  actions: RosActions,
  options: TrajectoryServerOptions,
): RosActionServer {
  return actions.serveAction(trajectoryAction(options.name), new TrajectoryServer(options));
}

class TrajectoryServer implements ActionHandler {
  readonly #options: TrajectoryServerOptions;

  constructor(options: TrajectoryServerOptions) {
    this.#options = options;
  }

  accept(id: string, goalCdr: Uint8Array): boolean {
    const message = trajectoryGoal.read(goalCdr);
    const reason = badShape(message) ?? this.#options.handler.refusal(goalOf(id, message));
    if (reason !== undefined) this.#options.log.warn({ goal: id, reason }, "trajectory refused");
    return reason === undefined;
  }

  async run({ id, cdr, signal, feedback }: RunningGoal) {
    const goal = goalOf(id, trajectoryGoal.read(cdr));
    const onProgress = (progress: TrajectoryProgress): void => {
      feedback(this.#feedback(goal, progress));
    };
    const outcome = await this.#options.handler.run(goal, { signal, onProgress });
    return { end: outcome.end, resultCdr: resultCdr(outcome) };
  }

  mayCancel(): boolean {
    return true;
  }

  #feedback({ jointNames }: TrajectoryGoal, progress: TrajectoryProgress): Uint8Array {
    const { clock } = this.#options;
    const { desiredRad, actualRad, timeFromStartS } = progress;
    const time_from_start = rosDuration(timeFromStartS * 1000);
    const point = (positions: Float64Array): JointTrajectoryPoint => ({
      ...noPoint,
      positions,
      time_from_start,
    });
    return trajectoryFeedback.write({
      header: { stamp: rosTime(clock.stampNsAt(clock.monotonicMs())), frame_id: "" },
      joint_names: jointNames,
      desired: point(desiredRad),
      actual: point(actualRad),
      error: point(desiredRad.map((desired, index) => desired - (actualRad[index] ?? 0))),
      multi_dof_joint_names: [],
      multi_dof_desired: noMultiDof,
      multi_dof_actual: noMultiDof,
      multi_dof_error: noMultiDof,
    });
  }
}

const none = new Float64Array(0);
const noPoint = { positions: none, velocities: none, accelerations: none, effort: none };
const noMultiDof = {
  transforms: [],
  velocities: [],
  accelerations: [],
  time_from_start: { sec: 0, nanosec: 0 },
};

function resultCdr({ code, text }: TrajectoryOutcome): Uint8Array {
  return trajectoryResult.write({ error_code: code, error_string: text });
}

/** What makes a goal no trajectory of joints at all; undefined when nothing does. */
function badShape(message: TrajectoryGoalMessage): string | undefined {
  const { joint_names: names, points } = message.trajectory;
  if (message.multi_dof_trajectory.points.length > 0)
    return "joints of several axes are not served";
  if (names.length === 0) return "no joint names";
  if (new Set(names).size !== names.length) return "a joint is named twice";
  if (points.length === 0) return "no points";
  let lastS = -1;
  for (const [index, point] of points.entries()) {
    const { positions, velocities } = point;
    if (positions.length !== names.length) {
      return `point ${index} has ${positions.length} positions for ${names.length} joints`;
    }
    if (velocities.length !== 0 && velocities.length !== names.length) {
      return `point ${index} has ${velocities.length} velocities for ${names.length} joints`;
    }
    if (![...positions, ...velocities].every(Number.isFinite))
      return `point ${index} is not finite`;
    const timeS = secondsOf(point.time_from_start);
    if (timeS <= lastS) return `point ${index} is at ${timeS} s, after one at ${lastS} s`;
    lastS = timeS;
  }
  return undefined;
}

function goalOf(id: string, message: TrajectoryGoalMessage): TrajectoryGoal {
  const { header, joint_names, points } = message.trajectory;
  const { sec, nanosec } = header.stamp;
  return {
    id,
    jointNames: joint_names,
    points: points.map(({ positions, velocities, time_from_start }) => ({
      posRad: positions,
      velRadPerS: velocities,
      timeFromStartS: secondsOf(time_from_start),
    })),
    startStampNs:
      sec === 0 && nanosec === 0 ? undefined : BigInt(sec) * 1_000_000_000n + BigInt(nanosec),
    pathTolerances: message.path_tolerance.map(toleranceOf),
    goalTolerances: message.goal_tolerance.map(toleranceOf),
    goalTimeToleranceS: secondsOf(message.goal_time_tolerance),
  };
}

function toleranceOf({ name, position, velocity }: JointTolerance): TrajectoryTolerance {
  return { jointName: name, posRad: position, velRadPerS: velocity };
}

function secondsOf({ sec, nanosec }: RosTime): number {
  return sec + nanosec / 1e9;
}

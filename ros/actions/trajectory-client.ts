import { rosDuration } from "../messages/message-mapping.ts";
import type { RosActionClient, RosActions, SentGoal } from "./action-port.ts";
import type {
  TrajectoryCode,
  TrajectoryGoal,
  TrajectoryOutcome,
  TrajectoryProgress,
  TrajectoryTolerance,
} from "./trajectory-goal.ts";
import {
  type JointTolerance,
  trajectoryAction,
  trajectoryFeedback,
  trajectoryGoal,
  trajectoryResult,
} from "./trajectory-messages.ts";

export interface SentTrajectory {
  result(options: { readonly timeoutMs: number }): Promise<TrajectoryOutcome>;
  cancel(options: { readonly timeoutMs: number }): Promise<boolean>;
}

/** Sends trajectories to a FollowJointTrajectory server, e.g. a ros2_control controller. */
export class TrajectoryClient {
  readonly #client: RosActionClient;

  /** `name`: fully qualified, e.g. `/joint_trajectory_controller/follow_joint_trajectory`. */
  constructor(actions: RosActions, name: string) {
    this.#client = actions.actionClient(trajectoryAction(name));
  }

  waitForServer(options: { readonly timeoutMs: number }): Promise<boolean> {
    return this.#client.waitForServer(options);
  }

  /** Resolves with undefined when the server rejects the goal. */
  async send(
    goal: Omit<TrajectoryGoal, "id">,
    options: {
      readonly timeoutMs: number;
      readonly onProgress?: (progress: TrajectoryProgress) => void;
    },
  ): Promise<SentTrajectory | undefined> {
    const { timeoutMs, onProgress } = options;
    const onFeedback = (cdr: Uint8Array): void => {
      const { desired, actual } = trajectoryFeedback.read(cdr);
      const { sec, nanosec } = actual.time_from_start;
      const timeFromStartS = sec + nanosec / 1e9;
      onProgress?.({ timeFromStartS, desiredRad: desired.positions, actualRad: actual.positions });
    };
    const sent = await this.#client.send(goalCdr(goal), { timeoutMs, onFeedback });
    return sent === undefined ? undefined : sentTrajectory(sent);
  }

  close(): void {
    this.#client.close();
  }
}

function sentTrajectory(sent: SentGoal): SentTrajectory {
  return {
    cancel: (options) => sent.cancel(options),
    result: async (options) => {
      const { end, resultCdr } = await sent.result(options);
      const { error_code, error_string } = trajectoryResult.read(resultCdr);
      return { end, code: error_code as TrajectoryCode, text: error_string };
    },
  };
}

function goalCdr(goal: Omit<TrajectoryGoal, "id">): Uint8Array {
  const none = new Float64Array(0);
  const stampNs = goal.startStampNs ?? 0n;
  const stamp = {
    sec: Number(stampNs / 1_000_000_000n),
    nanosec: Number(stampNs % 1_000_000_000n),
  };
  const header = { stamp, frame_id: "" };
  return trajectoryGoal.write({
    trajectory: {
      header,
      joint_names: goal.jointNames,
      points: goal.points.map(({ posRad, velRadPerS, timeFromStartS }) => ({
        positions: posRad,
        velocities: velRadPerS,
        accelerations: none,
        effort: none,
        time_from_start: rosDuration(timeFromStartS * 1000),
      })),
    },
    multi_dof_trajectory: { header, joint_names: [], points: [] },
    path_tolerance: goal.pathTolerances.map(toleranceMessage),
    component_path_tolerance: [],
    goal_tolerance: goal.goalTolerances.map(toleranceMessage),
    component_goal_tolerance: [],
    goal_time_tolerance: rosDuration(goal.goalTimeToleranceS * 1000),
  });
}

function toleranceMessage(tolerance: TrajectoryTolerance): JointTolerance {
  const { jointName, posRad, velRadPerS } = tolerance;
  return { name: jointName, position: posRad, velocity: velRadPerS, acceleration: 0 };
}

import type {
  Header,
  JointTrajectory,
  JointTrajectoryPoint,
  RosTime,
} from "../messages/message-types.ts";
import type { RosAction } from "./action-port.ts";
import { structCodec } from "./struct-codec.ts";

/**
 * control_msgs/action/FollowJointTrajectory as it is from Humble to Kilted (control_msgs 4 and 5), with
 * ROS's own field names.
 */
export interface JointTolerance {
  readonly name: string;
  /** 0 = the server's default, -1 = none (control_msgs/msg/JointTolerance). */
  readonly position: number;
  readonly velocity: number;
  readonly acceleration: number;
}

interface MultiDofTrajectory {
  readonly header: Header;
  readonly joint_names: readonly string[];
  readonly points: readonly unknown[];
}

interface MultiDofPoint {
  readonly transforms: readonly unknown[];
  readonly velocities: readonly unknown[];
  readonly accelerations: readonly unknown[];
  readonly time_from_start: RosTime;
}

export interface TrajectoryGoalMessage {
  readonly trajectory: JointTrajectory;
  readonly multi_dof_trajectory: MultiDofTrajectory;
  readonly path_tolerance: readonly JointTolerance[];
  readonly component_path_tolerance: readonly unknown[];
  readonly goal_tolerance: readonly JointTolerance[];
  readonly component_goal_tolerance: readonly unknown[];
  readonly goal_time_tolerance: RosTime;
}

export interface TrajectoryResultMessage {
  readonly error_code: number;
  readonly error_string: string;
}

export interface TrajectoryFeedbackMessage {
  readonly header: Header;
  readonly joint_names: readonly string[];
  readonly desired: JointTrajectoryPoint;
  readonly actual: JointTrajectoryPoint;
  readonly error: JointTrajectoryPoint;
  readonly multi_dof_joint_names: readonly string[];
  readonly multi_dof_desired: MultiDofPoint;
  readonly multi_dof_actual: MultiDofPoint;
  readonly multi_dof_error: MultiDofPoint;
}

const type = "control_msgs/action/FollowJointTrajectory";

export const trajectoryGoal = structCodec<TrajectoryGoalMessage>(`${type}_Goal`);
export const trajectoryResult = structCodec<TrajectoryResultMessage>(`${type}_Result`);
export const trajectoryFeedback = structCodec<TrajectoryFeedbackMessage>(`${type}_Feedback`);

/** `name`: fully qualified, e.g. `/kairos/follow_joint_trajectory`. */
export function trajectoryAction(name: string): RosAction {
  return {
    name,
    type,
    // The result begins with an int32, and nothing of it is aligned more.
    resultAlignBytes: 4,
    emptyResultCdr: trajectoryResult.write({ error_code: 0, error_string: "" }),
  };
}

/** A goal of FollowJointTrajectory in the bridge's own words: SI units, one kind of joint. */
export interface TrajectoryGoal {
  /** 32 hexadecimal digits. */
  readonly id: string;
  readonly jointNames: readonly string[];
  readonly points: readonly TrajectoryPoint[];
  /** When `timeFromStartS` begins to count, in the time of stamps; undefined = now. */
  readonly startStampNs: bigint | undefined;
  readonly pathTolerances: readonly TrajectoryTolerance[];
  readonly goalTolerances: readonly TrajectoryTolerance[];
  /** How long after the last point the joints may still arrive. */
  readonly goalTimeToleranceS: number;
}

export interface TrajectoryPoint {
  /** One per joint, in the goal's own order. */
  readonly posRad: Float64Array;
  /** Empty, or one per joint. */
  readonly velRadPerS: Float64Array;
  readonly timeFromStartS: number;
}

/** 0 = the server's default, negative = none. */
export interface TrajectoryTolerance {
  readonly jointName: string;
  readonly posRad: number;
  readonly velRadPerS: number;
}

/** control_msgs' error codes by name. */
export const TrajectoryCode = {
  Successful: 0,
  InvalidGoal: -1,
  InvalidJoints: -2,
  OldHeaderTimestamp: -3,
  PathToleranceViolated: -4,
  GoalToleranceViolated: -5,
} as const;
export type TrajectoryCode = (typeof TrajectoryCode)[keyof typeof TrajectoryCode];

export interface TrajectoryOutcome {
  readonly end: "succeeded" | "canceled" | "aborted";
  readonly code: TrajectoryCode;
  /** For people: which joint, by how much. ASCII. */
  readonly text: string;
}

export interface TrajectoryProgress {
  readonly timeFromStartS: number;
  /** In the goal's joint order. */
  readonly desiredRad: Float64Array;
  readonly actualRad: Float64Array;
}

/** What carries out trajectories: the control desk, wired by the composition root; or a test. */
export interface TrajectoryGoalHandler {
  /** Undefined accepts the goal; a text says why not, for the log: ROS has no word for it. */
  refusal(goal: TrajectoryGoal): string | undefined;
  /** Runs an accepted goal. `signal` is aborted when it is to be cancelled. */
  run(
    goal: TrajectoryGoal,
    options: {
      readonly signal: AbortSignal;
      readonly onProgress: (progress: TrajectoryProgress) => void;
    },
  ): Promise<TrajectoryOutcome>;
}

/**
 * ROS 2 actions as a port beside topics and services: goals, feedback and results are serialized
 * messages (CDR with the 4-byte encapsulation header) of the action's `_Goal`, `_Feedback`, `_Result`.
 *
 * Two implementations: over the services and topics an action is made of (`service-actions.ts`), and
 * over rclnodejs's own actions, which keeps the state machine to itself.
 */
export interface RosAction {
  /** Fully qualified ROS name, e.g. `/kairos/follow_joint_trajectory`. */
  readonly name: string;
  /** ROS type name, e.g. `control_msgs/action/FollowJointTrajectory`. */
  readonly type: string;
  /**
   * Alignment of the result's first member, which must be that of its most aligned one too: the result
   * travels behind a status octet, and only then keeps its octets there.
   */
  readonly resultAlignBytes: 1 | 2 | 4 | 8;
  /** The result of a goal nobody knows. */
  readonly emptyResultCdr: Uint8Array;
}

export type GoalEnd = "succeeded" | "canceled" | "aborted";

export interface GoalOutcome {
  readonly end: GoalEnd;
  readonly resultCdr: Uint8Array;
}

/** A goal that was accepted. */
export interface RunningGoal {
  /** 32 hexadecimal digits. */
  readonly id: string;
  readonly cdr: Uint8Array;
  /** Aborted when the goal is to be cancelled, or its server closes. */
  readonly signal: AbortSignal;
  readonly feedback: (feedbackCdr: Uint8Array) => void;
}

export interface ActionHandler {
  /** False rejects the goal. ROS has no word for the reason. */
  accept(id: string, goalCdr: Uint8Array): boolean | Promise<boolean>;
  /** Runs an accepted goal to its end; what it throws aborts the goal. */
  run(goal: RunningGoal): Promise<GoalOutcome>;
  /** Whether a running goal may be cancelled; then its signal is aborted. */
  mayCancel(id: string): boolean | Promise<boolean>;
}

export interface RosActionServer {
  readonly action: RosAction;
  /** Goals that run are aborted. */
  close(): void;
}

/** A goal a server has accepted. */
export interface SentGoal {
  /** The client's own name for it. */
  readonly id: string;
  /** Resolves when the goal has ended. @throws BridgeError `ros/service-timeout`, `ros/transport` */
  result(options: { readonly timeoutMs: number }): Promise<GoalOutcome>;
  /** True when the server has begun to cancel. */
  cancel(options: { readonly timeoutMs: number }): Promise<boolean>;
}

export interface RosActionClient {
  readonly action: RosAction;
  waitForServer(options: { readonly timeoutMs: number }): Promise<boolean>;
  /**
   * Resolves with undefined when the server rejects the goal.
   *
   * @throws BridgeError `ros/service-timeout` when no server answered in time.
   */
  send(
    goalCdr: Uint8Array,
    options: { readonly timeoutMs: number; readonly onFeedback?: (cdr: Uint8Array) => void },
  ): Promise<SentGoal | undefined>;
  close(): void;
}

export interface RosActions {
  serveAction(action: RosAction, handler: ActionHandler): RosActionServer;
  actionClient(action: RosAction): RosActionClient;
}

import { describe, expect, it } from "vitest";
import {
  GoalStatus,
  splitGoalId,
  splitStatus,
  uuidOf,
  withGoalId,
  withStatus,
} from "../../../../ros/actions/action-wire.ts";
import { structCodec } from "../../../../ros/actions/struct-codec.ts";
import {
  trajectoryAction,
  trajectoryFeedback,
  trajectoryGoal,
  trajectoryResult,
} from "../../../../ros/actions/trajectory-messages.ts";

const id = "00112233445566778899aabbccddeeff";
const point = {
  positions: Float64Array.of(0.25, -1),
  velocities: Float64Array.of(1, 2),
  accelerations: new Float64Array(0),
  effort: Float64Array.of(3),
  time_from_start: { sec: 1, nanosec: 500_000_000 },
};
const header = { stamp: { sec: 7, nanosec: 8 }, frame_id: "odd" };
const goal = {
  trajectory: { header, joint_names: ["a", "bcd"], points: [point, point] },
  multi_dof_trajectory: { header, joint_names: [], points: [] },
  path_tolerance: [{ name: "bcd", position: 0.5, velocity: 0, acceleration: -1 }],
  component_path_tolerance: [],
  goal_tolerance: [],
  component_goal_tolerance: [
    { joint_name: "a", component: 2, position: 1, velocity: 2, acceleration: 3 },
  ],
  goal_time_tolerance: { sec: 0, nanosec: 1 },
};
const noMultiDof = {
  transforms: [],
  velocities: [],
  accelerations: [],
  time_from_start: { sec: 0, nanosec: 0 },
};
const feedback = {
  header,
  joint_names: ["a"],
  desired: point,
  actual: point,
  error: point,
  multi_dof_joint_names: [],
  multi_dof_desired: noMultiDof,
  multi_dof_actual: noMultiDof,
  multi_dof_error: noMultiDof,
};
const action = trajectoryAction("/follow");
/** The whole message as the .action file's generated wrapper has it, encoded in one piece. */
const wrapped = (part: string) =>
  structCodec<Record<string, unknown>>(`control_msgs/action/FollowJointTrajectory_${part}`);

describe("an action's messages on the wire", () => {
  it.each([
    ["SendGoal_Request", trajectoryGoal.write(goal), { goal }],
    ["FeedbackMessage", trajectoryFeedback.write(feedback), { feedback }],
  ] as const)(
    "have what %s carries behind its id exactly as one encoded in one piece",
    (part, cdr, inner) => {
      const whole = wrapped(part).write({ goal_id: uuidOf(id), ...inner });
      expect(Buffer.from(withGoalId(id, cdr)).equals(whole)).toBe(true);
      expect(splitGoalId(whole)).toEqual({ id, cdr: new Uint8Array(cdr) });
    },
  );

  it("have a result behind its status exactly as one encoded in one piece", () => {
    const result = { error_code: -4, error_string: "yaw off by 0.2 rad" };
    const cdr = trajectoryResult.write(result);
    const whole = wrapped("GetResult_Response").write({ status: GoalStatus.Aborted, result });
    expect(Buffer.from(withStatus(action, GoalStatus.Aborted, cdr)).equals(whole)).toBe(true);
    expect(splitStatus(action, whole)).toEqual({ status: 6, cdr: new Uint8Array(cdr) });
  });

  it("are not read where they are too short for an id or a status", () => {
    expect(splitGoalId(new Uint8Array(19))).toBeUndefined();
    expect(splitStatus(action, new Uint8Array(7))).toBeUndefined();
  });

  it("come back as they were", () => {
    expect(trajectoryGoal.read(trajectoryGoal.write(goal))).toEqual(goal);
    expect(trajectoryFeedback.read(trajectoryFeedback.write(feedback))).toEqual(feedback);
  });

  it("are refused where they are cut short", () => {
    const cdr = trajectoryGoal.write(goal);
    expect(() => trajectoryGoal.read(cdr.subarray(0, cdr.byteLength - 9))).toThrow("[ros/type]");
  });
});

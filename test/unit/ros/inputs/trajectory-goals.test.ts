import { describe, expect, it } from "vitest";
import type { TrajectoryGoal } from "../../../../ros/actions/trajectory-goal.ts";
import { TrajectoryCode } from "../../../../ros/actions/trajectory-goal.ts";
import { TrajectoryGoals, type TrajectoryRunner } from "../../../../ros/inputs/trajectory-goals.ts";

const none = new Float64Array(0);
const goal: TrajectoryGoal = {
  id: "00",
  jointNames: ["yaw"],
  points: [
    { posRad: Float64Array.of(0), velRadPerS: none, timeFromStartS: 0.1 },
    { posRad: Float64Array.of(0.4), velRadPerS: none, timeFromStartS: 0.5 },
  ],
  startStampNs: undefined,
  pathTolerances: [],
  goalTolerances: [],
  goalTimeToleranceS: 0.2,
};

/** A mount whose yaw follows as `yawAt` says, and a runner that runs for half a second. */
function rig(yawAt: (nowS: number) => number, refuses?: string) {
  const state = { nowMs: 1000, endMs: Number.NEGATIVE_INFINITY, startedCount: 0, stopped: "" };
  const runner: TrajectoryRunner = {
    get startedCount() {
      return state.startedCount;
    },
    get isRunning() {
      return state.nowMs < state.endMs;
    },
    start: () => {
      if (refuses !== undefined) return { ok: false, text: refuses };
      state.startedCount += 1;
      state.endMs = state.nowMs + 500;
      return { ok: true, startMs: state.nowMs };
    },
    stop: (reason) => {
      state.stopped = reason;
      state.endMs = state.nowMs;
    },
  };
  const goals = new TrajectoryGoals({
    runner,
    axisNames: ["roll", "yaw"],
    measured: (posRad) => {
      posRad.set([9, yawAt((state.nowMs - 1000) / 1000)]);
    },
    now: () => state.nowMs,
    wait: (durationMs) => {
      state.nowMs += durationMs;
      return Promise.resolve();
    },
  });
  return { goals, state };
}

const follows = (nowS: number): number => Math.min(0.4, Math.max(0, nowS - 0.1));
const quiet = { signal: new AbortController().signal, onProgress: () => undefined };

describe("goals of FollowJointTrajectory at the control desk", () => {
  it("succeed when the joints arrive, with progress on the way", async () => {
    const { goals } = rig(follows);
    const seen: number[] = [];
    const outcome = await goals.run(goal, {
      ...quiet,
      onProgress: ({ actualRad, desiredRad }) => {
        seen.push((desiredRad[0] ?? 9) - (actualRad[0] ?? 9));
      },
    });
    expect(outcome).toMatchObject({ end: "succeeded", code: TrajectoryCode.Successful });
    expect(seen.length).toBe(10);
    expect(Math.max(...seen.map(Math.abs))).toBeLessThan(1e-9);
  });

  it("abort when the joints do not arrive in time, and say by how much", async () => {
    const { goals, state } = rig(() => 0.1);
    expect(await goals.run(goal, quiet)).toEqual({
      end: "aborted",
      code: TrajectoryCode.GoalToleranceViolated,
      text: "yaw is 0.300 rad off, tolerance 0.05 rad",
    });
    expect(state.nowMs).toBe(1000 + 500 + 200);
  });

  it("stop the device when a path tolerance is violated, but not on the way to the first point", async () => {
    const pathTolerances = [{ jointName: "yaw", posRad: 0.1, velRadPerS: 0 }];
    const late = rig((nowS) => (nowS < 0.1 ? -1 : nowS < 0.3 ? follows(nowS) : 0));
    expect(await late.goals.run({ ...goal, pathTolerances }, quiet)).toMatchObject({
      end: "aborted",
      code: TrajectoryCode.PathToleranceViolated,
    });
    expect(late.state.stopped).toContain("path tolerance");
    expect(late.state.nowMs).toBeGreaterThanOrEqual(1300);
  });

  it("stop the device when they are canceled", async () => {
    const { goals, state } = rig(follows);
    const abort = new AbortController();
    const onProgress = (): void => {
      if (state.nowMs >= 1200) abort.abort();
    };
    const outcome = await goals.run(goal, { signal: abort.signal, onProgress });
    expect(outcome.end).toBe("canceled");
    expect(state.stopped).toContain("canceled");
  });

  it("abort with the desk's reason when the trajectory is not started", async () => {
    const { goals } = rig(follows, "joint_trajectory: lease/held: held by a page");
    expect(await goals.run(goal, quiet)).toEqual({
      end: "aborted",
      code: TrajectoryCode.InvalidGoal,
      text: "joint_trajectory: lease/held: held by a page",
    });
  });

  it("abort when another trajectory takes their place", async () => {
    const { goals, state } = rig(follows);
    const onProgress = (): void => {
      if (state.nowMs >= 1200) state.startedCount += 1;
    };
    expect(await goals.run(goal, { ...quiet, onProgress })).toMatchObject({ end: "aborted" });
  });

  it("are refused for joints the device does not have", () => {
    const { goals } = rig(follows);
    expect(goals.refusal(goal)).toBeUndefined();
    expect(goals.refusal({ ...goal, jointNames: ["elbow"] })).toMatch(/elbow.*roll, yaw/);
  });
});

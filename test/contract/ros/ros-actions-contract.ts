import { describe, expect, it } from "vitest";
import { systemClock } from "../../../bridge/contract/clock.ts";
import { silentLog } from "../../../bridge/contract/log.ts";
import type { RosActions } from "../../../ros/actions/action-port.ts";
import { serveTrajectories } from "../../../ros/actions/trajectory-action.ts";
import { TrajectoryClient } from "../../../ros/actions/trajectory-client.ts";
import {
  TrajectoryCode,
  type TrajectoryGoal,
  type TrajectoryGoalHandler,
  type TrajectoryProgress,
} from "../../../ros/actions/trajectory-goal.ts";

export interface ActionsUnderTest extends AsyncDisposable {
  readonly server: RosActions;
  readonly client: RosActions;
}

const name = "/contract/follow_joint_trajectory";
const patience = { timeoutMs: 10_000 };
const goal: Omit<TrajectoryGoal, "id"> = {
  jointNames: ["yaw", "pitch"],
  points: [
    { posRad: Float64Array.of(0.1, -0.2), velRadPerS: new Float64Array(0), timeFromStartS: 0.5 },
    { posRad: Float64Array.of(0.3, -0.4), velRadPerS: Float64Array.of(0, 0), timeFromStartS: 1.25 },
  ],
  startStampNs: undefined,
  pathTolerances: [{ jointName: "yaw", posRad: 0.05, velRadPerS: 0 }],
  goalTolerances: [],
  goalTimeToleranceS: 0.5,
};

const succeeded = { end: "succeeded", code: TrajectoryCode.Successful, text: "" } as const;

function handler(more: Partial<TrajectoryGoalHandler>): TrajectoryGoalHandler {
  return { refusal: () => undefined, run: () => Promise.resolve(succeeded), ...more };
}

function serve(actions: ActionsUnderTest, more: Partial<TrajectoryGoalHandler>): TrajectoryClient {
  const options = { name, handler: handler(more), clock: systemClock(), log: silentLog };
  serveTrajectories(actions.server, options);
  return new TrajectoryClient(actions.client, name);
}

/** What actions promise, whatever carries them, seen through FollowJointTrajectory. */
export function describeRosActionsContract(
  title: string,
  open: () => Promise<ActionsUnderTest>,
): void {
  describe(`RosActions contract: ${title}`, () => {
    it("carries a goal, its feedback and its result", async () => {
      await using actions = await open();
      const seen: TrajectoryGoal[] = [];
      const client = serve(actions, {
        run: async (accepted, { onProgress }) => {
          seen.push(accepted);
          // Feedback is not kept for those who do not listen yet.
          await new Promise((resolve) => setTimeout(resolve, 50));
          onProgress({
            timeFromStartS: 0.5,
            desiredRad: Float64Array.of(0.1, -0.2),
            actualRad: Float64Array.of(0.09, -0.2),
          });
          await new Promise((resolve) => setTimeout(resolve, 50));
          return { end: "succeeded", code: TrajectoryCode.Successful, text: "there" };
        },
      });
      expect(await client.waitForServer(patience)).toBe(true);
      const progress: TrajectoryProgress[] = [];
      const sent = await client.send(goal, { ...patience, onProgress: (at) => progress.push(at) });
      expect(await sent?.result(patience)).toEqual({
        end: "succeeded",
        code: TrajectoryCode.Successful,
        text: "there",
      });
      expect(seen).toMatchObject([goal]);
      expect(seen[0]?.id).toMatch(/^[0-9a-f]{32}$/);
      expect(progress).toMatchObject([
        { timeFromStartS: 0.5, actualRad: Float64Array.of(0.09, -0.2) },
      ]);
    });

    const unserved: readonly (readonly [string, Omit<TrajectoryGoal, "id">])[] = [
      ["no joints", { ...goal, jointNames: [] }],
      ["a joint twice", { ...goal, jointNames: ["yaw", "yaw"] }],
      ["no points", { ...goal, points: [] }],
      ["a point of another length", { ...goal, jointNames: ["yaw"] }],
      ["points out of order", { ...goal, points: goal.points.toReversed() }],
      [
        "a position that is no number",
        {
          ...goal,
          points: [
            {
              posRad: Float64Array.of(Number.NaN, 0),
              velRadPerS: new Float64Array(0),
              timeFromStartS: 1,
            },
          ],
        },
      ],
      ["what the handler refuses", { ...goal, goalTimeToleranceS: 99 }],
    ];

    it("rejects goals that are no trajectories, and those the handler refuses", async () => {
      await using actions = await open();
      const client = serve(actions, {
        refusal: ({ goalTimeToleranceS }) => (goalTimeToleranceS > 10 ? "too patient" : undefined),
      });
      await client.waitForServer(patience);
      for (const [title, bad] of unserved) {
        expect(await client.send(bad, patience), title).toBeUndefined();
      }
      const sent = await client.send(goal, patience);
      expect(await sent?.result(patience)).toEqual(succeeded);
    });

    it("cancels a goal that runs, and only then", async () => {
      await using actions = await open();
      const client = serve(actions, {
        run: async (_, { signal }) => {
          await new Promise((resolve) => {
            signal.addEventListener("abort", resolve);
          });
          return { end: "canceled", code: TrajectoryCode.Successful, text: "held" };
        },
      });
      await client.waitForServer(patience);
      const sent = await client.send(goal, patience);
      const result = sent?.result(patience);
      expect(await sent?.cancel(patience)).toBe(true);
      expect(await result).toMatchObject({ end: "canceled", text: "held" });
      expect(await sent?.cancel(patience), "it has ended").toBe(false);
    });

    it("aborts with control_msgs' code, and with none where the handler throws", async () => {
      await using actions = await open();
      let throws = false;
      const client = serve(actions, {
        run: () => {
          if (throws) return Promise.reject(new Error("the mount is gone"));
          const code = TrajectoryCode.PathToleranceViolated;
          return Promise.resolve({ end: "aborted", code, text: "yaw off by 0.2 rad" });
        },
      });
      await client.waitForServer(patience);
      const first = await client.send(goal, patience);
      expect(await first?.result(patience)).toEqual({
        end: "aborted",
        code: -4,
        text: "yaw off by 0.2 rad",
      });
      throws = true;
      const second = await client.send(goal, patience);
      expect(await second?.result(patience)).toMatchObject({ end: "aborted" });
    });

    it("runs several goals, each with its own result", async () => {
      await using actions = await open();
      const client = serve(actions, {
        run: async ({ goalTimeToleranceS }) => {
          await new Promise((resolve) => setTimeout(resolve, 100 - 20 * goalTimeToleranceS));
          return { ...succeeded, text: String(goalTimeToleranceS) };
        },
      });
      await client.waitForServer(patience);
      const texts = await Promise.all(
        [1, 2, 3].map(async (goalTimeToleranceS) => {
          const sent = await client.send({ ...goal, goalTimeToleranceS }, patience);
          return (await sent?.result(patience))?.text;
        }),
      );
      expect(texts).toEqual(["1", "2", "3"]);
    });
  });
}

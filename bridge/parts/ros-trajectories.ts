import type { CommandInput } from "../../ros/inputs/command-input.ts";
import type { TrajectoryRunner } from "../../ros/inputs/trajectory-goals.ts";
import type { JointTrajectory } from "../../ros/messages/message-types.ts";

/** The command topics' runner as goals of an action see it. */
export function commandRunner(
  input: CommandInput,
  {
    now,
    startOf,
  }: {
    readonly now: () => number;
    readonly startOf: (message: JointTrajectory, arrivalMs: number) => number;
  },
): TrajectoryRunner {
  return {
    get startedCount() {
      return input.trajectoryCount;
    },
    get isRunning() {
      return input.isRunningTrajectory;
    },
    start: (message) => {
      const nowMs = now();
      const startedCount = input.trajectoryCount;
      const refusedBefore = new Map(
        input.refusals.list.map(({ reason, count }) => [reason, count]),
      );
      input.trajectory(message, nowMs, "action");
      if (input.trajectoryCount > startedCount) {
        return { ok: true, startMs: startOf(message, nowMs) };
      }
      const refusal = input.refusals.list.find(
        ({ reason, count }) => count > (refusedBefore.get(reason) ?? 0),
      );
      return { ok: false, text: refusal?.text ?? "refused" };
    },
    stop: (reason) => {
      input.stopTrajectory(reason);
    },
  };
}

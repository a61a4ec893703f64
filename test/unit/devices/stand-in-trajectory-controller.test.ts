import { describe, expect, it } from "vitest";
import type { JointTrajectory } from "../../../ros/messages/message-types.ts";
import { StandInTrajectoryController } from "../../fakes/stand-in-trajectory-controller.ts";

const none = new Float64Array(0);
type Point = readonly [timeS: number, pos: readonly number[], vel?: readonly number[]];

function trajectory(
  points: readonly Point[],
  { names = ["a", "b"], stampS = 0 }: { names?: readonly string[]; stampS?: number } = {},
): JointTrajectory {
  return {
    header: { stamp: { sec: stampS, nanosec: 0 }, frame_id: "" },
    joint_names: names,
    points: points.map(([timeS, pos, vel]) => ({
      positions: Float64Array.from(pos),
      velocities: vel === undefined ? none : Float64Array.from(vel),
      accelerations: none,
      effort: none,
      time_from_start: { sec: Math.floor(timeS), nanosec: Math.round((timeS % 1) * 1e9) },
    })),
  };
}

const still: Point = [1, [1, 0], [0, 0]];

describe("what a joint_trajectory_controller makes of a message", () => {
  it.each<[string, JointTrajectory, string | undefined]>([
    ["one point, now", trajectory([still]), undefined],
    ["joints in another order", trajectory([still], { names: ["b", "a"] }), undefined],
    ["a start that is still to come", trajectory([still], { stampS: 20 }), undefined],
    ["a start that has passed, an end that has not", trajectory([still], { stampS: 9 }), undefined],
    ["positions alone", trajectory([[1, [1, 0]]]), undefined],
    ["some of its joints", trajectory([[1, [1]]], { names: ["a"] }), "not all joints"],
    ["a joint it does not have", trajectory([still], { names: ["a", "c"] }), "c is not"],
    ["no points", trajectory([]), "empty"],
    ["times that stand still", trajectory([still, still]), "does not rise"],
    ["an end in motion", trajectory([[1, [1, 0], [1, 0]]]), "ends in motion"],
    ["an end in the past", trajectory([still], { stampS: 8 }), "in the past"],
  ])("%s", (_name, message, refusal) => {
    const controller = new StandInTrajectoryController(["a", "b"], [0, 0]);
    const found = controller.accept(message, 10_000);
    if (refusal === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(refusal);
  });

  it("goes by a cubic and holds the last point", () => {
    const controller = new StandInTrajectoryController(["a", "b"], [0, 0]);
    controller.accept(trajectory([still]), 10_000);
    expect(controller.wanted(10_500).pos[0]).toBeCloseTo(0.5, 12);
    expect(controller.wanted(10_500).vel[0]).toBeCloseTo(1.5, 12);
    expect(controller.wanted(11_000).pos).toEqual([1, 0]);
    expect(controller.wanted(99_000)).toEqual({ pos: [1, 0], vel: [0, 0] });
  });

  it("drops the old plan for a new one, from where it is", () => {
    const controller = new StandInTrajectoryController(["a", "b"], [0, 0]);
    controller.accept(trajectory([still]), 10_000);
    controller.accept(trajectory([[0.5, [0, 0], [0, 0]]]), 10_500);
    expect(controller.wanted(10_501).pos[0]).toBeCloseTo(0.5, 2);
    expect(controller.wanted(11_500).pos[0]).toBe(0);
  });
});

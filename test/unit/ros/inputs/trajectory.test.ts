import { describe, expect, it } from "vitest";
import { planTrajectory } from "../../../../ros/inputs/trajectory-plan.ts";
import { TrajectoryRun, type SetpointState } from "../../../../ros/inputs/trajectory-run.ts";
import type { JointTrajectory } from "../../../../ros/messages/message-types.ts";
import { phoneMount } from "../../../fakes/synthetic-actuation.ts";

const { axes } = phoneMount();
const nowhere = { stamp: { sec: 0, nanosec: 0 }, frame_id: "" };
const none = new Float64Array(0);

interface Point {
  readonly atS: number;
  readonly pos: readonly number[];
  readonly vel?: readonly number[];
}

function trajectory(names: readonly string[], points: readonly Point[]): JointTrajectory {
  return {
    header: nowhere,
    joint_names: names,
    points: points.map(({ atS, pos, vel = [] }) => ({
      positions: Float64Array.from(pos),
      velocities: Float64Array.from(vel),
      accelerations: none,
      effort: none,
      time_from_start: { sec: Math.floor(atS), nanosec: Math.round((atS % 1) * 1e9) },
    })),
  };
}

function planned(names: readonly string[], points: readonly Point[]) {
  const outcome = planTrajectory(trajectory(names, points), axes);
  if (!outcome.ok) throw new Error(outcome.text);
  return outcome.plan;
}

describe("a joint trajectory", () => {
  it("may name some of the axes, in any order", () => {
    const plan = planned(["pitch", "yaw"], [{ atS: 1, pos: [0.1, 0.2] }]);
    expect(plan.axes).toEqual([
      { name: "pitch", index: 3 },
      { name: "yaw", index: 1 },
    ]);
    expect(plan.timesMs).toEqual([1000]);
  });

  it.each<[string, string, JointTrajectory]>([
    ["names", "no joint names", trajectory([], [{ atS: 1, pos: [] }])],
    ["names", "joint elbow", trajectory(["yaw", "elbow"], [{ atS: 1, pos: [0, 0] }])],
    ["names", "named twice", trajectory(["yaw", "yaw"], [{ atS: 1, pos: [0, 0] }])],
    ["sizes", "no points", trajectory(["yaw"], [])],
    ["sizes", "point 0 has 2 positions", trajectory(["yaw"], [{ atS: 1, pos: [0, 0] }])],
    ["sizes", "point 0 has 0 positions", trajectory(["yaw"], [{ atS: 1, pos: [] }])],
    ["sizes", "2 velocities", trajectory(["yaw"], [{ atS: 1, pos: [0], vel: [0, 0] }])],
    ["not-finite", "yaw is NaN", trajectory(["yaw"], [{ atS: 1, pos: [Number.NaN] }])],
    ["not-finite", "yaw is Infinity", trajectory(["yaw"], [{ atS: 1, pos: [0], vel: [1 / 0] }])],
    ["times", "-1.000 s", trajectory(["yaw"], [{ atS: -1, pos: [0] }])],
    [
      "times",
      "point 1 is at 1.000 s",
      trajectory(
        ["yaw"],
        [1, 1].map((atS) => ({ atS, pos: [0] })),
      ),
    ],
    ["times", "limit is 600 s", trajectory(["yaw"], [{ atS: 601, pos: [0] }])],
    ["limits", "yaw at 9.000 rad", trajectory(["yaw"], [{ atS: 60, pos: [9] }])],
    ["limits", "yaw at 50.00 rad/s", trajectory(["yaw"], [{ atS: 1, pos: [0.1], vel: [-50] }])],
    [
      "limits",
      "yaw needs 10.00 rad/s",
      trajectory(
        ["yaw"],
        [
          { atS: 1, pos: [0] },
          { atS: 1.1, pos: [1] },
        ],
      ),
    ],
  ])("refused for its %s says %s", (reason, text, message) => {
    const outcome = planTrajectory(message, axes);
    expect(outcome).toMatchObject({ ok: false, reason });
    if (!outcome.ok) expect(outcome.text).toContain(text);
  });
});

/** A setpoint that does what it is told at once: the trajectory alone is looked at. */
function follow(run: TrajectoryRun, from: SetpointState, limitRadPerS = Infinity) {
  const pos = Array.from(from.posRad);
  const vel = [0, 0, 0, 0];
  const stepMs = 20;
  const trace: { atMs: number; yaw: number; yawVel: number }[] = [];
  for (let nowMs = from.stampMs; ; nowMs += stepMs) {
    const step = run.step(nowMs, { stampMs: nowMs, posRad: pos, velRadPerS: vel });
    if (step.kind !== "velocity") return { step, trace };
    vel[1] = Math.min(Math.max(step.velRadPerS["yaw"] ?? 0, -limitRadPerS), limitRadPerS);
    pos[1] = (pos[1] ?? 0) + (vel[1] * stepMs) / 1000;
    trace.push({ atMs: nowMs + stepMs, yaw: pos[1], yawVel: vel[1] });
  }
}

const rest = (stampMs: number): SetpointState => ({
  stampMs,
  posRad: [0, 0, 0, 0],
  velRadPerS: [0, 0, 0, 0],
});

describe("following a trajectory", () => {
  it("without velocities goes in straight lines from where the setpoint stands", () => {
    const plan = planned(
      ["yaw"],
      [
        { atS: 1, pos: [0.5] },
        { atS: 2, pos: [0.5] },
        { atS: 3, pos: [0] },
      ],
    );
    const { step, trace } = follow(new TrajectoryRun(plan, 5000, rest(5000)), rest(5000));
    const at = (atMs: number) => trace.find((each) => each.atMs === atMs)?.yaw;
    expect(at(5500)).toBeCloseTo(0.25, 1);
    expect(at(6800)).toBeCloseTo(0.5, 2);
    expect(at(7500)).toBeCloseTo(0.25, 1);
    expect(step).toEqual({ kind: "arrived", posRad: { yaw: 0 } });
  });

  it("with velocities goes through them smoothly", () => {
    const plan = planned(
      ["yaw"],
      [
        { atS: 1, pos: [0.5], vel: [0.8] },
        { atS: 2, pos: [1], vel: [0] },
      ],
    );
    const { trace } = follow(new TrajectoryRun(plan, 5000, rest(5000)), rest(5000));
    const through = trace.find((each) => each.atMs === 6000);
    expect(through?.yaw).toBeCloseTo(0.5, 1);
    expect(through?.yawVel).toBeCloseTo(0.8, 0);
    const steps = trace.slice(1).map((each, i) => Math.abs(each.yawVel - trace[i]!.yawVel));
    expect(Math.max(...steps), "no jump of velocity").toBeLessThan(0.1);
  });

  it("that began in the past joins it where it is now", () => {
    const plan = planned(
      ["yaw"],
      [
        { atS: 1, pos: [0.2] },
        { atS: 3, pos: [0.6] },
      ],
    );
    const { trace, step } = follow(new TrajectoryRun(plan, 4000, rest(5500)), rest(5500));
    expect(trace.find((each) => each.atMs === 6500)?.yaw).toBeCloseTo(0.5, 1);
    expect(step).toMatchObject({ kind: "arrived", posRad: { yaw: 0.6 } });
  });

  it("gives up when something holds the device back", () => {
    const plan = planned(["yaw"], [{ atS: 4, pos: [1.5] }]);
    const { step, trace } = follow(new TrajectoryRun(plan, 5000, rest(5000)), rest(5000), 0.05);
    expect(step).toMatchObject({ kind: "lost" });
    expect(trace.at(-1)!.atMs).toBeLessThan(7500);
  });

  it("with one point at zero goes there at once", () => {
    const plan = planned(["yaw"], [{ atS: 0, pos: [0.3] }]);
    const run = new TrajectoryRun(plan, 5000, rest(5000));
    expect(run.step(5000, rest(5000))).toEqual({ kind: "arrived", posRad: { yaw: 0.3 } });
  });
});

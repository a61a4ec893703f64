import { describe, expect, it } from "vitest";
import { previewHeaderWidth, previewWidth } from "../../../bridge/contract/preview.ts";
import { MountMotion, type MotionIntent } from "../../../devices/actuation/motion.ts";
import { mount } from "./mount.ts";

const periodMs = 5;
const [deploy, yaw, roll, pitch] = [0, 1, 2, 3] as const;
const never = Number.POSITIVE_INFINITY;

function velocity(velRadPerS: (number | null)[], expiresAtMs = never): MotionIntent {
  return { kind: "velocity", velRadPerS, expiresAtMs };
}
function position(posRad: (number | null)[], velocityRatio = 1): MotionIntent {
  return { kind: "position", posRad, velocityRatio };
}

/** A motion with its own time: `run` ticks on and calls back after each tick. */
function bench(startRad: readonly number[] = mount.homeRad): {
  motion: MountMotion;
  nowMs: () => number;
  run: (ms: number, each?: () => void) => void;
} {
  const motion = new MountMotion(mount, periodMs);
  motion.reset(Float64Array.from(startRad));
  let nowMs = 1000;
  return {
    motion,
    nowMs: () => nowMs,
    run: (ms, each = () => undefined) => {
      for (let end = nowMs + ms; nowMs < end;) {
        nowMs += periodMs;
        motion.tick(nowMs);
        each();
      }
    },
  };
}

describe("the motion of the mount", () => {
  it("stands still where it was found until told to move", () => {
    const { motion, run } = bench([2.1, 0.5, -0.1, 0.2]);
    run(500);
    expect([...motion.posRad]).toEqual([2.1, 0.5, -0.1, 0.2]);
    expect(motion.moving).toBe(false);
  });

  it("goes to a position and says so", () => {
    const { motion, run } = bench();
    motion.setIntent(position([null, 1, null, -0.5]));
    run(20);
    expect(motion.isSettled(yaw)).toBe(false);
    run(3000);
    expect([...motion.posRad]).toEqual([2.1, 1, 0, -0.5]);
    expect(motion.isSettled(yaw) && motion.isSettled(pitch)).toBe(true);
  });

  it("runs a velocity to its expiry, then brakes and counts it", () => {
    const { motion, nowMs, run } = bench();
    motion.setIntent(velocity([null, 1, null, null], nowMs() + 400));
    run(395);
    expect(motion.velRadPerS[yaw]).toBeCloseTo(1, 9);
    expect(motion.expiredCount).toBe(0);
    run(5);
    expect(motion.expiredCount).toBe(1);
    run(500);
    expect(motion.velRadPerS[yaw]).toBe(0);
    expect(motion.moving).toBe(false);
  });

  it("a hold brakes every axis", () => {
    const { motion, run } = bench();
    motion.setIntent(velocity([null, 1, -1, 1]));
    run(200);
    motion.setIntent({ kind: "hold" });
    run(600);
    expect([...motion.velRadPerS]).toEqual([0, 0, 0, 0]);
  });

  it("null leaves an axis to what it was told before", () => {
    const { motion, run } = bench();
    motion.setIntent(position([null, 1.2, null, null]));
    run(100);
    motion.setIntent(velocity([null, null, 0.2, null]));
    run(2000);
    expect(motion.posRad[yaw]).toBe(1.2);
    expect(motion.posRad[roll]).toBeGreaterThan(0.3);
  });

  it("clamps what lies outside the limits", () => {
    const { motion, run } = bench();
    motion.setIntent(position([9, 9, 9, 9], 7));
    run(5000);
    expect([...motion.posRad]).toEqual([2.1, 3.14, 0.79, 1.05]);
  });

  it("a velocity stops on the position limit and stays there", () => {
    const { motion, run } = bench();
    motion.setIntent(velocity([null, 100, null, -100]));
    let fastest = 0;
    run(5000, () => (fastest = Math.max(fastest, motion.velRadPerS[yaw]!)));
    expect(fastest).toBeCloseTo(2.09, 9);
    expect(motion.posRad[yaw]).toBe(3.14);
    expect(motion.posRad[pitch]).toBe(-1.57);
    expect(motion.moving).toBe(false);
  });
});

describe("the deploy interlock", () => {
  const stowed = [0, 0, 0, 0];

  it("keeps the other axes still while stowed, and says which", () => {
    const { motion, run } = bench(stowed);
    motion.setIntent(velocity([null, 1, null, null]));
    run(1000);
    expect(motion.posRad[yaw]).toBe(0);
    expect(motion.isHeldByInterlock(yaw)).toBe(true);
    expect(motion.isHeldByInterlock(pitch)).toBe(false);
  });

  it("deploys first and turns then when told both", () => {
    const { motion, run } = bench(stowed);
    motion.setIntent(position([2.1, 1, null, 0.3]));
    run(6000, () => {
      if (motion.posRad[yaw] !== 0) expect(motion.posRad[deploy]).toBeGreaterThanOrEqual(2);
    });
    expect([...motion.posRad]).toEqual([2.1, 1, 0, 0.3]);
  });

  it("re-centres first and folds then when told both", () => {
    const { motion, run } = bench([2.1, 1, 0.2, 0.3]);
    motion.setIntent(position(stowed));
    run(8000, () => {
      if (motion.posRad[deploy]! < 2 - 1e-9) expect([...motion.posRad].slice(1)).toEqual([0, 0, 0]);
    });
    expect([...motion.posRad]).toEqual(stowed);
  });

  it("keeps deployed while another axis runs, whatever the order of the commands", () => {
    const { motion, run } = bench();
    motion.setIntent(velocity([-2, null, null, null]));
    run(40);
    motion.setIntent(velocity([null, 0.5, null, null]));
    run(300, () => {
      if (motion.velRadPerS[yaw] !== 0) {
        expect(motion.posRad[deploy]).toBeGreaterThanOrEqual(2 - 1e-9);
      }
    });
  });

  it.each([0.2, 0.47, 0.81, 1])(
    "holds while a fold at ratio %d that turned round dips below ready, at whatever tick it was told",
    (ratio) => {
      for (let turnTick = 1; turnTick < 120; turnTick += 1) {
        const { motion, run } = bench([2.1, 0, 0, 0.1]);
        motion.setIntent(position([1.9944, null, null, null], ratio));
        run(turnTick * periodMs);
        motion.setIntent(position([2.1, null, -0.2, 0.6], 0.81));
        run(1500, () => {
          const others = Math.abs(motion.velRadPerS[roll]!) + Math.abs(motion.velRadPerS[pitch]!);
          if (others > 0) expect(motion.posRad[deploy]).toBeGreaterThanOrEqual(2 - 1e-6);
        });
        expect(motion.posRad[roll]).toBe(-0.2);
      }
    },
  );

  it("brakes the other axes when the measured deploy angle falls away", () => {
    const { motion, run } = bench();
    motion.setMeasuredDeploy(2.1);
    motion.setIntent(velocity([null, 1, null, null]));
    run(400);
    expect(motion.velRadPerS[yaw]).toBeCloseTo(1, 9);
    motion.setMeasuredDeploy(1.5);
    run(600);
    expect(motion.velRadPerS[yaw]).toBe(0);
  });
});

describe("the preview", () => {
  const sampleCount = 150;
  const stepMs = 10;
  const row = new Float64Array(previewWidth({ sampleCount, axisCount: 4 }));

  const cases: readonly [string, MotionIntent, readonly number[]][] = [
    ["a position", position([null, 1.5, 0.3, -1]), mount.homeRad],
    ["a velocity that runs out", velocity([null, 1, null, -0.7], 1400), mount.homeRad],
    ["a velocity into the limit", velocity([null, null, 2, null]), mount.homeRad],
    ["deploying before turning", position([2.1, 1, 0, 0.4]), [0, 0, 0, 0]],
    ["folding after turning back", position([0, 0, 0, 0]), [2.1, 0.4, 0, 0.2]],
    ["standing still", { kind: "hold" }, mount.homeRad],
  ];
  it.each(cases)("of %s is exactly what comes then", (_name, intent, start) => {
    const { motion, nowMs, run } = bench(start);
    motion.setIntent(intent);
    run(100);
    motion.preview(nowMs(), stepMs, sampleCount, row);
    expect([...row.subarray(0, previewHeaderWidth)]).toEqual([nowMs(), stepMs, sampleCount, 4]);
    for (let sample = 0; sample < sampleCount; sample += 1) {
      if (sample > 0) run(stepMs);
      const at = previewHeaderWidth + sample * 4;
      expect([...row.subarray(at, at + 4)]).toEqual([...motion.posRad]);
    }
  });
});

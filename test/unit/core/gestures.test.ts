import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { actionNames } from "../../../bridge/core/gesture-names.ts";
import { planGesture, type GestureName } from "../../../bridge/core/gestures.ts";
import { leastMoveMs } from "../../../bridge/core/timed-move.ts";
import { phoneMount } from "../../fakes/synthetic-actuation.ts";

const { axes, homeRad } = phoneMount();
const yaw = axes.find(({ name }) => name === "yaw")!;
const names = actionNames.filter((name): name is GestureName => name !== "look-at");

/** Peaks of the quintic from rest to rest over a distance in a time, by sampling it. */
function peaks(distance: number, timeMs: number): { vel: number; acc: number; jerk: number } {
  const T = timeMs / 1000;
  let [vel, acc, jerk] = [0, 0, 0];
  for (let i = 0; i <= 1000; i += 1) {
    const s = i / 1000;
    vel = Math.max(vel, Math.abs((distance / T) * (30 * s ** 2 - 60 * s ** 3 + 30 * s ** 4)));
    acc = Math.max(acc, Math.abs((distance / T ** 2) * (60 * s - 180 * s ** 2 + 120 * s ** 3)));
    jerk = Math.max(jerk, Math.abs((distance / T ** 3) * (60 - 360 * s + 360 * s ** 2)));
  }
  return { vel, acc, jerk };
}

describe("the least time of a move", () => {
  it("reaches one of the limits and passes none, for any distance", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 6, noNaN: true }), (distance) => {
        const { vel, acc, jerk } = peaks(distance, leastMoveMs(yaw, distance));
        const used = [
          vel / yaw.maxVelocityRadPerS,
          acc / (0.9 * yaw.maxAccelerationRadPerS2),
          jerk / (0.9 * yaw.maxJerkRadPerS3),
        ];
        expect(Math.max(...used)).toBeGreaterThan(0.999);
        expect(Math.max(...used)).toBeLessThan(1.001);
      }),
      { numRuns: 200, seed: 12 },
    );
  });

  it("is longer with a share of the limits, and nothing for no distance", () => {
    const share = { velocityRatio: 0.5, accelerationRatio: 0.5 };
    expect(leastMoveMs(yaw, 1, share)).toBeGreaterThan(leastMoveMs(yaw, 1));
    expect(leastMoveMs(yaw, 0)).toBe(0);
  });
});

describe("a gesture", () => {
  it.each(names)(
    "%s begins and ends where the device stands, at rest, with times that rise",
    (name) => {
      const plan = planGesture(name, { axes, jointPosRad: homeRad });
      if (!plan.ok) throw new Error(plan.reason);
      const end = plan.points.at(-1);
      end?.posRad.forEach((posRad, index) => {
        if (posRad !== null) expect(posRad).toBeCloseTo(homeRad[index] ?? 0, 9);
      });
      const times = plan.points.map(({ timeS }) => timeS);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect(new Set(times).size).toBe(times.length);
      expect(times[0]).toBeGreaterThan(0);
      expect(end?.velRadPerS?.every((velocity) => velocity === null || velocity === 0)).toBe(true);
    },
  );

  it("keeps within range and limits wherever the device stands", () => {
    const anywhere = fc.tuple(
      ...axes.map(({ lowerRad, upperRad }) =>
        fc.double({ min: lowerRad, max: upperRad, noNaN: true }),
      ),
    );
    let planned = 0;
    fc.assert(
      fc.property(fc.constantFrom(...names), anywhere, (name, jointPosRad) => {
        const plan = planGesture(name, { axes, jointPosRad });
        if (!plan.ok) return;
        planned += 1;
        let from: readonly number[] = jointPosRad;
        let fromS = 0;
        for (const { posRad, timeS } of plan.points) {
          posRad.forEach((goal, index) => {
            const axis = axes[index];
            if (goal === null || axis === undefined) return;
            expect(goal).toBeGreaterThanOrEqual(axis.lowerRad);
            expect(goal).toBeLessThanOrEqual(axis.upperRad);
            const distance = goal - (from[index] ?? 0);
            if (distance === 0) return;
            const { vel, acc } = peaks(distance, (timeS - fromS) * 1000);
            expect(vel).toBeLessThan(axis.maxVelocityRadPerS * 1.001);
            expect(acc).toBeLessThan(axis.maxAccelerationRadPerS2);
          });
          from = jointPosRad.map((rad, index) => posRad[index] ?? rad);
          fromS = timeS;
        }
      }),
      { numRuns: 300, seed: 77 },
    );
    expect(planned).toBeGreaterThan(200);
  });

  it("swings less with a smaller amplitude and takes longer with a smaller share", () => {
    const full = planGesture("nod", { axes, jointPosRad: homeRad });
    const small = planGesture("nod", { axes, jointPosRad: homeRad, amplitudeRatio: 0.5 });
    const share = { velocityRatio: 0.2, accelerationRatio: 0.2 };
    const slow = planGesture("nod", { axes, jointPosRad: homeRad, share });
    if (!full.ok || !small.ok || !slow.ok) throw new Error("not planned");
    const pitch = axes.findIndex(({ name }) => name === "pitch");
    const swing = (plan: typeof full): number =>
      Math.max(
        ...plan.points.map(({ posRad }) => Math.abs((posRad[pitch] ?? 0) - (homeRad[pitch] ?? 0))),
      );
    expect(swing(small)).toBeCloseTo(swing(full) / 2, 9);
    expect(slow.points.at(-1)?.timeS).toBeGreaterThan(full.points.at(-1)?.timeS ?? 0);
  });

  it.each([
    {
      name: "an axis it needs is missing",
      request: { axes: [yaw], jointPosRad: [0] },
      reason: "lacks",
    },
    {
      name: "there is no room",
      request: { axes: [{ ...yaw, name: "pitch", lowerRad: 0, upperRad: 0.01 }], jointPosRad: [0] },
      reason: "has room for 4 %",
    },
  ])("is refused when $name", ({ request, reason }) => {
    const plan = planGesture("nod", request);
    expect(plan).toMatchObject({ ok: false, reason: expect.stringContaining(reason) as string });
  });
});

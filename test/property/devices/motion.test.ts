import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { previewHeaderWidth, previewWidth } from "../../../bridge/contract/preview.ts";
import { MountMotion, type MotionIntent } from "../../../devices/actuation/motion.ts";
import { AxisPath } from "../../../devices/actuation/path.ts";
import { mount } from "../../unit/devices/mount.ts";
import { runsTimes } from "./axis-laws.ts";

const periodMs = 5;
const axisCount = mount.axes.length;
const readyRad = mount.interlock!.readyRad;
const tiny = 1e-9;

const perAxis = fc.array(fc.option(fc.double({ min: -4, max: 4, noNaN: true })), {
  minLength: axisCount,
  maxLength: axisCount,
});
const inRange = (index: number, rad: number): number =>
  Math.min(Math.max(rad, mount.axes[index]!.lowerRad), mount.axes[index]!.upperRad);
/** `expiresAtMs` counts from the moment of the command until `absolute` makes it a time. */
const intentArbitrary: fc.Arbitrary<MotionIntent> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ kind: "hold" as const }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("velocity" as const),
      velRadPerS: perAxis,
      expiresAtMs: fc.integer({ min: 0, max: 1000 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("position" as const),
      posRad: perAxis,
      velocityRatio: fc.double({ min: 0.05, max: 1, noNaN: true }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("point" as const),
      posRad: perAxis,
      velRadPerS: perAxis,
      atMs: fc.integer({ min: -200, max: 200 }),
      expiresAtMs: fc.integer({ min: 0, max: 1000 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        fc.integer({ min: 50, max: 2000 }),
        perAxis,
        fc.integer({ min: 50, max: 900 }),
        perAxis,
      )
      .map(([atMs, first, afterMs, second]) => {
        const from = first.map((value, index) => value ?? second[index] ?? null);
        const to = first.map((value, index) => second[index] ?? value);
        const path = from.map((value, index) => {
          if (value === null) return undefined;
          const knots = [
            { timeS: atMs / 1000, posRad: inRange(index, value), velRadPerS: 0 },
            { timeS: (atMs + afterMs) / 1000, posRad: inRange(index, to[index]!), velRadPerS: 0 },
          ];
          return new AxisPath(0, knots);
        });
        return { kind: "path" as const, path };
      }),
  },
);
const script = fc.array(
  fc.record({ intent: intentArbitrary, ticks: fc.integer({ min: 1, max: 150 }) }),
  { minLength: 1, maxLength: 15 },
);
const startArbitrary = fc
  .tuple(
    ...mount.axes.map((axis) => fc.double({ min: axis.lowerRad, max: axis.upperRad, noNaN: true })),
  )
  // Minus zero is no other angle than zero.
  .map((angles) => angles.map((angle) => angle + 0));

function absolute(intent: MotionIntent, nowMs: number): MotionIntent {
  if (intent.kind === "velocity") return { ...intent, expiresAtMs: nowMs + intent.expiresAtMs };
  if (intent.kind !== "point") return intent;
  return { ...intent, atMs: nowMs + intent.atMs, expiresAtMs: nowMs + intent.expiresAtMs };
}

/** Runs a script from a resting start; `each` sees every tick. */
function play(
  motion: MountMotion,
  start: readonly number[],
  steps: readonly { readonly intent: MotionIntent; readonly ticks: number }[],
  each: () => void,
): number {
  motion.reset(Float64Array.from(start));
  let nowMs = 1000;
  for (const { intent, ticks } of steps) {
    motion.setIntent(absolute(intent, nowMs));
    for (let tick = 0; tick < ticks; tick += 1) {
      nowMs += periodMs;
      motion.tick(nowMs);
      each();
    }
  }
  return nowMs;
}

describe("the motion of the mount, whatever it is told", () => {
  it("stays within range and speed, and turns nothing unless deployed", () => {
    fc.assert(
      fc.property(startArbitrary, script, (start, steps) => {
        const motion = new MountMotion(mount, periodMs);
        play(motion, start, steps, () => {
          mount.axes.forEach((axis, index) => {
            const pos = motion.posRad[index]!;
            const vel = motion.velRadPerS[index]!;
            const inRange = pos >= axis.lowerRad - tiny && pos <= axis.upperRad + tiny;
            const inSpeed = Math.abs(vel) <= axis.maxVelocityRadPerS + tiny;
            if (!inRange || !inSpeed) throw new Error(`${axis.name} at ${pos} rad, ${vel} rad/s`);
            if (index > 0 && vel !== 0 && motion.posRad[0]! < readyRad - tiny) {
              throw new Error(`${axis.name} turns while deploy is at ${motion.posRad[0]!} rad`);
            }
          });
        });
      }),
      runsTimes(500),
    );
  });

  it("previews exactly what comes if nobody tells it more, and changes nothing by previewing", () => {
    const sampleCount = 60;
    const row = new Float64Array(previewWidth({ sampleCount, axisCount }));
    fc.assert(
      fc.property(startArbitrary, script, (start, steps) => {
        const motion = new MountMotion(mount, periodMs);
        let nowMs = play(motion, start, steps, () => undefined);
        motion.preview(nowMs, 2 * periodMs, sampleCount, row);
        for (let sample = 1; sample < sampleCount; sample += 1) {
          for (let tick = 0; tick < 2; tick += 1) motion.tick((nowMs += periodMs));
          const at = previewHeaderWidth + sample * axisCount;
          expect(row.subarray(at, at + axisCount)).toEqual(motion.posRad);
        }
      }),
      runsTimes(200),
    );
  });

  it("reaches every position the interlock allows, exactly, and rests after a hold", () => {
    fc.assert(
      fc.property(startArbitrary, script, startArbitrary, (start, steps, target) => {
        const motion = new MountMotion(mount, periodMs);
        let nowMs = play(motion, start, steps, () => undefined);
        const deployedBefore = Math.min(motion.posRad[0]!, motion.stopPosRad(0)) >= readyRad;
        motion.setIntent({ kind: "position", posRad: target, velocityRatio: 1 });
        for (let tick = 0; tick < 4000; tick += 1) motion.tick((nowMs += periodMs));
        expect(motion.posRad[0]).toBe(target[0]);
        if (deployedBefore || target[0]! >= readyRad) expect([...motion.posRad]).toEqual(target);
        motion.setIntent({ kind: "hold" });
        for (let tick = 0; tick < 200; tick += 1) motion.tick((nowMs += periodMs));
        expect(motion.moving).toBe(false);
      }),
      runsTimes(300),
    );
  });
});

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { previewWidth } from "../../../bridge/contract/preview.ts";
import { MountMotion, type MotionIntent } from "../../../devices/actuation/motion.ts";
import { AxisPath, type DevicePath } from "../../../devices/actuation/path.ts";
import { mount } from "./mount.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
const periodMs = 5;

/** Heap bytes per call, once the compiler has settled; the least of three, since others share the heap. */
function bytesPerCall(calls: number, call: () => void): number {
  let least = Infinity;
  for (let round = 0; round < 4; round += 1) {
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < calls; i += 1) call();
    const grown = (process.memoryUsage().heapUsed - before) / calls;
    // The first round compiles; a collection in the middle of one makes it negative.
    if (round > 0 && grown >= 0) least = Math.min(least, grown);
  }
  return least;
}

/** A motion whose three free axes run to and fro for ever. */
function movingMount(): { motion: MountMotion; clock: Float64Array } {
  const motion = new MountMotion(mount, periodMs);
  const clock = Float64Array.of(1000);
  return { motion, clock };
}

/** To and fro for an hour and a half: longer than a million ticks. */
function longPath(startsAtMs: number): DevicePath {
  const knots = Array.from({ length: 600 }, (_, index) => {
    const posRad = index % 2 === 0 ? 0.2 : -0.2;
    return { timeS: index * 10, posRad, velRadPerS: 0, accRadPerS2: 0 };
  });
  const path = new AxisPath(startsAtMs, knots);
  return [undefined, path, path, path];
}

describe("the hot path of the motion", () => {
  // One boxed number per axis would be 64 bytes a tick.
  it("allocates nothing on a tick, moving or not", () => {
    const { motion, clock } = movingMount();
    const tick = (): void => {
      clock[0]! += periodMs;
      motion.tick(clock[0]!);
    };
    expect(bytesPerCall(20_000, tick)).toBeLessThan(48);
    const velRadPerS = [null, 0.005, 0.001, -0.005];
    motion.setIntent({ kind: "velocity", velRadPerS, expiresAtMs: Infinity });
    expect(bytesPerCall(20_000, tick)).toBeLessThan(48);
  });

  // A byte a tick would be a megabyte; the little that is left is the loop around it and the compiler's.
  it.each<readonly [string, (nowMs: number) => MotionIntent]>([
    [
      "a velocity",
      () => ({ kind: "velocity", velRadPerS: [null, 2e-4, 1e-4, -2e-4], expiresAtMs: Infinity }),
    ],
    [
      "a moving point",
      (atMs) => ({
        kind: "point",
        posRad: [null, 0.1, 0, 0],
        velRadPerS: [null, 2e-4, 1e-4, -2e-4],
        atMs,
        expiresAtMs: Infinity,
      }),
    ],
    ["a path", (nowMs) => ({ kind: "path", path: longPath(nowMs) })],
    [
      "positions to arrive at together",
      () => ({ kind: "position", posRad: [null, 3, 0.7, 1], velocityRatio: 0.001 }),
    ],
  ])(
    "allocates nothing on a tick and leaves the heap as it was after a million, with %s",
    (_, intentAt) => {
      const { motion, clock } = movingMount();
      motion.setIntent(intentAt(clock[0]!));
      const tick = (): void => {
        clock[0]! += periodMs;
        motion.tick(clock[0]!);
      };
      expect(bytesPerCall(20_000, tick)).toBeLessThan(48);
      collectGarbage();
      const before = process.memoryUsage().heapUsed;
      for (let count = 0; count < 1_000_000; count += 1) tick();
      collectGarbage();
      expect(process.memoryUsage().heapUsed - before).toBeLessThan(200_000);
    },
  );

  // One boxed number per previewed tick would be 4,800 bytes.
  it("allocates nothing worth mentioning on a preview", () => {
    const { motion, clock } = movingMount();
    const velRadPerS = [null, 0.5, 0.1, -0.5];
    motion.setIntent({ kind: "velocity", velRadPerS, expiresAtMs: 1500 });
    for (let i = 0; i < 20; i += 1) motion.tick((clock[0]! += periodMs));
    const row = new Float64Array(previewWidth({ sampleCount: 150, axisCount: 4 }));
    const preview = (): void => {
      motion.preview(clock[0]!, 10, 150, row);
    };
    expect(bytesPerCall(2000, preview)).toBeLessThan(1000);
  });
});

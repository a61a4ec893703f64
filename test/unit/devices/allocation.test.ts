import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { previewWidth } from "../../../bridge/contract/preview.ts";
import { MountMotion } from "../../../devices/actuation/motion.ts";
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

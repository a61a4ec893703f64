import process from "node:process";
import { RtpsDay } from "../faults/ros/rtps-day.ts";

/**
 * A day of the embedded participant on simulated time: a million messages, 1,440 visitors, sample numbers
 * past 2^32 and heartbeat counts past 2^31. Prints what is held every tenth; the memory must stay flat.
 *
 *     node --expose-gc dist/test/bench/rtps-day.js [MESSAGES]
 */
const sampleCount = Number(process.argv[2] ?? 1_000_000);
const startMs = performance.now();
const day = new RtpsDay({
  sampleCount,
  durationMs: 24 * 3_600_000,
  visitEveryMs: 60_000,
  seed: 1,
  onProgress: (report) => {
    process.stdout.write(`${JSON.stringify({ ...report, elapsedS: elapsedS() })}\n`);
  },
});
process.stdout.write(`${JSON.stringify({ ...(await day.run()), elapsedS: elapsedS() })}\n`);

function elapsedS(): number {
  return Math.round((performance.now() - startMs) / 100) / 10;
}

import { parentPort, workerData } from "node:worker_threads";
import type { DeviceDescription } from "../../bridge/contract/device.ts";
import { EpisodeRecorder, rowWidth } from "./episode.ts";
import type { Split } from "./splits.ts";

export interface EpisodesWork {
  readonly device: DeviceDescription;
  readonly split: Split;
  /** Index of the next episode nobody has taken, int32. */
  readonly next: SharedArrayBuffer;
  /** All rows of the split, float32. */
  readonly rows: SharedArrayBuffer;
}

const { device, split, next, rows } = workerData as EpisodesWork;
const recorder = await EpisodeRecorder.open(device);
const taken = new Int32Array(next);
const floats = split.steps * rowWidth;
for (;;) {
  const episode = Atomics.add(taken, 0, 1);
  if (episode >= split.episodes) break;
  const out = new Float32Array(rows, episode * floats * Float32Array.BYTES_PER_ELEMENT, floats);
  recorder.record(split.firstSeed + episode, split.ranges, out);
}
parentPort?.close();

import { openSync, writeSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import type { DeviceDescription } from "../../bridge/contract/device.ts";
import { EpisodeRecorder, pictureBytes, rowWidth, truthRowWidth } from "./episode.ts";
import type { Split } from "./splits.ts";

export interface EpisodesWork {
  readonly device: DeviceDescription;
  readonly split: Split;
  /** Index of the next episode nobody has taken, int32. */
  readonly next: SharedArrayBuffer;
  /** Files that exist: each worker writes its episodes at their places. */
  readonly files: { readonly rows: string; readonly truth: string; readonly pictures: string };
}

const { device, split, next, files } = workerData as EpisodesWork;
const recorder = await EpisodeRecorder.open(device);
const taken = new Int32Array(next);
const { steps } = split;
const out = {
  rows: new Float32Array(steps * rowWidth),
  truth: new Float32Array(steps * truthRowWidth),
  ...(split.hasPictures ? { pictures: new Uint8Array(steps * pictureBytes) } : {}),
};
const sinks = [
  { file: openSync(files.rows, "r+"), data: out.rows },
  { file: openSync(files.truth, "r+"), data: out.truth },
  ...(out.pictures === undefined
    ? []
    : [{ file: openSync(files.pictures, "r+"), data: out.pictures }]),
];
for (;;) {
  const episode = Atomics.add(taken, 0, 1);
  if (episode >= split.episodes) break;
  const branchCount = split.branches?.count ?? 1;
  const seed = split.firstSeed + Math.floor(episode / branchCount);
  recorder.record(seed, split, out, episode % branchCount);
  for (const { file, data } of sinks) {
    writeSync(file, new Uint8Array(data.buffer), 0, data.byteLength, episode * data.byteLength);
  }
}
parentPort?.close();

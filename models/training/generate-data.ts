import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { Worker } from "node:worker_threads";
import type { DeviceDescription } from "../../bridge/contract/device.ts";
import { rowWidth } from "./episode.ts";
import type { EpisodesWork } from "./episodes-worker.ts";
import { splits, type Split } from "./splits.ts";

// Records every split into a folder: `node dist/models/training/generate-data.js WORK PROFILE.json`.
// `<split>.f32` holds the rows, little-endian float32 [episode][step][16]; `<split>.json` how they came about.

const workerCount = 2;

async function record(device: DeviceDescription, split: Split): Promise<Uint8Array> {
  const bytes = split.episodes * split.steps * rowWidth * Float32Array.BYTES_PER_ELEMENT;
  const work: EpisodesWork = {
    device,
    split,
    next: new SharedArrayBuffer(4),
    rows: new SharedArrayBuffer(bytes),
  };
  const entry = new URL("./episodes-worker.js", import.meta.url);
  const ends = Array.from({ length: workerCount }, async () => {
    // An error in a worker rejects the wait.
    await once(new Worker(entry, { workerData: work }), "exit");
  });
  await Promise.all(ends);
  return new Uint8Array(work.rows);
}

const [folder, profile] = process.argv.slice(2);
if (folder === undefined || profile === undefined) {
  throw new RangeError("expected two arguments: folder for the data, device profile");
}
await mkdir(folder, { recursive: true });
const device = JSON.parse(await readFile(profile, "utf8")) as DeviceDescription;
for (const [name, split] of Object.entries(splits)) {
  const startMs = performance.now();
  await writeFile(join(folder, `${name}.f32`), await record(device, split));
  await writeFile(join(folder, `${name}.json`), `${JSON.stringify(split, null, 1)}\n`);
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  process.stdout.write(`${name}: ${split.episodes} episodes in ${seconds} s\n`);
}

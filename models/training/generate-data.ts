import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { Worker } from "node:worker_threads";
import type { DeviceDescription } from "../../bridge/contract/device.ts";
import type { EpisodesWork } from "./episodes-worker.ts";
import { splits, type Split } from "./splits.ts";

// Records every split into a folder: `node dist/models/training/generate-data.js WORK PROFILE.json [SPLIT...]`.
// `<split>.f32` holds the rows, little-endian float32 [episode][step][16], `<split>.truth.f32` what episode.ts
// says of the target, [episode][step][4], `<split>.u8` the pictures, uint8 [episode][step][3][64][64];
// `<split>.json` how they came about.

const workerCount = 3;

async function record(
  folder: string,
  device: DeviceDescription,
  name: string,
  split: Split,
): Promise<void> {
  const files = {
    rows: join(folder, `${name}.f32`),
    truth: join(folder, `${name}.truth.f32`),
    pictures: join(folder, `${name}.u8`),
  };
  for (const file of Object.values(files)) await writeFile(file, "");
  const work: EpisodesWork = { device, split, files, next: new SharedArrayBuffer(4) };
  const entry = new URL("./episodes-worker.js", import.meta.url);
  const ends = Array.from({ length: workerCount }, async () => {
    // An error in a worker rejects the wait.
    await once(new Worker(entry, { workerData: work }), "exit");
  });
  await Promise.all(ends);
  await writeFile(join(folder, `${name}.json`), `${JSON.stringify(split, null, 1)}\n`);
}

const [folder, profile, ...asked] = process.argv.slice(2);
if (folder === undefined || profile === undefined) {
  throw new RangeError("expected two arguments: folder for the data, device profile");
}
await mkdir(folder, { recursive: true });
const device = JSON.parse(await readFile(profile, "utf8")) as DeviceDescription;
for (const [name, split] of Object.entries(splits)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const startMs = performance.now();
  await record(folder, device, name, split);
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  process.stdout.write(`${name}: ${split.episodes} episodes in ${seconds} s\n`);
}

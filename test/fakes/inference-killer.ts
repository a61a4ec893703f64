import process from "node:process";
import { isMainThread, type Worker } from "node:worker_threads";

/**
 * Imported before a service (`NODE_OPTIONS=--import`): on SIGUSR2 its inference workers are terminated,
 * as if they had crashed. They are known by their heap limit, which no other worker has.
 */
const inferenceHeapMb = 256;

if (isMainThread) {
  const workers: Worker[] = [];
  process.on("worker", (worker) => {
    if (worker.resourceLimits?.maxOldGenerationSizeMb === inferenceHeapMb) workers.push(worker);
  });
  process.on("SIGUSR2", () => {
    for (const worker of workers.splice(0)) void worker.terminate();
  });
}

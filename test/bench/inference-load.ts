/**
 * What inference costs the rest of the service, and how fast a model comes back:
 *
 *   npm run build && node dist/test/bench/inference-load.js
 *
 * 1. WebSocket echo, client in a process of its own, 200 messages/s: inference at 90 % duty in its worker
 *    against none, in turns. 2. The first call after a pause against calls without one. 3. From the death
 *    of the worker, and from `use`, to the next prediction, at the model's 25 steps a second.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Worker } from "node:worker_threads";
import { WebSocket, WebSocketServer } from "ws";
import { silentLog } from "../../bridge/contract/log.ts";
import { makeObservation } from "../../bridge/contract/observation.ts";
import { disableTelemetry } from "../../models/engine/telemetry.ts";
import type { ModelSupervisor } from "../../models/inference/model-supervisor.ts";
import { openSupervisedModel } from "../../models/inference/open-supervised-model.ts";
import { cpuRung } from "../../models/ladder/rung.ts";

const rounds = 5;
const roundMs = 3000;
const messagePeriodMs = 5;
const packagePath = fileURLToPath(new URL("../../../models/embedded", import.meta.url));
const entry = new URL("../../models/inference/inference-worker.js", import.meta.url);
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const print = (line: string): void => void process.stdout.write(`${line}\n`);

function quantile(values: readonly number[], ratio: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(ratio * sorted.length))] ?? Number.NaN;
}
const spread = (values: readonly number[]): string =>
  [0.5, 0.99].map((ratio) => quantile(values, ratio).toFixed(2)).join(" / ");

if (process.argv[2] === "client") await echoClient(Number(process.argv[3]));
else await bench();

/** Sends a stamp every 5 ms and posts the round trips when it is asked for them. */
async function echoClient(port: number): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await once(socket, "open");
  let tripsMs: number[] = [];
  socket.on("message", (data: Buffer) => tripsMs.push(performance.now() - Number(data.toString())));
  setInterval(() => {
    socket.send(String(performance.now()));
  }, messagePeriodMs);
  process.on("message", () => {
    process.send?.(tripsMs);
    tripsMs = [];
  });
  process.on("disconnect", () => process.exit(0));
}

async function bench(): Promise<void> {
  disableTelemetry();
  const workers: Worker[] = [];
  process.on("worker", (worker) => workers.push(worker));
  const open = (): Promise<ModelSupervisor> =>
    openSupervisedModel({
      packagePath,
      rungs: [cpuRung],
      worker: { entry },
      ladder: { horizonSteps: 24, cudaGraph: false, engineCache: { folder: "", maxBytes: 0 } },
      tickBudgetMs: 1000,
      buildTimeoutMs: 60_000,
      log: silentLog,
    });
  await using model = await open();
  await benchEcho(model);
  await benchPauses(model);
  await benchReturns(model, () => void workers.at(-1)?.terminate());
}

async function benchEcho(model: ModelSupervisor): Promise<void> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
  await once(server, "listening");
  server.on("connection", (socket) => {
    socket.on("message", (data) => {
      socket.send(data, { binary: false });
    });
  });
  const { port } = server.address() as AddressInfo;
  const client = fork(fileURLToPath(import.meta.url), ["client", String(port)]);
  await sleep(1000);
  await collect(client);
  const tripsMs = { idle: [] as number[], busy: [] as number[] };
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await sleep(roundMs);
    const idle = await collect(client);
    const stop = new AbortController();
    const busy = keepBusy(model, stop.signal);
    await sleep(roundMs);
    const loaded = await collect(client);
    stop.abort();
    await busy;
    tripsMs.idle.push(...idle);
    tripsMs.busy.push(...loaded);
    ratios.push(quantile(loaded, 0.99) / quantile(idle, 0.99));
  }
  client.disconnect();
  server.close();
  print(`echo round trip, ms p50 / p99     idle ${spread(tripsMs.idle)}`);
  print(`                                  inference at 90 % duty ${spread(tripsMs.busy)}`);
  const middle = quantile(ratios, 0.5).toFixed(2);
  print(`p99 ratio, ${rounds} rounds in turns     median ${middle}`);
}

async function collect(client: ChildProcess): Promise<number[]> {
  client.send("collect");
  const [tripsMs] = (await once(client, "message")) as [number[]];
  return tripsMs;
}

/** Predictions of 64 candidates, and a tenth of the time none. */
async function keepBusy(model: ModelSupervisor, signal: AbortSignal): Promise<void> {
  const request = {
    actionsRad: new Float32Array(64 * 32 * 4),
    candidateCount: 64,
    horizonSteps: 32,
  };
  await model.observe(makeObservation(4));
  while (!signal.aborted) {
    const startMs = performance.now();
    while (performance.now() - startMs < 90) await model.predict(request);
    await sleep(10);
  }
}

async function tick(model: ModelSupervisor, stampMs: number): Promise<number> {
  const observation = makeObservation(4);
  observation.stampMs = stampMs;
  const startMs = performance.now();
  await model.observe(observation);
  const actionsRad = new Float32Array(24 * 4);
  await model.predict({ actionsRad, candidateCount: 1, horizonSteps: 24 });
  return performance.now() - startMs;
}

async function benchPauses(model: ModelSupervisor): Promise<void> {
  for (const pauseMs of [0, 40, 1000, 5000]) {
    const tookMs: number[] = [];
    const count = Math.min(100, Math.ceil(20_000 / Math.max(pauseMs, 1)));
    for (let i = 0; i < count; i += 1) {
      await sleep(pauseMs);
      tookMs.push(await tick(model, performance.now()));
    }
    print(
      `tick after a pause of ${String(pauseMs).padStart(4)} ms     ms p50 / p99 ${spread(tookMs)}`,
    );
  }
}

/** Longest time between two predictions at 40 ms steps, around `event`. */
async function gapAround(model: ModelSupervisor, event: () => void): Promise<number> {
  let lastMs = performance.now();
  let longestMs = 0;
  for (let step = 0; step < 50; step += 1) {
    if (step === 10) event();
    const stampMs = performance.now();
    await tick(model, stampMs).then(
      () => {
        const nowMs = performance.now();
        longestMs = Math.max(longestMs, nowMs - lastMs);
        lastMs = nowMs;
      },
      () => undefined,
    );
    await sleep(Math.max(0, 40 - (performance.now() - stampMs)));
  }
  return longestMs;
}

async function benchReturns(model: ModelSupervisor, kill: () => void): Promise<void> {
  const gaps = { nothing: [] as number[], use: [] as number[], death: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    gaps.nothing.push(await gapAround(model, () => undefined));
    gaps.use.push(await gapAround(model, () => void model.use(packagePath)));
    gaps.death.push(await gapAround(model, kill));
  }
  const { swapCount, restartCount } = model.status;
  print(`longest time between predictions  ms p50 / max of ${rounds}`);
  for (const [name, values] of Object.entries(gaps)) {
    const text = `${quantile(values, 0.5).toFixed(0)} / ${Math.max(...values).toFixed(0)}`;
    print(`  ${name.padEnd(10)}${text}`);
  }
  print(`  ${swapCount} packages taken, ${restartCount} workers replaced`);
}

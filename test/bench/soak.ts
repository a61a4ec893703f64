// Runs the service for a while under motion and watches it: `npm run soak -- 10` (minutes).
// Prints memory, CPU and tick lateness every 15 s, and what grew between the first and the last third.
import { readFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { RawControlClient } from "../fakes/raw-control-client.ts";
import { ServiceProcess } from "../setup/service-process.ts";

const minutes = Number(process.argv[2] ?? "10");
const samplePeriodMs = 15_000;
const clockTicksPerS = 100;

interface Sample {
  readonly atS: number;
  readonly residentMiB: number;
  readonly cpuRatio: number;
  readonly lateMsP99: number;
  readonly missedTicks: number;
  readonly ticks: number;
  readonly predictions: number;
}

function metric(text: string, name: string): number {
  const line = text.split("\n").find((candidate) => candidate.startsWith(name));
  return Number(line?.split(" ").at(-1) ?? Number.NaN);
}

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / clockTicksPerS;
}

async function sweep(client: RawControlClient, stop: AbortSignal): Promise<void> {
  for (let i = 0; !stop.aborted; i += 1) {
    const yaw = 0.9 * Math.sin(i / 40);
    client.command({
      kind: "velocity",
      velRadPerS: { yaw, pitch: yaw / 3 },
      ttlMs: 300,
      acks: "rejections",
    });
    // The client keeps every message; a soak must not grow by its own memory.
    client.received.length = 0;
    await sleep(100);
  }
}

async function sample(
  url: string,
  pid: number,
  startMs: number,
  last: { cpuS: number; atMs: number },
) {
  const text = await (await fetch(`${url}/metrics`)).text();
  const nowMs = performance.now();
  const cpuS = cpuSeconds(pid);
  const taken: Sample = {
    atS: Math.round((nowMs - startMs) / 1000),
    residentMiB: metric(text, "process_resident_memory_bytes") / 2 ** 20,
    cpuRatio: (cpuS - last.cpuS) / ((nowMs - last.atMs) / 1000),
    lateMsP99: 1000 * metric(text, 'kairos_actuation_late_seconds{quantile="0.99"}'),
    missedTicks: metric(text, "kairos_actuation_missed_ticks_total"),
    ticks: metric(text, "kairos_actuation_ticks_total"),
    predictions: metric(text, "kairos_predictions_total"),
  };
  last.cpuS = cpuS;
  last.atMs = nowMs;
  return taken;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

await using service = ServiceProcess.start();
const url = await service.url();
const pid = service.child.pid ?? 0;
await sleep(5000);
const idle = { cpuS: cpuSeconds(pid), atMs: performance.now() };
await sleep(10_000);
const idleSample = await sample(url, pid, performance.now(), idle);
process.stdout.write(
  `idle: ${(100 * idleSample.cpuRatio).toFixed(1)} % of a core, ${idleSample.residentMiB.toFixed(0)} MiB\n`,
);

const client = (await RawControlClient.open(url, "controller", "soak")).keepAlive();
await client.acquire();
const stop = new AbortController();
const moving = sweep(client, stop.signal);
const samples: Sample[] = [];
const startMs = performance.now();
const last = { cpuS: cpuSeconds(pid), atMs: startMs };
while (performance.now() - startMs < minutes * 60_000) {
  await sleep(samplePeriodMs);
  const now = await sample(url, pid, startMs, last);
  samples.push(now);
  process.stdout.write(
    `${String(now.atS).padStart(5)} s  ${now.residentMiB.toFixed(1)} MiB  cpu ${(100 * now.cpuRatio).toFixed(0)} %  ` +
      `tick late p99 ${now.lateMsP99.toFixed(2)} ms  missed ${now.missedTicks}  ticks ${now.ticks}  predictions ${now.predictions}\n`,
  );
}
stop.abort();
await moving;
client.close();
const third = Math.floor(samples.length / 3);
const [first, final] = [samples.slice(0, third), samples.slice(-third)];
const grew = (pick: (from: Sample) => number): string =>
  `${mean(first.map(pick)).toFixed(2)} → ${mean(final.map(pick)).toFixed(2)}`;
process.stdout.write(`resident MiB, first → last third: ${grew((from) => from.residentMiB)}\n`);
process.stdout.write(`tick late p99 ms, first → last third: ${grew((from) => from.lateMsP99)}\n`);
const { code, tookMs } = await service.stop("SIGINT");
process.stdout.write(`SIGINT: exit ${code} after ${tookMs.toFixed(0)} ms\n`);

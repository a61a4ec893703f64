/**
 * What many stream clients cost the one who drives, with the model predicting:
 *
 *   npm run bench:streams -- [--rounds 4] [--secs 8] [--viewers 30] [--idle 500]
 *
 * Round trips of /v1/control (a `sync` every 10 ms) without viewers and with them in turns; the viewers run in a
 * process of their own, take everything the stream has, and one of them reads 1 kB/s. Then idle viewers,
 * connected to the stream with nothing but `status`.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { WebSocket } from "ws";
import { streamTopics } from "../../bridge/control/messages/stream-requests.ts";
import { RawControlClient } from "../fakes/raw-control-client.ts";
import { SlowReader } from "../fakes/slow-reader.ts";
import { ServiceProcess } from "../setup/service-process.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "4" },
    secs: { type: "string", default: "8" },
    viewers: { type: "string", default: "30" },
    idle: { type: "string", default: "500" },
  },
});
const roundMs = 1000 * Number(values.secs);
const slowBytesPerS = 1000;
const print = (line: string): void => void process.stdout.write(`${line}\n`);

interface Trips {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

interface ViewersReport {
  /** Messages of the viewers that read. */
  readonly messageCount: number;
  /** Sum of the `lost` notices the slow one has read. */
  readonly toldLost: number;
  readonly closedCount: number;
}

async function bench(): Promise<void> {
  process.chdir(fileURLToPath(new URL("../../../", import.meta.url)));
  const maxConnections = Number(values.viewers) + Number(values.idle) + 10;
  await using service = ServiceProcess.start({
    environment: {
      KAIROS_ROS_TRANSPORT: "off",
      KAIROS_HTTP_MAX_CONNECTIONS: String(maxConnections),
    },
  });
  const url = await service.url();
  await service.logged("first prediction");
  await sleep(2000);
  const [alone, watched]: [Trips[], Trips[]] = [[], []];
  const reports: ViewersReport[] = [];
  const memoryMiB: number[] = [];
  for (let round = 0; round < Number(values.rounds); round += 1) {
    alone.push(await roundTrips(url));
    const viewers = await startViewers(url, Number(values.viewers), "everything");
    watched.push(await roundTrips(url));
    memoryMiB.push(await residentMiB(url));
    reports.push(await endViewers(viewers));
  }
  const [before, after] = [median(alone), median(watched)];
  print(`control round trip, ms        p50      p99`);
  print(`alone                    ${columns(before)}`);
  print(`with ${`${values.viewers} viewers`.padEnd(20)}${columns(after)}`);
  print(`ratio                    ${columns(ratioOf(after, before))}   (aim: p99 at most 1.3)`);
  print(`resident memory with viewers, round by round: ${memoryMiB.map(whole).join(", ")} MiB`);
  const lost = reports.map(({ toldLost }) => toldLost).join(", ");
  const dropped = await metric(url, "kairos_stream_lost_total");
  print(`dropped for whoever did not read in time: ${dropped} messages`);
  print(`told to the one that reads ${slowBytesPerS} B/s: ${lost} messages lost`);
  const closed = reports.map(({ closedCount }) => closedCount).join(", ");
  print(`closed by the server: ${closed}`);
  await idleViewers(url, before);
}

async function idleViewers(url: string, before: Trips): Promise<void> {
  const [memoryMiB, cpuS] = [await residentMiB(url), await processorS(url)];
  await sleep(roundMs);
  const quietCpu = ((await processorS(url)) - cpuS) / (roundMs / 1000);
  const openedMs = performance.now();
  const viewers = await startViewers(url, Number(values.idle), "status");
  const openMs = (performance.now() - openedMs) / Number(values.idle);
  const startS = await processorS(url);
  const trips = await roundTrips(url);
  const cpu = ((await processorS(url)) - startS) / (roundMs / 1000);
  const grownMiB = (await residentMiB(url)) - memoryMiB;
  print(`with ${`${values.idle} idle viewers`.padEnd(20)}${columns(trips)}`);
  print(`ratio                    ${columns(ratioOf(trips, before))}`);
  print(
    `memory +${grownMiB.toFixed(0)} MiB, processor ${(100 * quietCpu).toFixed(0)} % without, ${(100 * cpu).toFixed(0)} % with them and 100 round trips/s`,
  );
  const { closedCount } = await endViewers(viewers);
  print(
    `opened one after the other, ${openMs.toFixed(1)} ms each; closed by the server: ${closedCount}`,
  );
}

async function roundTrips(url: string): Promise<Trips> {
  const client = (await RawControlClient.open(url, "viewer")).keepAlive();
  const tookMs: number[] = [];
  client.socket.on("message", (data: Buffer) => {
    const message = JSON.parse(data.toString()) as { type: string; t0Ms?: number };
    if (message.type === "sync") tookMs.push(performance.now() - (message.t0Ms ?? 0));
    client.received.length = 0;
  });
  const endMs = performance.now() + roundMs;
  while (performance.now() < endMs) {
    client.send({ type: "sync", t0Ms: performance.now() });
    await sleep(10);
  }
  client.close();
  tookMs.sort((a, b) => a - b);
  const at = (ratio: number): number =>
    tookMs[Math.floor(ratio * (tookMs.length - 1))] ?? Number.NaN;
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}

async function startViewers(url: string, count: number, of: string): Promise<ChildProcess> {
  const child = fork(fileURLToPath(import.meta.url), ["viewers", url, String(count), of]);
  await once(child, "message");
  return child;
}

async function endViewers(child: ChildProcess): Promise<ViewersReport> {
  const reported = once(child, "message");
  child.send("end");
  const [report] = (await reported) as [ViewersReport];
  child.disconnect();
  await once(child, "exit");
  return report;
}

async function runViewers(url: string): Promise<void> {
  const [count, of] = [Number(positionals[2]), positionals[3] ?? ""];
  const told = { messageCount: 0, closedCount: 0 };
  const topics = of === "status" ? (["status"] as const) : streamTopics;
  const isEverything = of === "everything";
  const slow = isEverything ? new SlowReader(url, topics, slowBytesPerS) : undefined;
  for (let index = isEverything ? 1 : 0; index < count; index += 1) {
    const socket = new WebSocket(`${url.replace("http", "ws")}/v1/stream`, ["kairos.stream.v1"]);
    socket.on("close", () => (told.closedCount += 1));
    await once(socket, "open");
    socket.send(JSON.stringify({ type: "subscribe", topics: topics.map((topic) => ({ topic })) }));
    socket.on("message", () => (told.messageCount += 1));
  }
  process.once("message", () => {
    if (slow?.closed === true) told.closedCount += 1;
    process.send?.({ ...told, toldLost: slow?.toldLost ?? 0 });
    process.once("disconnect", () => process.exit(0));
  });
  process.send?.("ready");
}

/** The sum over its labels. */
async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = text.split("\n").filter((each) => /^[\w:]+/.exec(each)?.[0] === name);
  if (lines.length === 0) return Number.NaN;
  return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}
const residentMiB = async (url: string): Promise<number> =>
  (await metric(url, "process_resident_memory_bytes")) / 2 ** 20;
const processorS = (url: string): Promise<number> => metric(url, "process_cpu_seconds_total");

const middle = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
const median = (rounds: readonly Trips[]): Trips => ({
  p50Ms: middle(rounds.map(({ p50Ms }) => p50Ms)),
  p99Ms: middle(rounds.map(({ p99Ms }) => p99Ms)),
});
const ratioOf = (a: Trips, b: Trips): Trips => ({
  p50Ms: a.p50Ms / b.p50Ms,
  p99Ms: a.p99Ms / b.p99Ms,
});
const columns = ({ p50Ms, p99Ms }: Trips): string =>
  [p50Ms, p99Ms].map((ms) => ms.toFixed(2).padStart(9)).join("");
const whole = (value: number): string => value.toFixed(0);

if (positionals[0] === "viewers") await runViewers(positionals[1] ?? "");
else await bench();

/**
 * How late the actuation loop's ticks are while the main thread is loaded:
 *
 *   npm run build && node dist/test/bench/loop-lateness.js [--secs 300] [--viewers 30]
 *
 * The whole service in this process, with inference at 25 Hz and the simulator; stream clients in a process of
 * their own that take every topic; and on main a 400,000-number JSON text every 30 ms. p99 is that of windows
 * of 10 to 20 s; beside it, in the same run, how late a 5 ms timer of the loaded main thread itself is.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { WebSocket } from "ws";
import { loadConfig } from "../../bridge/config.ts";
import { silentLog } from "../../bridge/contract/log.ts";
import { streamTopics } from "../../bridge/control/messages/stream-requests.ts";
import { actuationField } from "../../bridge/core/service-status.ts";
import { startBridge } from "../../bridge/start.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    secs: { type: "string", default: "300" },
    viewers: { type: "string", default: "30" },
  },
});
const windowS = 20;
const jsonPeriodMs = 30;
const jsonNumbers = 400_000;
const print = (line: string): void => void process.stdout.write(`${line}\n`);

async function bench(): Promise<void> {
  process.chdir(fileURLToPath(new URL("../../../", import.meta.url)));
  const { config } = loadConfig({ flags: { "http.port": 0, "ros.transport": "off" } });
  const signal = new AbortController().signal;
  await using bridge = await startBridge(config, { log: silentLog, version: "bench", signal });
  const viewers = fork(fileURLToPath(import.meta.url), ["viewers", bridge.url, values.viewers]);
  await once(viewers, "message");
  const numbers = Array.from({ length: jsonNumbers }, (_, index) => Math.sin(index));
  let textBytes = 0;
  const load = setInterval(() => (textBytes = JSON.stringify(numbers).length), jsonPeriodMs);
  await sleep(windowS * 1000);
  const mainDelay = monitorEventLoopDelay({ resolution: 5 });
  mainDelay.enable();
  const windows: number[] = [];
  const told = (name: Parameters<typeof actuationField>[1]): number =>
    actuationField(bridge.snapshot(), name);
  const [doneBefore, givenUpBefore] = [told("tickCount"), told("missedTickCount")];
  for (let passedS = 0; passedS < Number(values.secs); passedS += windowS) {
    await sleep(windowS * 1000);
    windows.push(told("lateMsP99"));
  }
  const lateMsMax = told("lateMsMax");
  const ticks = told("tickCount") - doneBefore;
  const givenUp = told("missedTickCount") - givenUpBefore;
  clearInterval(load);
  viewers.disconnect();
  windows.sort((a, b) => a - b);
  const at = (ratio: number): string =>
    (windows[Math.floor(ratio * (windows.length - 1))] ?? Number.NaN).toFixed(2);
  print(
    `${values.secs} s, ${values.viewers} stream clients, ${textBytes} bytes of JSON per ${jsonPeriodMs} ms`,
  );
  print(`tick lateness, p99 of ${windowS} s windows: median ${at(0.5)}, worst ${at(1)} ms`);
  print(`tick lateness, max since start: ${lateMsMax.toFixed(1)} ms`);
  print(`ticks done ${ticks}, given up ${givenUp}`);
  const [p99, max] = [mainDelay.percentile(99) / 1e6, mainDelay.max / 1e6];
  print(`the same on the loaded main thread: p99 ${p99.toFixed(1)}, max ${max.toFixed(1)} ms`);
}

async function view(): Promise<void> {
  const url = `${(positionals[1] ?? "").replace("http", "ws")}/v1/stream`;
  for (let index = 0; index < Number(positionals[2]); index += 1) {
    const socket = new WebSocket(url, ["kairos.stream.v1"]);
    await once(socket, "open");
    const topics = streamTopics.map((topic) => ({ topic }));
    socket.send(JSON.stringify({ type: "subscribe", topics }));
    socket.on("message", () => undefined);
  }
  process.send?.("ready");
  process.once("disconnect", () => process.exit(0));
}

if (positionals[0] === "viewers") await view();
else await bench();

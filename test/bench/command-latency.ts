// How long a velocity command takes from a client's send to its acceptance (a round trip), to the first
// setpoint at the driver, and to the mount of an agent, in the whole service with inference running and
// without, against a bare WebSocket echo of the same size in the same run: `npm run bench:command`. Stamps
// are CLOCK_MONOTONIC, so processes compare. In the agent's row server, client and agent share this process
// and its event loop (over real sockets): it has no inference beside it and no second process to wake.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Worker, isMainThread, parentPort } from "node:worker_threads";
import { WebSocket, WebSocketServer } from "ws";
import { openControlServer } from "../../bridge/control/server.ts";
import { actuationStatusWidth } from "../../bridge/contract/actuation.ts";
import { monotonicMs, systemClock } from "../../bridge/contract/clock.ts";
import { Heartbeats, Thread } from "../../bridge/contract/heartbeats.ts";
import { silentLog } from "../../bridge/contract/log.ts";
import { previewWidth } from "../../bridge/contract/preview.ts";
import { SampleRing } from "../../bridge/contract/sample-ring.ts";
import { SharedRow } from "../../bridge/contract/shared-row.ts";
import { openActuation } from "../../devices/actuation/actuation-client.ts";
import { loadProfile } from "../../devices/profiles/load-profile.ts";
import { whenAccepted } from "../../bridge/client/device-agent.ts";
import { openDeviceRig, openSimulatedAgent } from "../fakes/device-rig.ts";
import { RawControlClient } from "../fakes/raw-control-client.ts";
import { ServiceProcess } from "../setup/service-process.ts";

const commandCount = 400;
const command = { kind: "velocity", velRadPerS: { yaw: 0.01 }, ttlMs: 200 };

interface Latency {
  readonly name: string;
  /** Whether it goes there only, or there and back. */
  readonly ways: 1 | 2;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

function summary(name: string, ways: 1 | 2, tookMs: number[]): Latency {
  tookMs.sort((a, b) => a - b);
  const at = (ratio: number): number => tookMs[Math.floor(ratio * (tookMs.length - 1))] ?? 0;
  return { name, ways, p50Ms: at(0.5), p99Ms: at(0.99) };
}

async function echo(): Promise<Latency[]> {
  const worker = new Worker(new URL(import.meta.url));
  const [port] = (await once(worker, "message")) as [number];
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await once(socket, "open");
  const tookMs: number[] = [];
  const text = JSON.stringify({ type: "command", id: 1, seq: 1, device: "mount0", ...command });
  for (let i = 0; i < commandCount; i += 1) {
    const startMs = monotonicMs();
    socket.send(text);
    await once(socket, "message");
    tookMs.push(monotonicMs() - startMs);
    await sleep(7);
  }
  socket.terminate();
  await worker.terminate();
  return [
    summary("bare echo, there and back", 2, tookMs),
    summary(
      "bare echo, one way (half of it)",
      1,
      tookMs.map((ms) => ms / 2),
    ),
  ];
}

async function commands(name: string, url: string): Promise<Latency[]> {
  const client = (await RawControlClient.open(url)).keepAlive();
  await client.acquire();
  // The client looks at its mailbox every 5 ms; this hears of an answer when it comes.
  let acceptedAtMs = 0;
  client.socket.on("message", (data: Buffer) => {
    if (data.includes('"accepted"')) acceptedAtMs = monotonicMs();
  });
  const acceptedMs: number[] = [];
  const appliedMs: number[] = [];
  for (let i = 0; i < commandCount; i += 1) {
    const startMs = monotonicMs();
    const id = client.command(command);
    await client.ack(id, "accepted");
    acceptedMs.push(acceptedAtMs - startMs);
    const ack = await client.ack(id, "applied");
    appliedMs.push(Number(ack["atMs"]) - startMs);
    client.received.length = 0;
    // Not a multiple of the tick, so that commands meet it at every phase.
    await sleep(7 + Math.random() * 5);
  }
  client.close();
  return [
    summary(`command → ack, ${name}`, 2, acceptedMs),
    summary(`command → driver, ${name}`, 1, appliedMs),
  ];
}

/** Control server and actuation worker in front of the loopback driver: no model, no simulator. */
async function withoutInference(): Promise<Latency[]> {
  const device = loadProfile("devices/profiles/phone-mount-4dof.json");
  const axisCount = device.axes.length;
  const heartbeats = new Heartbeats();
  const beating = setInterval(() => {
    heartbeats.beat(Thread.Main, monotonicMs());
  }, 50);
  await using actuation = await openActuation({
    entry: new URL("../../devices/actuation/actuation-worker.js", import.meta.url),
    device,
    driver: { kind: "loopback" },
    telemetry: SampleRing.create({ capacity: 256, width: 3 * axisCount }),
    setpoints: SampleRing.create({ capacity: 256, width: 2 * axisCount }),
    preview: SharedRow.create(previewWidth({ sampleCount: 140, axisCount })),
    status: SharedRow.create(actuationStatusWidth),
    heartbeats,
  });
  await using server = await openControlServer({
    port: 0,
    actuations: [actuation],
    status: () => ({}),
    metrics: () => "",
    clock: systemClock(),
    log: silentLog,
  });
  await sleep(300);
  const result = await commands("without inference", server.url);
  clearInterval(beating);
  return result;
}

async function withInference(): Promise<Latency[]> {
  await using service = ServiceProcess.start({ environment: { KAIROS_ROS_TRANSPORT: "off" } });
  const url = await service.url();
  await service.logged("first prediction");
  await sleep(1500);
  return await commands("predicting at 25 Hz", url);
}

/** From a client's send to the agent that carries it out; all three ends in this process, over real sockets. */
async function withAgent(): Promise<Latency[]> {
  await using rig = await openDeviceRig();
  const setpoints: { readonly atMs: number; readonly movesYaw: boolean }[] = [];
  const { agent } = openSimulatedAgent(rig.server.url, {
    setpointRateHz: 200,
    telemetryRateHz: 100,
    onSetpoint: ({ velRadPerS }) => {
      setpoints.push({ atMs: monotonicMs(), movesYaw: (velRadPerS[1] ?? 0) !== 0 });
    },
  });
  await whenAccepted(agent);
  await sleep(500);
  const client = (await RawControlClient.open(rig.server.url)).keepAlive();
  await client.acquire();
  const tookMs: number[] = [];
  for (let i = 0; i < commandCount / 4; i += 1) {
    setpoints.length = 0;
    const startMs = monotonicMs();
    client.command({ ...command, ttlMs: 20 });
    let first: number | undefined;
    while (first === undefined && monotonicMs() - startMs < 1000) {
      await sleep(1);
      first = setpoints.find(({ movesYaw }) => movesYaw)?.atMs;
    }
    if (first !== undefined) tookMs.push(first - startMs);
    client.received.length = 0;
    await sleep(60 + Math.random() * 5);
  }
  client.close();
  agent.close();
  return [summary("command → agent at 200 Hz, in this process", 1, tookMs)];
}

if (isMainThread) {
  process.chdir(fileURLToPath(new URL("../../../", import.meta.url)));
  const results = [
    ...(await echo()),
    ...(await withoutInference()),
    ...(await withInference()),
    ...(await withAgent()),
  ];
  process.stdout.write(`${"".padEnd(48)}p50 ms   p99 ms   p50 / echo\n`);
  for (const { name, ways, p50Ms, p99Ms } of results) {
    const reference = results.find((result) => result.ways === ways)?.p50Ms ?? 1;
    const ratio = (p50Ms / reference).toFixed(1);
    process.stdout.write(
      `${name.padEnd(48)}${p50Ms.toFixed(2).padStart(6)}   ${p99Ms.toFixed(2).padStart(6)}   ${ratio.padStart(10)}\n`,
    );
  }
  process.stdout.write("The 200 Hz tick alone makes 2.5 ms on average and 5 ms at most.\n");
} else {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
  server.on("connection", (socket) => {
    socket.on("message", (data: Buffer) => {
      socket.send(data, { binary: false });
    });
  });
  server.on("listening", () => parentPort?.postMessage((server.address() as AddressInfo).port));
}

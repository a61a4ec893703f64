import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { loadConfig } from "../../../bridge/config.ts";
import { monotonicMs } from "../../../bridge/contract/clock.ts";
import { silentLog } from "../../../bridge/contract/log.ts";
import { makeObservation } from "../../../bridge/contract/observation.ts";
import { startBridge, type Bridge } from "../../../bridge/start.ts";
import type { MoverLine } from "../../fakes/sdk-mover.ts";
import { StateRecorder } from "../../fakes/state-recorder.ts";

// The service's main thread is this one: what blocks here blocks it. The client is a process of its own
// and goes on talking into a socket that nobody reads.
const yaw = 1;
const blockMs = 500;
const ttlMs = 200;
const speedRadPerS = 0.8;
/** Jerk-limited from 0.8 rad/s with 8.7 rad/s2 and 87 rad/s3. */
const brakingMs = 1000 * (speedRadPerS / 8.7 + 8.7 / 87);
/** The last command is up to 40 ms younger than the block, and a busy machine wakes threads late. */
const slackMs = 160;

let bridge: Bridge;
let recorder: StateRecorder;
let mover: ChildProcess;
let lines: MoverLine[];

beforeEach(async () => {
  const { config } = loadConfig({ flags: { "http.port": 0, "ros.transport": "off" } });
  bridge = await startBridge(config, {
    log: silentLog,
    version: "test",
    signal: new AbortController().signal,
  });
  recorder = await StateRecorder.open(bridge.url);
  const args = ["dist/test/fakes/sdk-mover.js", bridge.url, String(speedRadPerS), String(ttlMs)];
  mover = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  lines = [];
  createInterface({ input: mover.stdout! }).on("line", (line) => {
    lines.push(JSON.parse(line) as MoverLine);
  });
  await recorder.until(() => recorder.last.velRadPerS[yaw]! > 0.7 * speedRadPerS, 20_000);
}, 40_000);
afterEach(async () => {
  const gone = once(mover, "exit");
  mover.kill("SIGKILL");
  await gone;
  recorder.close();
  await bridge[Symbol.asyncDispose]();
});

/** Blocks the thread of service and test; gives when. */
function block(): { readonly fromMs: number; readonly toMs: number } {
  const fromMs = monotonicMs();
  while (monotonicMs() - fromMs < blockMs);
  return { fromMs, toMs: monotonicMs() };
}

const sentBetween = (fromMs: number, toMs: number): readonly MoverLine[] =>
  lines.filter(({ kind, atMs = 0 }) => kind === "sent" && atMs > fromMs && atMs < toMs);

const acksOf = (id: number | undefined): readonly MoverLine[] =>
  lines.filter((line) => line.kind === "ack" && line.id === id);

/** When the yaw's setpoint last changed since `fromMs`: from the history that the actuation thread keeps. */
function lastMoveMs(fromMs: number): number {
  const { observations } = bridge;
  const observation = makeObservation(observations.axisNames.length);
  let movedMs = Number.NaN;
  let lastRad = Number.NaN;
  for (let timeMs = fromMs; observations.observeAt(timeMs, observation) === "ok"; timeMs += 5) {
    const setpointRad = observation.commandPosRad[yaw]!;
    if (Math.abs(setpointRad - lastRad) > 1e-6) movedMs = timeMs;
    lastRad = setpointRad;
  }
  return movedMs;
}

it("commands that waited behind a blocked main thread are refused as expired and move nothing; fresh ones do", async () => {
  // The client's last command is sent early in the block, and has expired long before anybody reads it.
  mover.stdin!.write(`${monotonicMs() + 300}\n`);
  await sleep(100);
  const { fromMs, toMs } = block();
  await sleep(700);

  // Also without a thread to tell it, the device has come to rest.
  const stillMs = lastMoveMs(fromMs);
  expect(stillMs).toBeGreaterThan(fromMs);
  expect(stillMs - fromMs).toBeLessThan(ttlMs + brakingMs + slackMs);
  const stoodAt = recorder.last.posRad[yaw]!;
  expect(Math.abs(recorder.last.velRadPerS[yaw]!)).toBeLessThan(0.02);

  const waited = sentBetween(fromMs, toMs);
  expect(waited.length).toBeGreaterThan(1);
  for (const { id } of waited) {
    expect(acksOf(id).find(({ status }) => status === "rejected")).toMatchObject({
      code: "command/expired",
    });
    expect(acksOf(id).some(({ status }) => status === "accepted")).toBe(false);
  }

  mover.stdin!.write("Infinity\n");
  await recorder.until(() => recorder.last.posRad[yaw]! > stoodAt + 0.1);
}, 40_000);

it("of a client that never paused only what is fresh by the server's clock moves the device again", async () => {
  const { fromMs, toMs } = block();
  await sleep(300);
  mover.stdin!.write("0\n");
  await sleep(800);

  // Each was stale when it was read, at the earliest at the end of the block.
  const stale = sentBetween(fromMs, toMs - ttlMs);
  expect(stale.length).toBeGreaterThan(2);
  for (const { id } of stale) {
    expect(acksOf(id).map(({ status }) => status)).not.toContain("accepted");
    expect(acksOf(id).find(({ status }) => status === "rejected")?.code).toBe("command/expired");
  }
  const fresh = sentBetween(toMs, Number.POSITIVE_INFINITY);
  expect(
    fresh.filter(({ id }) => acksOf(id).some(({ status }) => status === "accepted")),
  ).not.toEqual([]);
  for (const line of lines.filter(({ status }) => status === "accepted")) {
    const received = acksOf(line.id).find(({ status }) => status === "received");
    expect(received!.ageMs).toBeLessThan(ttlMs);
  }
  expect(lastMoveMs(toMs)).toBeGreaterThan(toMs);
  expect(Math.abs(recorder.last.velRadPerS[yaw]!)).toBeLessThan(0.02);
}, 40_000);

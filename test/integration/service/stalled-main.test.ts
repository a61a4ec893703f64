import { afterAll, beforeAll, expect, it } from "vitest";
import { loadConfig } from "../../../bridge/config.ts";
import { monotonicMs } from "../../../bridge/contract/clock.ts";
import { silentLog } from "../../../bridge/contract/log.ts";
import { startBridge, type Bridge } from "../../../bridge/start.ts";
import { mainStallMs } from "../../../devices/actuation/controller.ts";
import { RawControlClient } from "../../fakes/raw-control-client.ts";
import { StateRecorder } from "../../fakes/state-recorder.ts";

const yaw = 1;
const stallMs = 500;
const speedRadPerS = 0.8;
const brakingMs = 1000 * (speedRadPerS / 8.7 + 8.7 / 87);
const slackMs = 80;

let bridge: Bridge;
beforeAll(async () => {
  const { config } = loadConfig({ flags: { "http.port": 0, "ros.transport": "off" } });
  bridge = await startBridge(config, {
    log: silentLog,
    version: "test",
    signal: new AbortController().signal,
  });
});
afterAll(async () => {
  await bridge[Symbol.asyncDispose]();
});

it("a main thread that is blocked does not keep the mount moving, and its return does not start it again", async () => {
  const recorder = await StateRecorder.open(bridge.url);
  const client = (await RawControlClient.open(bridge.url)).keepAlive();
  await client.acquire();
  client.command({ kind: "velocity", velRadPerS: { yaw: speedRadPerS }, ttlMs: 5000 });
  await recorder.until(() => recorder.last.velRadPerS[yaw]! > 0.7 * speedRadPerS);

  const from = recorder.states.length;
  const blockedMs = monotonicMs();
  while (monotonicMs() - blockedMs < stallMs);
  await recorder.forMs(1500);

  // The loop observes what it missed from the history, so the record has no hole.
  const states = recorder.states.slice(from);
  const stamps = states.map((state) => state.stampMs);
  expect(Math.max(...stamps.slice(1).map((stamp, i) => stamp - stamps[i]!))).toBeLessThan(41);
  const lastChange = states.findLast(
    (state, i) => i > 0 && Math.abs(state.setpointRad[yaw]! - states[i - 1]!.setpointRad[yaw]!) > 1e-6,
  );
  expect(lastChange!.stampMs - blockedMs).toBeGreaterThan(0);
  expect(lastChange!.stampMs - blockedMs).toBeLessThan(mainStallMs + brakingMs + slackMs);
  expect(Math.abs(recorder.last.velRadPerS[yaw]!)).toBeLessThan(0.02);
  client.close();
  recorder.close();
});

import { afterAll, beforeAll, expect, it } from "vitest";
import { loadConfig } from "../../../bridge/config.ts";
import { ActuationStatusField } from "../../../bridge/contract/actuation.ts";
import { monotonicMs } from "../../../bridge/contract/clock.ts";
import { silentLog } from "../../../bridge/contract/log.ts";
import { makeObservation } from "../../../bridge/contract/observation.ts";
import { startBridge, type Bridge } from "../../../bridge/start.ts";
import { RawControlClient } from "../../fakes/raw-control-client.ts";
import { StateRecorder } from "../../fakes/state-recorder.ts";

const yaw = 1;
const stallMs = 500;
/** Of devices/actuation: main unheard for this long stops the device. */
const mainStallMs = 300;
const speedRadPerS = 0.8;
const brakingMs = 1000 * (speedRadPerS / 8.7 + 8.7 / 87);
const slackMs = 120;

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

  const blockedMs = monotonicMs();
  while (monotonicMs() - blockedMs < stallMs);
  await recorder.forMs(1200);

  const moves = setpointMoves(bridge, blockedMs);
  expect(moves.length).toBeGreaterThan(10);
  expect(moves.at(-1)! - blockedMs).toBeLessThan(mainStallMs + brakingMs + slackMs);
  expect(Math.abs(recorder.last.velRadPerS[yaw]!)).toBeLessThan(0.02);
  expect(bridge.snapshot().actuation[ActuationStatusField.stallStopCount]).toBe(1);
  client.close();
  recorder.close();
});

/** Times since `fromMs` at which the yaw's setpoint changed, from the history the worker keeps. */
function setpointMoves({ observations }: Bridge, fromMs: number): number[] {
  const observation = makeObservation(observations.axisNames.length);
  const moves: number[] = [];
  let lastRad = Number.NaN;
  for (let timeMs = fromMs; observations.observeAt(timeMs, observation) === "ok"; timeMs += 10) {
    const setpointRad = observation.commandPosRad[yaw]!;
    if (Math.abs(setpointRad - lastRad) > 1e-6) moves.push(timeMs);
    lastRad = setpointRad;
  }
  return moves;
}

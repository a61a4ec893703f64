import { afterAll, beforeAll, expect, it } from "vitest";
import { loadConfig } from "../../../bridge/config.ts";
import { monotonicMs } from "../../../bridge/contract/clock.ts";
import { silentLog } from "../../../bridge/contract/log.ts";
import { startBridge, type Bridge } from "../../../bridge/start.ts";
import { RawControlClient } from "../../fakes/raw-control-client.ts";
import { StateRecorder, type RecordedState } from "../../fakes/state-recorder.ts";

// Nothing here knows where the target is but the simulator: the mount follows what the model makes of the
// camera's pictures, through authority, aim, shaper and driver of the whole service.
const periodMs = 100;
const ttlMs = 300;
/** Jerk-limited from the fastest a joint may go, 2.09 rad/s, with 8.7 rad/s2 and 87 rad/s3. */
const brakingMs = 1000 * (2.09 / 8.7 + 8.7 / 87);
/** The telemetry step and one late tick. */
const slackMs = 120;
/** As long as it takes to find the target and to turn to it. */
const approachCount = 30;
const followCount = 60;

let bridge: Bridge;
let client: RawControlClient;
let recorder: StateRecorder;
beforeAll(async () => {
  const { config } = loadConfig({
    flags: { "http.port": 0, "ros.transport": "off" },
  });
  bridge = await startBridge(config, {
    log: silentLog,
    version: "test",
    signal: new AbortController().signal,
  });
  client = (await RawControlClient.open(bridge.url)).keepAlive();
  recorder = await StateRecorder.open(bridge.url);
  await client.acquire();
}, 30_000);
afterAll(async () => {
  client.close();
  recorder.close();
  await bridge[Symbol.asyncDispose]();
});

/** From the middle of the picture to the target, as the simulator knows it. */
function errorRad(): number {
  const { azimuthRad, elevationRad } = bridge.target()!;
  return Math.acos(Math.cos(azimuthRad) * Math.cos(elevationRad));
}

function track(): number {
  return client.command({ kind: "track", target: { predicted: true }, ttlMs });
}

/** Sends the command so many times; gives the error after each. */
async function follow(count: number): Promise<readonly number[]> {
  const errors: number[] = [];
  for (let sent = 0; sent < count; sent += 1) {
    track();
    await recorder.forMs(periodMs);
    errors.push(errorRad());
  }
  return errors;
}

const rms = (errors: readonly number[]): number =>
  Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length);

it("follows the target the model sees: the true bearing error falls and stays small, and without commands the mount rests", async () => {
  const startRad = errorRad();
  expect(startRad).toBeGreaterThan(0.15);
  expect(bridge.target()!.inView).toBe(true);

  const approach = await follow(approachCount);
  expect(Math.min(...approach)).toBeLessThan(0.1);

  const followed = await follow(followCount);
  expect(bridge.target()!.inView).toBe(true);
  expect(rms(followed)).toBeLessThan(0.4 * startRad);
  expect(Math.max(...followed)).toBeLessThan(startRad);

  const id = track();
  await client.ack(id, "applied");
  const lastSentMs = monotonicMs();
  const after = await recorder.forMs(2000);
  expect(await client.ack(id, "done")).toMatchObject({ result: "expired" });
  expect(lastSetpointMotionMs(after) - lastSentMs).toBeLessThan(ttlMs + brakingMs + slackMs);
  const end = recorder.last.stampMs;
  const resting = after.filter(({ stampMs }) => stampMs > end - 500);
  expect(resting.length).toBeGreaterThan(5);
  for (const { velRadPerS } of resting) {
    for (const rate of velRadPerS) expect(Math.abs(rate)).toBeLessThan(0.02);
  }
}, 60_000);

function lastSetpointMotionMs(states: readonly RecordedState[]): number {
  const index = states.findLastIndex((state, i) =>
    state.setpointRad.some(
      (rad, axis) => i > 0 && Math.abs(rad - states[i - 1]!.setpointRad[axis]!) > 1e-6,
    ),
  );
  return states[index]?.stampMs ?? Number.NaN;
}

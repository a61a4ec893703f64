import { afterEach, describe, expect, it } from "vitest";
import {
  ActuationMode,
  actuationStatusWidth,
  ActuationStatusField,
  type ActuationCommand,
  type ActuationEvent,
} from "../../../bridge/contract/actuation.ts";
import { monotonicMs } from "../../../bridge/contract/clock.ts";
import { Heartbeats, Thread } from "../../../bridge/contract/heartbeats.ts";
import { previewWidth } from "../../../bridge/contract/preview.ts";
import { SampleRing } from "../../../bridge/contract/sample-ring.ts";
import { SharedRow } from "../../../bridge/contract/shared-row.ts";
import {
  openActuation,
  type ActuationClient,
} from "../../../devices/actuation/actuation-client.ts";
import type { DriverChoice } from "../../../devices/drivers/open-driver.ts";
import { mount } from "../../unit/devices/mount.ts";

const entry = new URL("../../../dist/devices/actuation/actuation-worker.js", import.meta.url);
const periodMs = 5;
const yaw = 1;
/** Braking from 2.0 rad/s under 8.7 rad/s^2 and 87 rad/s^3: v / a + a / j. */
const brakingMs = 330;

interface Rig {
  readonly actuation: ActuationClient;
  readonly heartbeats: Heartbeats;
  readonly setpoints: SampleRing;
  readonly preview: SharedRow;
  readonly events: ActuationEvent[];
}
const open: ActuationClient[] = [];

/** A worker over the loopback device; the main thread counts as alive whatever the test runner does. */
async function openRig(driver: DriverChoice = { kind: "loopback" }): Promise<Rig> {
  const heartbeats = new Heartbeats();
  heartbeats.beat(Thread.Main, monotonicMs() + 3_600_000);
  const setpoints = SampleRing.create({ capacity: 4096, width: 8 });
  const preview = SharedRow.create(previewWidth({ sampleCount: 150, axisCount: 4 }));
  const telemetry = SampleRing.create({ capacity: 4096, width: 12 });
  const status = SharedRow.create(actuationStatusWidth);
  const options = { entry, device: mount, driver, telemetry, setpoints, preview, status };
  const actuation = await openActuation({ ...options, heartbeats, periodMs });
  open.push(actuation);
  const events: ActuationEvent[] = [];
  actuation.onEvent((event) => events.push(event));
  return { actuation, heartbeats, setpoints, preview, events };
}

afterEach(async () => {
  for (const actuation of open.splice(0)) await actuation[Symbol.asyncDispose]();
});

async function until(what: string, condition: () => boolean): Promise<void> {
  for (const deadlineMs = monotonicMs() + 10_000; !condition();) {
    if (monotonicMs() > deadlineMs) throw new Error(`not within 10 s: ${what}`);
    await sleep(5);
  }
}
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function status(rig: Rig, field: keyof typeof ActuationStatusField): number {
  const row = new Float64Array(actuationStatusWidth);
  rig.actuation.readStatus(row);
  return row[ActuationStatusField[field]]!;
}
function setpoint(rig: Rig): { stampMs: number; posRad: number[]; velRadPerS: number[] } {
  const row = new Float64Array(8);
  const stampMs = rig.setpoints.latest(row);
  return { stampMs, posRad: [...row.subarray(0, 4)], velRadPerS: [...row.subarray(4)] };
}
function turn(rig: Rig, commandId: number, velRadPerS: number, ttlMs: number): void {
  const expiresAtMs = monotonicMs() + ttlMs;
  rig.actuation.send({
    kind: "velocity",
    commandId,
    velRadPerS: [null, velRadPerS, null, null],
    expiresAtMs,
  });
}
const active = (rig: Rig) => (): boolean => status(rig, "mode") === ActuationMode.Active;
const turning = (rig: Rig, velocity: number) => (): boolean =>
  Math.abs(setpoint(rig).velRadPerS[yaw]! - velocity) < 1e-6;
const results = (rig: Rig): string[] =>
  rig.events.flatMap((event) =>
    event.kind === "done" ? [`${event.commandId} ${event.result}`] : [],
  );

describe("the actuation thread", () => {
  it("goes active on the device's telemetry, carries out a position and reports", async () => {
    const rig = await openRig();
    await until("active", active(rig));
    const command: ActuationCommand = {
      kind: "position",
      commandId: 3,
      posRad: [null, 0.3, null, null],
      velocityRatio: 1,
    };
    rig.actuation.send(command);
    await until("done", () => results(rig).length > 0);
    expect(results(rig)).toEqual(["3 completed"]);
    expect(setpoint(rig).posRad[yaw]).toBe(0.3);
    expect(rig.events.map((event) => event.kind)).toEqual(["mode", "applied", "done"]);
    expect(rig.actuation.driverName).toBe("loopback");
  });

  it("keeps its time grid: setpoint stamps are whole periods apart, and count what was missed", async () => {
    const rig = await openRig();
    await until("active", active(rig));
    const first = setpoint(rig);
    const before = status(rig, "tickCount") + status(rig, "missedTickCount");
    await sleep(1000);
    const last = setpoint(rig);
    const periods = (last.stampMs - first.stampMs) / periodMs;
    expect(periods).toBeGreaterThan(50);
    expect(Math.abs(periods - Math.round(periods))).toBeLessThan(1e-6);
    const ticks = status(rig, "tickCount") + status(rig, "missedTickCount") - before;
    // The counters are read a moment apart from the stamps.
    expect(Math.abs(ticks - periods)).toBeLessThanOrEqual(3 + status(rig, "missedTickCount"));
    expect(last.stampMs).toBeLessThanOrEqual(monotonicMs());
  });

  it("stops by itself when the main thread stalls, and its return resumes nothing", async () => {
    const rig = await openRig();
    await until("active", active(rig));
    turn(rig, 1, 2, 5000);
    await until("full speed", turning(rig, 2));
    const stallMs = monotonicMs();
    rig.heartbeats.beat(Thread.Main, stallMs);
    await until("rest", () => setpoint(rig).velRadPerS[yaw] === 0);
    rig.heartbeats.beat(Thread.Main, monotonicMs() + 3_600_000);
    await sleep(300);
    expect(setpoint(rig).velRadPerS).toEqual([0, 0, 0, 0]);
    expect(status(rig, "stallStopCount")).toBe(1);
    expect(results(rig)).toEqual(["1 interrupted"]);
    // What the machine itself held up is the worker's own account of it.
    const heldUpMs = status(rig, "lateMsMax") + status(rig, "missedTickCount") * periodMs;
    const allowedMs = 300 + brakingMs + 3 * periodMs + heldUpMs;
    expect(restStampMs(rig, stallMs) - stallMs).toBeLessThanOrEqual(allowedMs);
    expect(restStampMs(rig, stallMs) - stallMs).toBeGreaterThan(290);
  });

  it("brakes when a velocity's time is out", async () => {
    const rig = await openRig();
    await until("active", active(rig));
    turn(rig, 1, 0.5, 400);
    await until("expired", () => results(rig).includes("1 expired"));
    await until("rest", () => setpoint(rig).velRadPerS[yaw] === 0);
    expect(status(rig, "expiredCount")).toBe(1);
  });

  it("latches on an emergency stop until a reset, which does not move", async () => {
    const rig = await openRig();
    await until("active", active(rig));
    turn(rig, 1, 1, 5000);
    await until("speed", turning(rig, 1));
    rig.actuation.send({ kind: "stop", level: "estop", reason: "button" });
    await until("latched", () => status(rig, "mode") === ActuationMode.Latched);
    turn(rig, 2, 1, 5000);
    await until("rejected", () => results(rig).includes("2 rejected"));
    const rest = setpoint(rig).posRad;
    rig.actuation.send({ kind: "reset" });
    await until("active", active(rig));
    await sleep(100);
    expect(setpoint(rig).posRad).toEqual(rest);
  });

  it("survives what is no command at all", async () => {
    const rig = await openRig();
    await until("active", active(rig));
    const nonsense: unknown[] = [
      {},
      { kind: "velocity" },
      { kind: 7, commandId: "x" },
      "stop",
      5,
      null,
    ];
    // Only what came in a message can be wrong in kind: the type allows none of these.
    for (const command of nonsense) rig.actuation.send(command as ActuationCommand);
    await until("rejected", () => results(rig).length === nonsense.length);
    expect(new Set(results(rig).map((text) => text.split(" ")[1]))).toEqual(new Set(["rejected"]));
    turn(rig, 1, 0.5, 300);
    await until("expired", () => results(rig).includes("1 expired"));
  });

  it("publishes a preview that the setpoints then follow", async () => {
    const rig = await openRig();
    await until("active", active(rig));
    turn(rig, 1, 1, 1000);
    await until("speed", turning(rig, 1));
    const row = new Float64Array(rig.preview.width);
    rig.preview.read(row);
    const end = row[row.length - 4 + yaw]!;
    await until("rest", () => setpoint(rig).velRadPerS[yaw] === 0);
    // Expiry is judged by the clock at the tick, the preview by the grid: a tick or two apart.
    const missed = status(rig, "missedTickCount");
    expect(Math.abs(setpoint(rig).posRad[yaw]! - end)).toBeLessThan(0.005 * (3 + missed));
  });
});

describe("closing the actuation thread", () => {
  it("brakes to rest first, then ends by itself", async () => {
    const rig = await openRig();
    await until("active", active(rig));
    turn(rig, 1, 2, 5000);
    await until("full speed", turning(rig, 2));
    const closeMs = monotonicMs();
    await rig.actuation[Symbol.asyncDispose]();
    expect(await rig.actuation.exited).toBeUndefined();
    const last = setpoint(rig);
    expect(last.velRadPerS).toEqual([0, 0, 0, 0]);
    expect(last.stampMs - closeMs).toBeGreaterThan(brakingMs / 2);
    // Terminated after 1.5 s it would not be at rest: that it is shows it got there in time.
    turn(rig, 2, 1, 500);
    expect(results(rig)).toContain("2 rejected");
  });

  it("without a device that ever spoke ends at once", async () => {
    const setpointRow = SharedRow.create(9);
    const rig = await openRig({ kind: "simulator", setpoint: setpointRow.buffer });
    turn(rig, 1, 1, 500);
    await until("rejected", () => results(rig).includes("1 rejected"));
    await rig.actuation[Symbol.asyncDispose]();
    expect(await rig.actuation.exited).toBeUndefined();
    expect(setpointRow.version).toBe(0);
  });

  const good = { telemetryWidth: 12, periodMs };
  const refused: readonly [string, typeof good, string][] = [
    [
      "telemetry of three axes",
      { ...good, telemetryWidth: 9 },
      "9 numbers wide, the device needs 12",
    ],
    [
      "a period of 3 ms",
      { ...good, periodMs: 3 },
      "period is 3 ms, expected a whole fraction of 10 ms",
    ],
    ["no period", { ...good, periodMs: 0 }, "period is 0 ms"],
  ];
  it.each(refused)("is not needed with %s: that never starts", async (_name, given, text) => {
    const opening = openActuation({
      entry,
      device: mount,
      driver: { kind: "loopback" },
      telemetry: SampleRing.create({ capacity: 8, width: given.telemetryWidth }),
      setpoints: SampleRing.create({ capacity: 8, width: 8 }),
      preview: SharedRow.create(previewWidth({ sampleCount: 150, axisCount: 4 })),
      status: SharedRow.create(actuationStatusWidth),
      heartbeats: new Heartbeats(),
      periodMs: given.periodMs,
    });
    await expect(opening).rejects.toThrow(text);
  });
});

/** First stamp after `fromMs` at which the yaw setpoint stood still. */
function restStampMs(rig: Rig, fromMs: number): number {
  const row = new Float64Array(8);
  for (let timeMs = fromMs + periodMs; timeMs < monotonicMs(); timeMs += 1) {
    if (rig.setpoints.sampleAt(timeMs, row) === "ok" && row[4 + yaw] === 0) return timeMs;
  }
  throw new Error("the setpoint never came to rest");
}

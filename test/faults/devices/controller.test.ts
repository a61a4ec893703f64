import { describe, expect, it } from "vitest";
import { ActuationMode, type ActuationCommand } from "../../../bridge/contract/actuation.ts";
import { Thread } from "../../../bridge/contract/heartbeats.ts";
import { previewHeaderWidth } from "../../../bridge/contract/preview.ts";
import { closeBrakeMs } from "../../../devices/actuation/actuation-loop.ts";
import { Rig } from "./rig.ts";

const { Inactive, Active, Stopping, Latched, Fault } = ActuationMode;
const atRest = [0, 0, 0, 0];
const yaw = 1;

describe("starting", () => {
  it("waits for telemetry, refuses motion till then, and starts where the device stands", () => {
    const rig = new Rig();
    rig.telemetryFlows = false;
    rig.driver.posRad.set([2.05, -0.4, 0.1, 0.3]);
    rig.run(100);
    rig.velocity(1, [null, 1, null, null], 500);
    expect(rig.done()).toEqual(["1 rejected: the device has sent no telemetry yet"]);
    expect(rig.driver.writeCount).toBe(0);
    expect(rig.status("mode")).toBe(Inactive);
    rig.telemetryFlows = true;
    rig.run(100);
    expect(rig.modes()).toEqual([`${Active} first telemetry`]);
    expect(rig.posRad).toEqual([2.05, -0.4, 0.1, 0.3]);
  });

  it("writes a setpoint at every tick while holding still", () => {
    const rig = Rig.running();
    const before = rig.driver.writeCount;
    rig.run(500);
    expect(rig.driver.writeCount - before).toBe(100);
  });

  it("does not start on telemetry that is not a number", () => {
    const rig = new Rig();
    rig.driver.posRad[yaw] = Number.NaN;
    rig.run(100);
    expect(rig.controller.mode).toBe(Inactive);
  });

  it("an emergency stop that came first is latched once the device is there", () => {
    const rig = new Rig();
    rig.send({ kind: "stop", level: "estop", reason: "button" });
    rig.run(50);
    expect(rig.controller.mode).toBe(Latched);
  });
});

describe("a command", () => {
  it("is applied, then completed", () => {
    const rig = Rig.running();
    rig.send({
      kind: "position",
      commandId: 7,
      posRad: [null, 0.5, null, null],
      velocityRatio: 1,
    });
    rig.run(5);
    expect(rig.events).toEqual([
      {
        kind: "applied",
        commandId: 7,
        atMs: rig.nowMs,
        applied: [null, 0.5, null, null],
        limits: [],
      },
    ]);
    rig.run(2000);
    expect(rig.done()).toEqual(["7 completed: every axis is on its target"]);
    expect(rig.posRad[yaw]).toBe(0.5);
    expect(rig.status("lastCommandId")).toBe(7);
  });

  it("is limited to the device and says how", () => {
    const rig = Rig.running();
    rig.velocity(1, [null, 5, null, -9], 60_000);
    rig.run(5);
    expect(rig.events[0]).toMatchObject({
      applied: [null, 2.09, null, -2.09],
      limits: [
        "yaw velocity 5.00 limited to 2.09 rad/s",
        "pitch velocity -9.00 limited to -2.09 rad/s",
        "expiry in 60.0 s limited to 5.0 s",
      ],
    });
    expect(rig.status("limitedCount")).toBe(1);
    rig.send({ kind: "position", commandId: 2, posRad: [null, null, 4, null], velocityRatio: 3 });
    rig.run(3000);
    expect(rig.done().at(-1)).toBe(
      "2 limited: roll position 4.00 limited to 0.79 rad; velocity ratio 3.00 limited to 1",
    );
  });

  it("for locked axes is held by the interlock and says so", () => {
    const rig = new Rig();
    rig.driver.posRad.set(atRest);
    rig.run(20);
    rig.velocity(1, [null, 1, null, null], 500);
    rig.run(200);
    expect(rig.done()).toEqual(["1 limited: yaw held: deploy at 0.00 rad, ready at 2.00 rad"]);
    expect(rig.posRad).toEqual(atRest);
  });

  it("is interrupted by the next one", () => {
    const rig = Rig.running();
    rig.velocity(1, [null, 1, null, null], 500);
    rig.run(50);
    rig.velocity(2, [null, -1, null, null], 500);
    expect(rig.done()).toEqual(["1 interrupted: command 2 took over"]);
  });

  it("that expires brakes, and counts once whatever its axes", () => {
    const rig = Rig.running();
    rig.velocity(1, [null, 1, 0.2, 0.3], 300);
    rig.run(295);
    expect(rig.velRadPerS[yaw]).toBeCloseTo(1, 9);
    rig.run(5);
    expect(rig.done()).toEqual(["1 expired: its time ran out"]);
    expect(rig.status("expiredCount")).toBe(1);
    rig.run(500);
    expect(rig.velRadPerS).toEqual(atRest);
  });

  it("that arrives after its expiry moves nothing", () => {
    const rig = Rig.running();
    rig.velocity(1, [null, 1, null, null], -20);
    rig.run(100);
    expect(rig.done()).toEqual(["1 expired: arrived 20 ms after its expiry"]);
    expect(rig.velRadPerS).toEqual(atRest);
  });

  it("is not ended by an older command's expiry on another axis", () => {
    const rig = Rig.running();
    rig.velocity(1, [null, 1, null, null], 100);
    rig.run(20);
    rig.send({
      kind: "position",
      commandId: 2,
      posRad: [null, null, null, -1],
      velocityRatio: 0.5,
    });
    rig.run(5000);
    expect(rig.done()).toEqual([
      "1 interrupted: command 2 took over",
      "2 completed: every axis is on its target",
    ]);
  });

  const soon = { expiresAtMs: 2000 };
  const malformed: readonly [string, unknown, string][] = [
    ["NaN velocity", { velRadPerS: [0, Number.NaN, 0, 0], ...soon }, "yaw value is NaN"],
    ["infinite velocity", { velRadPerS: [0, 0, Infinity, 0], ...soon }, "roll value is Infinity"],
    ["text for a number", { velRadPerS: [0, "1", 0, 0], ...soon }, "yaw value is 1"],
    ["too few axes", { velRadPerS: [0, 1], ...soon }, "has 2 axis values, expected 4"],
    ["too many axes", { velRadPerS: [0, 1, 0, 0, 0], ...soon }, "has 5 axis values, expected 4"],
    ["no axis", { velRadPerS: [null, null, null, null], ...soon }, "names no axis"],
    ["no array", { velRadPerS: 1, ...soon }, "axis values are number, expected an array"],
    ["no expiry", { velRadPerS: [0, 1, 0, 0] }, "expiresAtMs is undefined, a velocity must expire"],
    ["endless expiry", { velRadPerS: [0, 1, 0, 0], expiresAtMs: Infinity }, "must expire"],
    [
      "zero ratio",
      { kind: "position", posRad: [0, 1, 0, 0], velocityRatio: 0 },
      "velocityRatio is 0",
    ],
    ["NaN ratio", { kind: "position", posRad: [0, 1, 0, 0], velocityRatio: Number.NaN }, "is NaN"],
    ["unknown kind", { kind: "dance" }, "unknown kind of command"],
  ];
  it.each(malformed)(
    "with %s is rejected with its reason and moves nothing",
    (_name, part, text) => {
      const rig = Rig.running();
      const start = rig.posRad;
      rig.send({ kind: "velocity", commandId: 9, ...(part as object) } as ActuationCommand);
      rig.run(200);
      expect(rig.done()).toHaveLength(1);
      expect(rig.done()[0]).toMatch(/^9 rejected: /);
      expect(rig.done()[0]).toContain(text);
      expect(rig.posRad).toEqual(start);
      expect(rig.status("commandCount")).toBe(0);
    },
  );
});

describe("stopping", () => {
  it("hold brakes, refuses motion meanwhile and accepts it after", () => {
    const rig = Rig.running();
    rig.velocity(1, [null, 2, null, null], 3000);
    rig.run(400);
    rig.send({ kind: "stop", level: "hold", reason: "operator" });
    rig.velocity(2, [null, 2, null, null], 3000);
    rig.run(600);
    expect(rig.done()).toEqual(["1 interrupted: operator", "2 rejected: a stop is under way"]);
    expect(rig.modes()).toEqual([`${Stopping} operator`, `${Active} operator`]);
    expect(rig.velRadPerS).toEqual(atRest);
    rig.velocity(3, [null, 1, null, null], 300);
    rig.run(100);
    expect(rig.velRadPerS[yaw]).toBeGreaterThan(0.1);
  });

  it("an emergency stop latches, tells the device, and reset does not move", () => {
    const rig = Rig.running();
    rig.velocity(1, [null, 2, null, null], 3000);
    rig.run(400);
    rig.send({ kind: "stop", level: "estop", reason: "button" });
    rig.send({ kind: "reset" });
    rig.run(600);
    expect(rig.controller.mode).toBe(Latched);
    expect(rig.driver.stopCount).toBe(1);
    const rest = rig.posRad;
    const writes = rig.driver.writeCount;
    rig.velocity(2, [null, 2, null, null], 3000);
    rig.send({ kind: "stop", level: "hold", reason: "too late" });
    rig.run(300);
    expect(rig.done().at(-1)).toBe("2 rejected: latched by an emergency stop, needs a reset");
    expect(rig.driver.writeCount).toBe(writes);
    rig.send({ kind: "reset" });
    rig.run(500);
    expect(rig.controller.mode).toBe(Active);
    expect(rig.posRad).toEqual(rest);
    expect(rig.velRadPerS).toEqual(atRest);
  });

  it("an emergency stop during a hold stop still latches", () => {
    const rig = Rig.running();
    rig.velocity(1, [null, 2, null, null], 3000);
    rig.run(400);
    rig.send({ kind: "stop", level: "estop", reason: "button" });
    rig.run(20);
    rig.send({ kind: "stop", level: "hold", reason: "operator" });
    rig.run(600);
    expect(rig.controller.mode).toBe(Latched);
  });

  it("after a reset the setpoint is where the device was moved to meanwhile", () => {
    const rig = Rig.running();
    rig.send({ kind: "stop", level: "estop", reason: "button" });
    rig.run(50);
    rig.driver.posRad.set([2.1, 0.8, 0, 0]);
    rig.send({ kind: "reset" });
    rig.run(100);
    rig.send({ kind: "stop", level: "estop", reason: "again" });
    rig.run(50);
    rig.driver.posRad.set([2.1, -0.8, 0, 0]);
    rig.run(10);
    rig.send({ kind: "reset" });
    rig.run(10);
    expect(rig.posRad).toEqual([2.1, -0.8, 0, 0]);
  });

  it("a reset leaves the setpoint of an axis that sags under its load, however often", () => {
    const rig = Rig.running();
    rig.driver.sagRad = 0.07;
    rig.run(20);
    for (let round = 0; round < 3; round += 1) {
      rig.send({ kind: "stop", level: "estop", reason: "button" });
      rig.run(50);
      rig.send({ kind: "reset" });
      rig.run(50);
    }
    expect(rig.controller.mode).toBe(Active);
    expect(rig.posRad).toEqual([2.1, 0, 0, 0.1]);
  });
});

describe("the watchdog over the main thread", () => {
  it("stops the device within 300 ms and the braking time", () => {
    const rig = Rig.running();
    rig.velocity(1, [null, 2, null, null], 4000);
    rig.run(400);
    rig.mainBeats = false;
    const lastBeatMs = rig.nowMs;
    let restMs = Number.NaN;
    rig.run(800, () => {
      if (Number.isNaN(restMs) && rig.velRadPerS[yaw] === 0) restMs = rig.nowMs;
    });
    // From 2.0 rad/s: v/a + a/j = 0.33 s.
    expect(restMs - lastBeatMs).toBeGreaterThan(300);
    expect(restMs - lastBeatMs).toBeLessThanOrEqual(300 + 330 + 10);
  });

  it("counts it, names it and stays at rest", () => {
    const rig = Rig.running();
    rig.velocity(1, [null, 1, null, null], 4000);
    rig.run(300);
    rig.mainBeats = false;
    rig.run(700);
    rig.mainBeats = true;
    rig.run(1000);
    expect(rig.velRadPerS).toEqual(atRest);
    expect(rig.status("stallStopCount")).toBe(1);
    expect(rig.modes()).toEqual([`${Stopping} main-stalled`, `${Active} main-stalled`]);
    expect(rig.done()).toEqual(["1 interrupted: main-stalled"]);
  });

  it("refuses what arrives while the beat is old", () => {
    const rig = Rig.running();
    rig.mainBeats = false;
    rig.run(400);
    rig.velocity(1, [null, 1, null, null], 2000);
    rig.run(100);
    expect(rig.done()).toEqual(["1 rejected: main-stalled: the command may be stale"]);
    expect(rig.velRadPerS).toEqual(atRest);
    rig.heartbeats.beat(Thread.Main, rig.nowMs);
    rig.velocity(2, [null, 1, null, null], 2000);
    rig.run(50);
    expect(rig.velRadPerS[yaw]).toBeGreaterThan(0);
  });

  it("leaves a resting device alone", () => {
    const rig = Rig.running();
    rig.mainBeats = false;
    rig.run(1000);
    expect(rig.status("stallStopCount")).toBe(0);
    expect(rig.controller.mode).toBe(Active);
  });
});

describe("a lost device link", () => {
  it("brakes, ends in fault, and needs a reset once telemetry is back", () => {
    const rig = Rig.running();
    rig.velocity(1, [null, 1, null, null], 4000);
    rig.run(300);
    rig.telemetryFlows = false;
    rig.run(1200);
    expect(rig.modes()).toEqual([`${Stopping} telemetry-lost`, `${Fault} telemetry-lost`]);
    expect(rig.velRadPerS).toEqual(atRest);
    expect(rig.driver.stopCount).toBe(1);
    rig.send({ kind: "reset" });
    rig.run(50);
    expect(rig.controller.mode).toBe(Fault);
    rig.telemetryFlows = true;
    rig.run(50);
    rig.send({ kind: "reset" });
    rig.run(50);
    expect(rig.controller.mode).toBe(Active);
    expect(rig.velRadPerS).toEqual(atRest);
  });
});

describe("a device whose clock is off", () => {
  it("is noticed as soon as any other when it falls silent with its stamps ahead of ours", () => {
    const rig = new Rig();
    rig.stampAheadMs = 10_000;
    rig.run(20);
    rig.velocity(1, [null, 1, null, null], 4000);
    rig.run(300);
    rig.telemetryFlows = false;
    rig.run(1200);
    expect(rig.controller.mode).toBe(Fault);
    expect(rig.velRadPerS).toEqual(atRest);
  });
});

describe("the preview the controller publishes", () => {
  it("shows a new command one tick later, with the velocity's end in it", () => {
    const rig = Rig.running();
    rig.velocity(1, [null, 1, null, null], 300);
    rig.run(5);
    const row = new Float64Array(rig.preview.width);
    rig.preview.read(row);
    expect(row[0]).toBe(rig.nowMs);
    const yawAt = (sample: number): number => row[previewHeaderWidth + sample * 4 + yaw]!;
    expect(yawAt(26) - yawAt(25)).toBeCloseTo(0.01, 9);
    expect(yawAt(149)).toBe(yawAt(100));
    const predicted = yawAt(149);
    rig.run(2000);
    expect(rig.posRad[yaw]).toBe(predicted);
  });
});

describe("closing", () => {
  it("brakes within the deadline from full speed on every axis and accepts nothing more", () => {
    const rig = Rig.running();
    rig.velocity(1, [null, 2.09, 2.09, -2.09], 4000);
    rig.run(250);
    rig.controller.retire("closing");
    rig.velocity(2, [null, 2, null, null], 4000);
    rig.send({ kind: "reset" });
    rig.run(closeBrakeMs);
    expect(rig.controller.moving).toBe(false);
    expect(rig.velRadPerS).toEqual(atRest);
    expect(rig.done()).toEqual(["1 interrupted: closing", "2 rejected: the actuation is closing"]);
    rig.run(100);
    expect(rig.controller.mode).toBe(Inactive);
  });
});

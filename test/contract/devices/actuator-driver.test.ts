import { describe, expect, it } from "vitest";
import type { ActuatorDriver, Telemetry } from "../../../bridge/contract/actuator-driver.ts";
import { SampleRing } from "../../../bridge/contract/sample-ring.ts";
import { SharedRow } from "../../../bridge/contract/shared-row.ts";
import { LoopbackDriver } from "../../../devices/drivers/loopback/loopback-driver.ts";
import { SharedMemoryDriver } from "../../../devices/drivers/shared-memory/shared-memory-driver.ts";
import { mount } from "../../unit/devices/mount.ts";

/** A driver with its device, in a time the test moves. */
interface Rig {
  readonly driver: ActuatorDriver;
  readonly nowMs: () => number;
  /** The device lives on: it follows what it was told and reports. */
  advance(ms: number): void;
}

const count = mount.axes.length;
const still = [0, 0, 0, 0];

function makeTelemetry(): Telemetry {
  return {
    stampMs: Number.NaN,
    posRad: new Float64Array(count),
    velRadPerS: new Float64Array(count),
    effortNm: new Float64Array(count),
  };
}

function write(rig: Rig, posRad: readonly number[], velRadPerS: readonly number[] = still): void {
  rig.driver.writeSetpoint({
    stampMs: rig.nowMs(),
    posRad: Float64Array.from(posRad),
    velRadPerS: Float64Array.from(velRadPerS),
  });
}

/** Where the device ends up when left alone with what it was told last. */
function settledAt(rig: Rig): number[] {
  rig.advance(2000);
  const telemetry = makeTelemetry();
  expect(rig.driver.readTelemetry(telemetry)).toBe(true);
  return [...telemetry.posRad].map((pos) => Math.round(pos * 1e6) / 1e6);
}

function describeActuatorDriver(name: string, open: () => Rig): void {
  describe(`the driver ${name}`, () => {
    it("has a name and the device's axes", () => {
      const { driver } = open();
      expect(driver.name).not.toBe("");
      expect(driver.axisCount).toBe(count);
    });

    it("takes the device to a setpoint", () => {
      const rig = open();
      write(rig, [2.1, 0.5, -0.2, 0.3]);
      expect(settledAt(rig)).toEqual([2.1, 0.5, -0.2, 0.3]);
    });

    it("clamps every axis to its range as the last line", () => {
      const rig = open();
      write(rig, [9, -9, 9, -9], [99, -99, 99, -99]);
      expect(settledAt(rig)).toEqual([2.1, -3.14, 0.79, -1.57]);
    });

    it.each([Number.NaN, Infinity, -Infinity])("leaves an axis where it was on %s", (bad) => {
      const rig = open();
      write(rig, [2.1, 0.5, 0, 0]);
      rig.advance(2000);
      write(rig, [2.1, bad, 0.2, 0]);
      expect(settledAt(rig)).toEqual([2.1, 0.5, 0.2, 0]);
    });

    it("a first setpoint that is not a number moves nothing", () => {
      const rig = open();
      rig.advance(10);
      write(rig, [Number.NaN, Number.NaN, Number.NaN, Number.NaN]);
      expect(settledAt(rig)).toEqual(mount.homeRad);
    });

    it("reports telemetry no older than the device's last", () => {
      const rig = open();
      const telemetry = makeTelemetry();
      for (let i = 0; i < 5; i += 1) {
        rig.advance(10);
        expect(rig.driver.readTelemetry(telemetry)).toBe(true);
        expect(rig.nowMs() - telemetry.stampMs).toBeLessThanOrEqual(1);
      }
    });

    it("holds after a stop, also when told twice", () => {
      const rig = open();
      write(rig, [2.1, 0.4, 0, 0]);
      rig.advance(2000);
      rig.driver.stop();
      rig.driver.stop();
      expect(settledAt(rig)).toEqual([2.1, 0.4, 0, 0]);
    });

    it("takes setpoints again after a stop", () => {
      const rig = open();
      rig.driver.stop();
      write(rig, [2.1, 0.4, 0, 0]);
      expect(settledAt(rig)).toEqual([2.1, 0.4, 0, 0]);
    });

    it("holds once disposed, ignores what comes then, and can be disposed twice", async () => {
      const rig = open();
      write(rig, [2.1, 0.4, 0, 0]);
      rig.advance(2000);
      await rig.driver[Symbol.asyncDispose]();
      await rig.driver[Symbol.asyncDispose]();
      write(rig, [2.1, 2, 0, 0]);
      rig.driver.stop();
      expect(settledAt(rig)).toEqual([2.1, 0.4, 0, 0]);
    });
  });
}

describeActuatorDriver("loopback", () => {
  let nowMs = 1000;
  const telemetry = SampleRing.create({ capacity: 64, width: 3 * count });
  return {
    driver: new LoopbackDriver({ device: mount, telemetry, monotonicMs: () => nowMs }),
    nowMs: () => nowMs,
    advance: (ms) => (nowMs += ms),
  };
});

describeActuatorDriver("simulator", () => {
  let nowMs = 1000;
  const telemetry = SampleRing.create({ capacity: 64, width: 3 * count });
  const setpoint = SharedRow.create(1 + 2 * count);
  // The physics thread's side, with joints that are at their setpoint at once.
  const row = new Float64Array(1 + 2 * count);
  const joints = new Float64Array(3 * count);
  joints.set(mount.homeRad);
  return {
    driver: new SharedMemoryDriver({ name: "simulator", device: mount, setpoint, telemetry }),
    nowMs: () => nowMs,
    advance: (ms) => {
      nowMs += ms;
      if (setpoint.read(row)) joints.set(row.subarray(1, 1 + count));
      telemetry.push(nowMs, joints);
    },
  };
});

describe("the simulator driver", () => {
  const telemetry = SampleRing.create({ capacity: 8, width: 3 * count });
  const setpoint = SharedRow.create(1 + 2 * count);
  const driver = new SharedMemoryDriver({ name: "simulator", device: mount, setpoint, telemetry });
  const row = new Float64Array(1 + 2 * count);

  it("has no telemetry before the physics thread pushed some, and writes nothing on stop", () => {
    expect(driver.readTelemetry(makeTelemetry())).toBe(false);
    driver.stop();
    expect(setpoint.read(row)).toBe(false);
  });

  it("lays a setpoint out as stamp, positions, velocities, and clamps velocities too", () => {
    driver.writeSetpoint({
      stampMs: 42,
      posRad: Float64Array.of(2.1, 0.1, 0.2, 0.3),
      velRadPerS: Float64Array.of(0, 9, -9, 0.5),
    });
    setpoint.read(row);
    expect([...row]).toEqual([42, 2.1, 0.1, 0.2, 0.3, 0, 2.09, -2.09, 0.5]);
  });

  it("takes the feed-forward away on stop", () => {
    driver.stop();
    setpoint.read(row);
    expect([...row.subarray(1)]).toEqual([2.1, 0.1, 0.2, 0.3, 0, 0, 0, 0]);
  });
});

describe("the loopback device", () => {
  it("covers 63 % of a step in one time constant and reports it in the ring", () => {
    let nowMs = 1000;
    const telemetry = SampleRing.create({ capacity: 64, width: 3 * count });
    const driver = new LoopbackDriver({
      device: mount,
      telemetry,
      lagMs: 40,
      monotonicMs: () => nowMs,
    });
    driver.writeSetpoint({
      stampMs: nowMs,
      posRad: Float64Array.of(2.1, 1, 0, 0.1),
      velRadPerS: new Float64Array(count),
    });
    nowMs += 40;
    driver.readTelemetry(makeTelemetry());
    const row = new Float64Array(3 * count);
    expect(telemetry.latest(row)).toBe(nowMs);
    expect(row[1]).toBeCloseTo(1 - Math.exp(-1), 12);
    expect(row[count + 1]).toBeGreaterThan(0);
  });
});

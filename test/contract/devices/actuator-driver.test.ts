import { describe, expect, it } from "vitest";
import { SampleRing } from "../../../bridge/contract/sample-ring.ts";
import { SharedRow } from "../../../bridge/contract/shared-row.ts";
import { LoopbackDriver } from "../../../devices/drivers/loopback/loopback-driver.ts";
import { SharedMemoryDriver } from "../../../devices/drivers/shared-memory/shared-memory-driver.ts";
import { mount } from "../../unit/devices/mount.ts";
import { makeTelemetry } from "./driver-harness.ts";

const count = mount.axes.length;

describe("the simulator driver", () => {
  const telemetry = SampleRing.create({ capacity: 8, width: 3 * count });
  const setpoint = SharedRow.create(1 + 2 * count);
  const driver = new SharedMemoryDriver({ name: "simulator", device: mount, setpoint, telemetry });
  const row = new Float64Array(1 + 2 * count);

  it("has no telemetry before the physics thread pushed some, and writes nothing on stop", () => {
    expect(driver.readTelemetry(makeTelemetry(count))).toBe(false);
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
    driver.readTelemetry(makeTelemetry(count));
    const row = new Float64Array(3 * count);
    expect(telemetry.latest(row)).toBe(nowMs);
    expect(row[1]).toBeCloseTo(1 - Math.exp(-1), 12);
    expect(row[count + 1]).toBeGreaterThan(0);
  });
});

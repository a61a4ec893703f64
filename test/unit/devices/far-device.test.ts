import { describe, expect, it } from "vitest";
import { DriverLink } from "../../../bridge/contract/actuator-driver.ts";
import {
  createFarDevice,
  FarHealth,
  FarHealthReader,
  FarOrderField,
  farOrderWidth,
} from "../../../bridge/contract/far-device.ts";
import { SampleRing } from "../../../bridge/contract/sample-ring.ts";
import { SharedMemoryDriver } from "../../../devices/drivers/shared-memory/shared-memory-driver.ts";
import { mount } from "./mount.ts";

const count = mount.axes.length;

function openRig() {
  const telemetry = SampleRing.create({ capacity: 8, width: 3 * count });
  const far = createFarDevice(count, telemetry);
  const driver = new SharedMemoryDriver({ name: "agent", device: mount, ...far });
  const order = new Float64Array(farOrderWidth);
  const out = {
    stampMs: 0,
    posRad: new Float64Array(count),
    velRadPerS: new Float64Array(count),
    effortNm: new Float64Array(count),
  };
  return {
    driver,
    far,
    health: new FarHealth(far.health),
    readTelemetry: () => driver.readTelemetry(out),
    /** [stopCount, isEnabled, isClosed], or undefined while nothing was said. */
    order: () => (far.order.read(order) ? [...order] : undefined),
  };
}

describe("the health row", () => {
  it.each(["", "no phone is connected", "motor 2: 71 °C, limit 70 °C 🔥", "x".repeat(160)])(
    "carries %j",
    (reason) => {
      const { far, health } = openRig();
      const reader = new FarHealthReader(far.health);
      health.set(DriverLink.Lost, reason);
      expect(reader.refresh()).toBe(true);
      expect([reader.link, reader.reason]).toEqual([DriverLink.Lost, reason]);
    },
  );

  it("cuts a reason that is too long", () => {
    const { far, health } = openRig();
    const reader = new FarHealthReader(far.health);
    health.set(DriverLink.Fault, "y".repeat(500));
    reader.refresh();
    expect(reader.reason).toBe("y".repeat(160));
  });

  it("tells a reader once, and nothing when the same is said again", () => {
    const { far, health } = openRig();
    const reader = new FarHealthReader(far.health);
    expect(reader.refresh()).toBe(false);
    health.set(DriverLink.Up);
    health.set(DriverLink.Up);
    expect(reader.refresh()).toBe(true);
    expect(reader.refresh()).toBe(false);
    expect(far.health.version).toBe(1);
  });
});

describe("a driver whose device is held elsewhere", () => {
  it("is opening until the far end says otherwise, and follows it", () => {
    const rig = openRig();
    expect(rig.driver.health.link).toBe(DriverLink.Opening);
    expect(rig.driver.health.reason).not.toBe("");
    rig.health.set(DriverLink.Up);
    rig.readTelemetry();
    expect([rig.driver.health.link, rig.driver.health.reason]).toEqual([DriverLink.Up, ""]);
    const before = rig.driver.health.revision;
    rig.readTelemetry();
    expect(rig.driver.health.revision).toBe(before);
    rig.health.set(DriverLink.Fault, "motor too hot");
    rig.readTelemetry();
    expect([rig.driver.health.link, rig.driver.health.reason]).toEqual([
      DriverLink.Fault,
      "motor too hot",
    ]);
    expect(rig.driver.health.revision).toBe(before + 1);
  });

  it("counts stops, tells of power once per change, and says goodbye", async () => {
    const rig = openRig();
    expect(rig.order()).toBeUndefined();
    rig.driver.stop();
    rig.driver.stop();
    expect(rig.order()).toEqual([2, 1, 0]);
    rig.driver.setEnabled(false);
    rig.driver.setEnabled(false);
    expect(rig.far.order.version).toBe(3);
    expect(rig.order()).toEqual([2, 0, 0]);
    await rig.driver[Symbol.asyncDispose]();
    expect(rig.order()?.[FarOrderField.isClosed]).toBe(1);
    const { version } = rig.far.order;
    rig.driver.stop();
    rig.driver.setEnabled(true);
    await rig.driver[Symbol.asyncDispose]();
    expect(rig.far.order.version).toBe(version);
  });
});

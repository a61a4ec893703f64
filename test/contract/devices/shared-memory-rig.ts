import { DriverLink } from "../../../bridge/contract/actuator-driver.ts";
import type { DeviceDescription } from "../../../bridge/contract/device.ts";
import {
  createFarDevice,
  FarHealth,
  FarOrderField,
  farOrderWidth,
  farSetpointWidth,
} from "../../../bridge/contract/far-device.ts";
import { SampleRing } from "../../../bridge/contract/sample-ring.ts";
import { openDriver, type DriverChoice } from "../../../devices/drivers/open-driver.ts";
import type { DriverRig } from "./driver-rig.ts";

const stepMs = 5;

/**
 * The far end of shared memory in a manual time, with joints that are at their setpoint at once.
 * `simulator`: the physics thread, which hears no orders and tells no health.
 */
export function openSharedMemoryRig(
  device: DeviceDescription,
  kind: "simulator" | "agent" | "ros2",
): DriverRig {
  const count = device.axes.length;
  const telemetry = SampleRing.create({ capacity: 64, width: 3 * count });
  const far = createFarDevice(count, telemetry);
  const { setpoint, order, health } = far;
  const choice: DriverChoice =
    kind === "simulator"
      ? { kind, setpoint: setpoint.buffer }
      : {
          kind,
          far: { setpoint: setpoint.buffer, order: order.buffer, health: health.buffer },
        };
  const driver = openDriver(choice, device, telemetry);
  const farHealth = new FarHealth(health);
  const tellsHealth = kind !== "simulator";
  const row = new Float64Array(farSetpointWidth(count));
  const orders = new Float64Array(farOrderWidth);
  const joints = new Float64Array(3 * count);
  joints.set(device.homeRad);
  let nowMs = 1000;
  let isFrozen = false;
  let isGone = false;
  let isEnabled = true;
  let lagMs = 0;
  let seenVersion = 0;
  let commands: number[][] = [];
  const late: { readonly atMs: number; readonly stampMs: number; readonly row: Float64Array }[] =
    [];

  const step = (): void => {
    nowMs += stepMs;
    if (isFrozen || isGone) {
      // Whoever holds the far end notices the silence of its device.
      if (tellsHealth) farHealth.set(DriverLink.Lost, isGone ? "the device has gone" : "silent");
      return;
    }
    if (tellsHealth) farHealth.set(DriverLink.Up);
    if (order.read(orders)) isEnabled = orders[FarOrderField.isEnabled] === 1;
    if (setpoint.version !== seenVersion && setpoint.read(row)) {
      seenVersion = setpoint.version;
      commands.push([...row.subarray(1, 1 + count)]);
      if (isEnabled) joints.set(row.subarray(1, 1 + count));
    }
    late.push({ atMs: nowMs + lagMs, stampMs: nowMs, row: joints.slice() });
    while (late[0] !== undefined && late[0].atMs <= nowMs) {
      const sample = late.shift()!;
      telemetry.push(sample.stampMs, sample.row);
    }
  };
  step();

  return {
    driver,
    device,
    nowMs: () => nowMs,
    pass: (ms) => {
      for (let passed = 0; passed < ms; passed += stepMs) step();
      return Promise.resolve();
    },
    far: {
      posRad: () => [...joints.subarray(0, count)],
      takeCommands: () => {
        const taken = commands;
        commands = [];
        return taken;
      },
      ...(tellsHealth ? { isEnabled: () => isEnabled } : {}),
      freeze: () => (isFrozen = true),
      thaw: () => {
        isFrozen = false;
        // What was said meanwhile was said to nobody.
        seenVersion = setpoint.version;
      },
      unplug: () => (isGone = true),
      replug: () => {
        isGone = false;
        seenVersion = setpoint.version;
      },
      delay: (ms) => (lagMs = ms),
    },
    [Symbol.asyncDispose]: () => driver[Symbol.asyncDispose](),
  };
}

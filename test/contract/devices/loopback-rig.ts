import type { DeviceDescription } from "../../../bridge/contract/device.ts";
import { SampleRing } from "../../../bridge/contract/sample-ring.ts";
import { LoopbackDriver } from "../../../devices/drivers/loopback/loopback-driver.ts";
import { makeTelemetry } from "./driver-harness.ts";
import type { DriverRig } from "./driver-rig.ts";

/** Driver and device in one: there is no line between them to fail. */
export function openLoopbackRig(device: DeviceDescription): DriverRig {
  const count = device.axes.length;
  let nowMs = 1000;
  const telemetry = SampleRing.create({ capacity: 64, width: 3 * count });
  const driver = new LoopbackDriver({ device, telemetry, lagMs: 0, monotonicMs: () => nowMs });
  const joints = makeTelemetry(count);
  let commands: number[][] = [];
  return {
    driver,
    device,
    nowMs: () => nowMs,
    pass: (ms) => {
      for (let passed = 0; passed < ms; passed += 5) {
        nowMs += 5;
        driver.readTelemetry(joints);
        commands.push([...joints.posRad]);
      }
      return Promise.resolve();
    },
    far: {
      posRad: () => {
        driver.readTelemetry(joints);
        return [...joints.posRad];
      },
      // Its joints are all there is to see of what it was told.
      takeCommands: () => {
        const taken = commands;
        commands = [];
        return taken;
      },
    },
    [Symbol.asyncDispose]: () => driver[Symbol.asyncDispose](),
  };
}

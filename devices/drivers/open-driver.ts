import type { ActuatorDriver } from "../../bridge/contract/actuator-driver.ts";
import type { DeviceDescription } from "../../bridge/contract/device.ts";
import type { FarDeviceBuffers } from "../../bridge/contract/far-device.ts";
import type { SampleRing } from "../../bridge/contract/sample-ring.ts";
import { SharedRow } from "../../bridge/contract/shared-row.ts";
import { openDynamixelDriver } from "./dynamixel/dynamixel-driver.ts";
import type { DynamixelSettings } from "./dynamixel/dynamixel-schema.ts";
import { openFeetechDriver } from "./feetech/feetech-driver.ts";
import type { FeetechSettings } from "./feetech/feetech-schema.ts";
import { openLoopbackDriver } from "./loopback/loopback-driver.ts";
import type { LoopbackSettings } from "./loopback/loopback-settings.ts";
import { SharedMemoryDriver } from "./shared-memory/shared-memory-driver.ts";
import { openSimplebgcDriver } from "./simplebgc/simplebgc-driver.ts";
import type { SimplebgcSettings } from "./simplebgc/simplebgc-schema.ts";

/** A driver that opens its own way to the device; `settings` are what `driver-settings.ts` checked. */
export type OwnDriverChoice =
  | { readonly kind: "loopback"; readonly settings?: Partial<LoopbackSettings> }
  | { readonly kind: "dynamixel"; readonly settings: DynamixelSettings }
  | { readonly kind: "feetech"; readonly settings: FeetechSettings }
  | { readonly kind: "simplebgc"; readonly settings: SimplebgcSettings };

/** Which driver, and what it needs beside the device: goes to the actuation thread as it is. */
export type DriverChoice =
  /** `setpoint`: SharedRow of width 1 + 2 * axes, read by the physics thread. */
  | { readonly kind: "simulator"; readonly setpoint: SharedArrayBuffer }
  /** Reached through another thread: bridge/contract/far-device.ts. */
  | { readonly kind: "agent" | "ros2"; readonly far: FarDeviceBuffers }
  | OwnDriverChoice;

/** @param telemetry width 3 * axes; its writer is the driver, or the far end of a device elsewhere. */
export function openDriver(
  choice: DriverChoice,
  device: DeviceDescription,
  telemetry: SampleRing,
): ActuatorDriver {
  switch (choice.kind) {
    case "simulator": {
      const setpoint = new SharedRow(choice.setpoint);
      return new SharedMemoryDriver({ name: choice.kind, device, setpoint, telemetry });
    }
    case "agent":
    case "ros2": {
      const { setpoint, order, health } = choice.far;
      return new SharedMemoryDriver({
        name: choice.kind,
        device,
        telemetry,
        setpoint: new SharedRow(setpoint),
        order: new SharedRow(order),
        health: new SharedRow(health),
      });
    }
    case "loopback":
      return openLoopbackDriver(choice.settings ?? {}, device, telemetry);
    case "dynamixel":
      return openDynamixelDriver(choice.settings, device, telemetry);
    case "feetech":
      return openFeetechDriver(choice.settings, device, telemetry);
    case "simplebgc":
      return openSimplebgcDriver(choice.settings, device, telemetry);
    default:
      return choice satisfies never;
  }
}

import type { ActuatorDriver } from "../../bridge/contract/actuator-driver.ts";
import type { DeviceDescription } from "../../bridge/contract/device.ts";
import type { SampleRing } from "../../bridge/contract/sample-ring.ts";
import { SharedRow } from "../../bridge/contract/shared-row.ts";
import { LoopbackDriver } from "./loopback/loopback-driver.ts";
import { SharedMemoryDriver } from "./sim/shared-memory-driver.ts";

/** Which driver, and what it needs beside the device: goes to the actuation thread as it is. */
export type DriverChoice =
  /** `setpoint`: SharedRow of width 1 + 2 * axes, read by the physics thread. */
  | { readonly kind: "simulator"; readonly setpoint: SharedArrayBuffer }
  | { readonly kind: "loopback"; readonly lagMs?: number };

export function openDriver(
  choice: DriverChoice,
  device: DeviceDescription,
  telemetry: SampleRing,
): ActuatorDriver {
  switch (choice.kind) {
    case "simulator": {
      const setpoint = new SharedRow(choice.setpoint);
      return new SharedMemoryDriver({ device, setpoint, telemetry });
    }
    case "loopback": {
      const lag = choice.lagMs === undefined ? {} : { lagMs: choice.lagMs };
      return new LoopbackDriver({ device, telemetry, ...lag });
    }
    default:
      return choice satisfies never;
  }
}

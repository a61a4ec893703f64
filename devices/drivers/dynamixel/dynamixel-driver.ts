import type { ActuatorDriver } from "../../../bridge/contract/actuator-driver.ts";
import type { DeviceDescription } from "../../../bridge/contract/device.ts";
import type { SampleRing } from "../../../bridge/contract/sample-ring.ts";
import type { OpenByteLine } from "../serial/byte-line.ts";
import { serialLine } from "../serial/serial-line.ts";
import { ServoDriver } from "../servo-bus/servo-driver.ts";
import { DynamixelFamily } from "./dynamixel-family.ts";
import { dynamixelMounts } from "./dynamixel-mounts.ts";
import type { DynamixelSettings } from "./dynamixel-schema.ts";

/** @param on a line and a clock of the caller's own instead of the serial port. */
export function openDynamixelDriver(
  settings: DynamixelSettings,
  device: DeviceDescription,
  telemetry: SampleRing,
  on: { readonly openLine?: OpenByteLine; readonly monotonicMs?: () => number } = {},
): ActuatorDriver {
  const { port, baudRate, replyTimeoutMs, echoes, torqueOffAtClose } = settings;
  return new ServoDriver({
    family: new DynamixelFamily(settings),
    mounts: dynamixelMounts(settings, device),
    device,
    telemetry,
    openLine: on.openLine ?? serialLine({ path: port, baudRate }),
    replyTimeoutMs,
    echoes,
    torqueOffAtClose,
    ...(on.monotonicMs === undefined ? {} : { monotonicMs: on.monotonicMs }),
  });
}

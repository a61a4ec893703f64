import { openActuation, type ActuationClient } from "../../devices/actuation/actuation-client.ts";
import { checkDriver, type CheckedDriver } from "../../devices/drivers/driver-settings.ts";
import type { DriverChoice } from "../../devices/drivers/open-driver.ts";
import { loadProfile, type DeviceProfile } from "../../devices/profiles/load-profile.ts";
import type { Config } from "../config.ts";
import type { DeviceDescription } from "../contract/device.ts";
import { BridgeError, ErrorCode } from "../contract/errors.ts";
import type { FaultLayer } from "../fault-layer.ts";
import type { SharedMemory } from "../shared-memory.ts";
import { inPackage, workerEntry } from "./package-files.ts";

/** In the order they are shown. Names of files in devices/profiles. */
export const shippedProfiles = [
  "phone-mount-4dof",
  "mavlink-gimbal",
  "sbgc-3axis",
  "pan-tilt-dynamixel",
  "so101-arm",
  "ros2-control",
] as const;

/**
 * @param profile name of a shipped profile, or a path to one.
 * @throws BridgeError `device/profile`
 */
export function loadDevice(profile: string): DeviceProfile {
  const isPath = profile.includes("/") || /\.(json|ya?ml)$/.test(profile);
  return loadProfile(isPath ? profile : inPackage(`devices/profiles/${profile}.json`));
}

/**
 * The driver the configuration asks for, with its settings: the profile's, and over them what the
 * configuration says.
 *
 * @throws BridgeError `device/driver` when there is no such driver, or it does not fit the profile.
 */
export function chooseDriver({ device: asked }: Config, device: DeviceDescription): CheckedDriver {
  const name = asked.driver === "profile" ? profileDriver(device) : asked.driver;
  const { port, baudRate, address } = asked;
  return checkDriver(
    name,
    {
      // What is written for one driver means nothing to another.
      ...(device.driver?.kind === name ? device.driver : {}),
      ...asked.settings,
      ...(port === "" ? {} : { port }),
      ...(baudRate === 0 ? {} : { baudRate }),
      ...(address === "" ? {} : { address }),
    },
    device,
  );
}

/** The thread that moves the device and stops it. */
export async function openMount(
  config: Config,
  device: DeviceDescription,
  driver: CheckedDriver,
  { memory, faults }: { readonly memory: SharedMemory; readonly faults: FaultLayer | undefined },
): Promise<ActuationClient> {
  return await openActuation({
    entry: workerEntry("devices/actuation/actuation-worker.js"),
    device,
    driver: driverChoice(driver, memory),
    telemetry: memory.telemetry,
    setpoints: memory.setpoints,
    preview: memory.preview,
    status: memory.status,
    heartbeats: memory.heartbeats,
    periodMs: 1000 / config.actuation.rateHz,
    ...(faults === undefined ? {} : { faults: faults.plan.data }),
  });
}

function driverChoice(driver: CheckedDriver, { simSetpoint, far }: SharedMemory): DriverChoice {
  if ("choice" in driver) return driver.choice;
  if (driver.name === "simulator") return { kind: driver.name, setpoint: simSetpoint.buffer };
  const { setpoint, order, health } = far;
  return {
    kind: driver.name,
    far: { setpoint: setpoint.buffer, order: order.buffer, health: health.buffer },
  };
}

function profileDriver({ driver, profile }: DeviceDescription): string {
  if (driver !== undefined) return driver.kind;
  throw new BridgeError(
    ErrorCode.DeviceDriver,
    `device.driver is profile and profile ${profile} names none, expected a driver section in it`,
  );
}

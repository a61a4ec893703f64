import { openActuation, type ActuationClient } from "../../devices/actuation/actuation-client.ts";
import { loadProfile } from "../../devices/profiles/load-profile.ts";
import type { Config } from "../config.ts";
import type { DeviceDescription } from "../contract/device.ts";
import type { FaultLayer } from "../fault-layer.ts";
import type { SharedMemory } from "../shared-memory.ts";
import { inPackage, workerEntry } from "./package-files.ts";

/**
 * @param profile name of a shipped profile, or a path to one.
 * @throws BridgeError `device/profile`
 */
export function loadDevice(profile: string): DeviceDescription {
  const isPath = profile.includes("/") || profile.endsWith(".json");
  return loadProfile(isPath ? profile : inPackage(`devices/profiles/${profile}.json`));
}

/** The thread that moves the device and stops it. */
export async function openMount(
  config: Config,
  device: DeviceDescription,
  memory: SharedMemory,
  faults: FaultLayer | undefined,
): Promise<ActuationClient> {
  return await openActuation({
    entry: workerEntry("devices/actuation/actuation-worker.js"),
    device,
    driver: { kind: "simulator", setpoint: memory.simSetpoint.buffer },
    telemetry: memory.telemetry,
    setpoints: memory.setpoints,
    preview: memory.preview,
    status: memory.status,
    heartbeats: memory.heartbeats,
    periodMs: 1000 / config.actuation.rateHz,
    ...(faults === undefined ? {} : { faults: faults.plan.data }),
  });
}

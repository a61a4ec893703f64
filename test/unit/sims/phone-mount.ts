import { readFileSync } from "node:fs";
import type { Telemetry } from "../../../bridge/contract/actuator-driver.ts";
import type { DeviceDescription } from "../../../bridge/contract/device.ts";

const profile = new URL("../../../devices/profiles/phone-mount-4dof.json", import.meta.url);

/** The shipped device description: deploy, yaw, roll, pitch. */
export const phoneMount = JSON.parse(readFileSync(profile, "utf8")) as DeviceDescription;

export const stowedRad: readonly number[] = phoneMount.axes.map(() => 0);

export function makeTelemetry(axisCount = phoneMount.axes.length): Telemetry {
  return {
    stampMs: 0,
    posRad: new Float64Array(axisCount),
    velRadPerS: new Float64Array(axisCount),
    effortNm: new Float64Array(axisCount),
  };
}

import { accessSync, constants, statSync } from "node:fs";
import type { Config } from "../config.ts";
import type { Finding, FindingGroup } from "../contract/finding.ts";
import { BridgeError, errorText } from "../contract/errors.ts";
import { chooseDriver, loadDevice } from "./device.ts";

/** What the operating system says of a serial port. */
export type PortState = "ready" | "missing" | "denied" | "no-device";

export type LookAtPort = (path: string) => PortState;

/** The profile, the driver it is to be reached by, and whether this user may open its ports. Opens nothing. */
export function probeDevice(config: Config, lookAtPort: LookAtPort = lookAt): FindingGroup {
  return { title: "Device", findings: deviceFindings(config, lookAtPort) };
}

function deviceFindings(config: Config, lookAtPort: LookAtPort): Finding[] {
  try {
    const device = loadDevice(config.device.profile);
    const { title = "", profile, axes } = device;
    const text = `${profile}, ${axes.length} axes${title === "" ? "" : `: ${title}`}`;
    const driver = chooseDriver(config, device);
    return [
      { level: "ok", subject: "profile", text },
      { level: "ok", subject: "driver", text: `${driver.name}: ${driver.description}` },
      ...driver.serialPorts.map((path) => portFinding(path, lookAtPort(path))),
      ...cameraFinding(config, driver.name),
    ];
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error;
    return [{ level: "fail", subject: "device", text: errorText(error) }];
  }
}

function portFinding(path: string, state: PortState): Finding {
  const subject = `port ${path}`;
  switch (state) {
    case "ready":
      return { level: "ok", subject, text: "there, and this user may use it" };
    case "missing": {
      const advice = "plug it in; `ls /dev/serial/by-id` names ports for good, for device.port";
      return { level: "fail", subject, text: "is not there", advice };
    }
    case "denied": {
      const advice =
        "sudo usermod -aG dialout $USER and log in again, or a udev rule as in the driver's README";
      return { level: "fail", subject, text: "is there, and this user may not use it", advice };
    }
    case "no-device": {
      const advice = "name a serial port in device.port";
      return { level: "fail", subject, text: "is no character device", advice };
    }
    default:
      return state satisfies never;
  }
}

/** A real device brings no camera of its own: pictures come over ROS, or the model does without. */
function cameraFinding(config: Config, driver: string): Finding[] {
  if (driver === "simulator" || config.observation.source === "ros") return [];
  const text = "none: the model predicts from the joints alone";
  const advice = "observation.source: ros takes pictures and joints from topics";
  return [{ level: "note", subject: "camera", text, advice }];
}

function lookAt(path: string): PortState {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return "missing";
  if (!found.isCharacterDevice()) return "no-device";
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return "ready";
  } catch {
    return "denied";
  }
}

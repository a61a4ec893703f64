import type { DeviceDescription } from "../../../bridge/contract/device.ts";
import type { JointOrder } from "./gimbal-frames.ts";

export const jointNames = ["yaw", "roll", "pitch"] as const;

/** Which of a device's axes are the joints of a gimbal; -1 for one it has not. */
export interface GimbalJoints {
  readonly yaw: number;
  readonly roll: number;
  readonly pitch: number;
  readonly order: JointOrder;
  readonly problems: readonly string[];
}

/** By their names, in the order of the device's chain. */
export function gimbalJoints(
  device: DeviceDescription,
  extraAxes: "refused" | "ignored" = "refused",
): GimbalJoints {
  const at = (name: string): number => device.axes.findIndex((axis) => axis.name === name);
  const chain = device.chain.map(({ axisName }) => axisName);
  const rollAt = chain.indexOf("roll");
  const pitchAt = chain.indexOf("pitch");
  const isRollInner = rollAt >= 0 && pitchAt >= 0 && pitchAt < rollAt;
  const problems: string[] = [];
  const strange = device.axes.filter(({ name }) => !jointNames.some((joint) => joint === name));
  if (extraAxes === "refused")
    for (const { name } of strange)
      problems.push(`axis ${name} is none of a gimbal's: yaw, roll, pitch`);
  if (strange.length === device.axes.length) problems.push("no axis is called yaw, roll or pitch");
  return {
    yaw: at("yaw"),
    roll: at("roll"),
    pitch: at("pitch"),
    order: isRollInner ? "yaw-pitch-roll" : "yaw-roll-pitch",
    problems,
  };
}

/** Whether only this machine can reach it. */
export function isLoopback(endpoint: string): boolean {
  return /^(127\.\d+\.\d+\.\d+|localhost|\[::1\]):/.test(endpoint);
}

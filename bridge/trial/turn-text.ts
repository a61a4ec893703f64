import type { DeviceDescription } from "../contract/device.ts";

/** What a positive turn of an axis looks like when the device stands upright and looks away. */
export function turnText({ axes, chain }: DeviceDescription, axisIndex: number): string {
  const name = axes[axisIndex]?.name;
  const axis = chain.find((joint) => joint.axisName === name)?.axis ?? [0, 0, 0];
  const strongest = axis.map(Math.abs).indexOf(Math.max(...axis.map(Math.abs)));
  const isPositive = (axis[strongest] ?? 0) > 0;
  const [positive, negative] = [
    ["with its right side down", "with its left side down"],
    ["forward and down", "backward and up"],
    ["to its left (counter-clockwise from above)", "to its right (clockwise from above)"],
  ][strongest] ?? ["positively", "negatively"];
  return (isPositive ? positive : negative) ?? "";
}

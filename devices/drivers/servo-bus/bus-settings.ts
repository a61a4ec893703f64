import { z } from "zod";
import type { DeviceDescription } from "../../../bridge/contract/device.ts";

/** What every bus of servos is told, whatever its make. */
export const busSettings = {
  port: z.string().min(1).describe("serial port, best by /dev/serial/by-id/..."),
  replyTimeoutMs: z
    .number()
    .min(2)
    .max(200)
    .default(20)
    .describe(
      "wait for an answer; an FTDI adapter with its default latency timer needs 16 and more",
    ),
  echoes: z
    .boolean()
    .default(false)
    .describe("the adapter hears what it sends, as one with TX and RX on one wire does"),
  torqueOffAtClose: z
    .boolean()
    .default(false)
    .describe("joints go limp when the service ends: an arm falls"),
} as const;

/** One axis' servo: `deviceRad = zeroRad + sign * axisRad`, counted from the middle of the servo's turn. */
export const servoSettings = {
  id: z.int().min(0).max(252),
  sign: z.union([z.literal(1), z.literal(-1)]).default(1),
  zeroRad: z
    .number()
    .default(0)
    .describe("where the servo stands, from its middle, at 0 of the axis"),
} as const;

/** Every axis has one servo, every servo one id. */
export function servoProblems(
  axes: Readonly<Record<string, { readonly id: number }>>,
  device: DeviceDescription,
): string[] {
  const problems: string[] = [];
  const ofId = new Map<number, string>();
  for (const { name } of device.axes) {
    if (axes[name] === undefined) problems.push(`axis ${name} has no servo in axes`);
  }
  for (const [name, { id }] of Object.entries(axes)) {
    if (!device.axes.some((axis) => axis.name === name)) {
      problems.push(`axes.${name}: the device has no such axis`);
    }
    const other = ofId.get(id);
    if (other !== undefined)
      problems.push(`axes ${other} and ${name} have the same servo, id ${id}`);
    ofId.set(id, name);
  }
  return problems;
}

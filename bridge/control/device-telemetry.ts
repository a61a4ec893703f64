import type { DeviceOfferMessage, TelemetryMessage } from "./device-messages.ts";

/** A joint pushed or sagging may stand this far outside the range its device offered. */
const rangeSlackRad = 0.35;
/** No joint of a mount turns at 16 turns per second. */
const maxBelievableRadPerS = 100;

/**
 * Why telemetry cannot be true of the device that was offered; undefined if it can. A device whose
 * senses fail must not be moved by what they say.
 */
export function telemetryProblem(
  { axes }: DeviceOfferMessage,
  message: TelemetryMessage,
): string | undefined {
  const { posRad, velRadPerS, effortNm } = message;
  for (const [name, values] of [
    ["posRad", posRad],
    ["velRadPerS", velRadPerS],
    ["effortNm", effortNm],
  ] as const) {
    if (values === undefined || values.length === axes.length) continue;
    return `${name} has ${values.length} values, expected ${axes.length}`;
  }
  for (const [index, axis] of axes.entries()) {
    const pos = posRad[index] ?? Number.NaN;
    const vel = velRadPerS[index] ?? Number.NaN;
    if (!(Math.abs(vel) <= maxBelievableRadPerS)) {
      return `${axis.name} turns at ${vel.toFixed(1)} rad/s, expected at most ${maxBelievableRadPerS}`;
    }
    const { lowerRad, upperRad } = axis;
    if (axis.continuous === true) continue;
    if (pos >= lowerRad - rangeSlackRad && pos <= upperRad + rangeSlackRad) continue;
    const range = `${lowerRad.toFixed(2)}..${upperRad.toFixed(2)}`;
    return `${axis.name} stands at ${pos.toFixed(2)} rad, expected ${range}`;
  }
  return undefined;
}

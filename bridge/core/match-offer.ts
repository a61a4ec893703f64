import type { AxisDescription, AxisLimits, DeviceDescription } from "../contract/device.ts";

export interface OfferedAxis extends AxisLimits {
  readonly name: string;
}

export type OfferMatch =
  | {
      readonly ok: true;
      /** For each axis of the device, where it stands in the offer. */
      readonly offerIndex: readonly number[];
      /** What holds from now on, in the order of the device's axes. */
      readonly limits: readonly AxisLimits[];
    }
  | { readonly ok: false; readonly reason: string };

/** A range narrower than this cannot be moved in: 0.6 degrees. */
const minRangeRad = 0.01;

/**
 * Matches what a device offers with what was configured, by the names of the axes. Limits become the
 * narrower of both, never wider. Refused with the reason if an axis is missing, unknown or named
 * twice, or if what is left could not stand at home, deploy, or move at all.
 */
export function matchOffer(device: DeviceDescription, offered: readonly OfferedAxis[]): OfferMatch {
  const names = offered.map(({ name }) => name);
  const expected = device.axes.map(({ name }) => name);
  const wrong =
    problemOf(
      "named twice",
      names.filter((name, index) => names.indexOf(name) !== index),
    ) ??
    problemOf(
      "missing",
      expected.filter((name) => !names.includes(name)),
    ) ??
    problemOf(
      "unknown",
      names.filter((name) => !expected.includes(name)),
    );
  if (wrong !== undefined) {
    return { ok: false, reason: `${wrong}, expected ${expected.join(", ")}` };
  }
  const offerIndex = expected.map((name) => names.indexOf(name));
  const limits: AxisLimits[] = [];
  for (const [index, axis] of device.axes.entries()) {
    const offer = offered[offerIndex[index] ?? -1];
    if (offer === undefined) return { ok: false, reason: `axis ${axis.name} is missing` };
    const narrowed = narrower(axis, offer);
    const problem = useless(device, index, narrowed);
    if (problem !== undefined) return { ok: false, reason: `axis ${axis.name}: ${problem}` };
    limits.push(narrowed);
  }
  return { ok: true, offerIndex, limits };
}

/** The part that both allow. */
export function narrower(axis: AxisDescription, offer: AxisLimits): AxisLimits {
  return {
    lowerRad: Math.max(axis.lowerRad, offer.lowerRad),
    upperRad: Math.min(axis.upperRad, offer.upperRad),
    maxVelocityRadPerS: Math.min(axis.maxVelocityRadPerS, offer.maxVelocityRadPerS),
    maxAccelerationRadPerS2: Math.min(axis.maxAccelerationRadPerS2, offer.maxAccelerationRadPerS2),
    maxJerkRadPerS3: Math.min(axis.maxJerkRadPerS3, offer.maxJerkRadPerS3),
    continuous: axis.continuous === true && offer.continuous === true,
  };
}

function problemOf(what: string, names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  return `axis ${[...new Set(names)].join(", ")} is ${what}`;
}

function useless(
  device: DeviceDescription,
  index: number,
  { lowerRad, upperRad }: AxisLimits,
): string | undefined {
  const axis = device.axes[index];
  const marginRad = axis?.softMarginRad ?? 0;
  const range = `${lowerRad.toFixed(2)}..${upperRad.toFixed(2)} rad`;
  if (!(upperRad - lowerRad - 2 * marginRad >= minRangeRad)) {
    return `what both allow is ${range}, expected a range to move in`;
  }
  const homeRad = device.homeRad[index] ?? 0;
  if (homeRad < lowerRad || homeRad > upperRad) {
    return `what both allow is ${range}, expected to hold home at ${homeRad.toFixed(2)} rad`;
  }
  const { interlock } = device;
  if (interlock?.axis === axis?.name && interlock !== undefined && upperRad < interlock.readyRad) {
    return `what both allow is ${range}, expected to reach ready at ${interlock.readyRad.toFixed(2)} rad`;
  }
  return undefined;
}

import type { SampleRing } from "./contract/sample-ring.ts";

/**
 * Where the one device stands, from its telemetry.
 *
 * @param telemetry rows of position, velocity, effort.
 */
export function jointReader(
  telemetry: SampleRing,
): (deviceId: string, out: Float64Array) => boolean {
  const row = new Float64Array(telemetry.width);
  return (_deviceId, out) => {
    if (Number.isNaN(telemetry.latest(row))) return false;
    out.set(row.subarray(0, out.length));
    return true;
  };
}

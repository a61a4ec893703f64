import type { Setpoint } from "../../bridge/contract/actuator-driver.ts";
import type { AxisDescription } from "../../bridge/contract/device.ts";

/**
 * The last line before a device: each axis within its range and speed, in `posRad` and `velRadPerS`.
 * A value that is not finite leaves what stands there. An axis that stands outside its range, where it was
 * found, may come in along its setpoints but go no farther out: cut at the range it would jump there. // hot path
 */
export function clampSetpoint(
  setpoint: Readonly<Setpoint>,
  axes: readonly AxisDescription[],
  posRad: Float64Array,
  velRadPerS: Float64Array,
): void {
  for (let index = 0; index < axes.length; index += 1) {
    const axis = axes[index];
    const pos = setpoint.posRad[index] ?? Number.NaN;
    const vel = setpoint.velRadPerS[index] ?? Number.NaN;
    if (axis === undefined || !Number.isFinite(pos) || !Number.isFinite(vel)) continue;
    const max = axis.maxVelocityRadPerS;
    const fromRad = posRad[index] ?? 0;
    const lowerRad = Math.min(axis.lowerRad, fromRad);
    const upperRad = Math.max(axis.upperRad, fromRad);
    posRad[index] = Math.min(Math.max(pos, lowerRad), upperRad);
    velRadPerS[index] = Math.min(Math.max(vel, -max), max);
  }
}

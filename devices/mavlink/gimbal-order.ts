import type { DeviceDescription } from "../../bridge/contract/device.ts";
import { GimbalFlag } from "../drivers/mavlink/codec/constants.ts";
import {
  frdPitch,
  frdYaw,
  readFrdQuaternion,
  readFrdRates,
} from "../drivers/mavlink/gimbal-frames.ts";
import { gimbalJoints } from "../drivers/mavlink/gimbal-joints.ts";
import type { ValuesByAxis } from "../../bridge/contract/control-seat.ts";

/** What a ground station wants of the gimbal, in our axes. */
export type GimbalOrder =
  | { readonly kind: "stow" }
  | { readonly kind: "position"; readonly posRad: ValuesByAxis; readonly velocityRatio: number }
  | { readonly kind: "velocity"; readonly velRadPerS: ValuesByAxis }
  | { readonly kind: "nothing" }
  | { readonly kind: "unsupported"; readonly reason: string };

/** Angles up and right in rad, rates in rad/s; NaN is not told. */
export interface PitchYaw {
  readonly flags: number;
  readonly pitch: number;
  readonly yaw: number;
  readonly pitchRate: number;
  readonly yawRate: number;
}

/** SET_PITCHYAW and DO_GIMBAL_MANAGER_PITCHYAW. An angle with a rate goes there at that rate. */
export function pitchYawOrder(told: PitchYaw, device: DeviceDescription): GimbalOrder {
  const special = specialOrder(told.flags, device);
  if (special !== undefined) return special;
  const angles = known({ pitch: frdPitch(told.pitch), yaw: frdYaw(told.yaw) }, device);
  const rates = known({ pitch: frdPitch(told.pitchRate), yaw: frdYaw(told.yawRate) }, device);
  return order(angles, rates, told.flags, device);
}

/** SET_MANUAL_CONTROL: everything from -1 to 1, of the range and of the speed limit. */
export function manualOrder(told: PitchYaw, device: DeviceDescription): GimbalOrder {
  const axisOf = (name: string) => device.axes.find((axis) => axis.name === name);
  const [pitch, yaw] = [axisOf("pitch"), axisOf("yaw")];
  const angle = (value: number, axis: typeof pitch, sign: (value: number) => number): number => {
    if (axis === undefined) return Number.NaN;
    const ours = sign(clamp(value));
    return sign(ours * (ours < 0 ? -axis.lowerRad : axis.upperRad));
  };
  return pitchYawOrder(
    {
      flags: told.flags,
      pitch: angle(told.pitch, pitch, frdPitch),
      yaw: angle(told.yaw, yaw, frdYaw),
      pitchRate: clamp(told.pitchRate) * (pitch?.maxVelocityRadPerS ?? Number.NaN),
      yawRate: clamp(told.yawRate) * (yaw?.maxVelocityRadPerS ?? Number.NaN),
    },
    device,
  );
}

/** SET_ATTITUDE: a quaternion w x y z, or angular velocities, or both. */
export function attitudeOrder(
  told: { readonly flags: number; readonly q: Float64Array; readonly rates: Float64Array },
  device: DeviceDescription,
): GimbalOrder {
  const special = specialOrder(told.flags, device);
  if (special !== undefined) return special;
  const { order: joints } = gimbalJoints(device, "ignored");
  const angles = { yawRad: 0, rollRad: 0, pitchRad: 0 };
  const rates = { yawRad: 0, rollRad: 0, pitchRad: 0 };
  const hasAngles = readFrdQuaternion(told.q, joints, angles);
  if (!hasAngles && !Number.isNaN(told.q[0] ?? Number.NaN))
    return { kind: "unsupported", reason: "q is no rotation, expected length 1 or NaN" };
  const [x = 0, y = 0, z = 0] = told.rates;
  const zero = (value: number): number => (Number.isNaN(value) ? 0 : value);
  const hasRates = told.rates.some((rate) => Number.isFinite(rate));
  if (hasRates) readFrdRates(zero(x), zero(y), zero(z), angles, joints, rates);
  return order(
    hasAngles
      ? known({ yaw: angles.yawRad, roll: angles.rollRad, pitch: angles.pitchRad }, device)
      : {},
    // With an attitude the rates are how it goes on, which is found from the limits here.
    hasRates && !hasAngles
      ? known({ yaw: rates.yawRad, roll: rates.rollRad, pitch: rates.pitchRad }, device)
      : {},
    told.flags,
    device,
  );
}

/** RETRACT goes before everything else, then NEUTRAL (common.xml, GIMBAL_MANAGER_FLAGS). */
function specialOrder(flags: number, device: DeviceDescription): GimbalOrder | undefined {
  if ((flags & GimbalFlag.retract) !== 0) return { kind: "stow" };
  if ((flags & GimbalFlag.neutral) === 0) return undefined;
  const home = device.axes.map(({ name }, index) => [name, device.homeRad[index] ?? 0] as const);
  const posRad = known(Object.fromEntries(home), device);
  return { kind: "position", posRad, velocityRatio: 1 };
}

function order(
  posRad: ValuesByAxis,
  rates: ValuesByAxis,
  flags: number,
  device: DeviceDescription,
): GimbalOrder {
  const isEarth =
    (flags & GimbalFlag.yawInEarthFrame) !== 0 ||
    ((flags & GimbalFlag.yawLock) !== 0 && (flags & GimbalFlag.yawInVehicleFrame) === 0);
  if (isEarth && "yaw" in posRad)
    return { kind: "unsupported", reason: "yaw against north, expected against the vehicle" };
  const moving = Object.keys(rates).filter((name) => rates[name] !== 0);
  if (Object.keys(posRad).length === 0) {
    return Object.keys(rates).length === 0
      ? { kind: "nothing" }
      : { kind: "velocity", velRadPerS: rates };
  }
  const alone = moving.filter((name) => !(name in posRad));
  if (alone.length > 0)
    return { kind: "unsupported", reason: `an angle beside a rate of ${alone.join(", ")} alone` };
  const ratios = moving.map((name) => {
    const max = device.axes.find((axis) => axis.name === name)?.maxVelocityRadPerS ?? 1;
    return Math.abs(rates[name] ?? 0) / max;
  });
  const velocityRatio = ratios.length === 0 ? 1 : Math.min(1, Math.max(0.01, ...ratios));
  return { kind: "position", posRad, velocityRatio };
}

/** Of a gimbal's joints those the device has and the sender told of. */
function known(values: ValuesByAxis, device: DeviceDescription): ValuesByAxis {
  const entries = Object.entries(values).filter(
    ([name, value]) =>
      ["yaw", "roll", "pitch"].includes(name) &&
      Number.isFinite(value) &&
      device.axes.some((axis) => axis.name === name),
  );
  return Object.fromEntries(entries);
}

/** NaN stays NaN. */
const clamp = (value: number): number => Math.min(1, Math.max(-1, value));

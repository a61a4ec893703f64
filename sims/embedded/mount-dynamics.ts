import type { DeviceDescription } from "../../bridge/contract/device.ts";
import type { Vector3 } from "../../bridge/core/kinematics.ts";
import { deviceBody } from "../description/device-body.ts";
import { logUniform, seededRandom, uniform } from "../../bridge/core/seeded-random.ts";

/** One joint and its servo: torque = clamp(gain * (target - pos) - servoDamping * vel, +-maxEffortNm). */
export interface AxisDynamics {
  readonly gainNmPerRad: number;
  readonly servoDampingNmSPerRad: number;
  /** Viscous friction of the joint itself, outside the torque limit. */
  readonly jointDampingNmSPerRad: number;
  /** Dry (Coulomb) friction. */
  readonly frictionNm: number;
  /** Inertia of motor and gears, seen at the joint. */
  readonly armatureKgM2: number;
  /** Play of the gears: the servo pushes only when the joint is more than half of it off. */
  readonly backlashRad: number;
}

/** What a device description does not say: how the mount behaves today, with this phone in it. */
export interface MountDynamics {
  readonly payloadMassKg: number;
  /** Centre of mass of the payload off the middle of the phone, m, in the last frame of the chain. */
  readonly payloadOffsetM: Vector3;
  /** From `setTargets` to the servos, whole simulation steps. */
  readonly commandLatencyMs: number;
  /** Order of `device.axes`. */
  readonly axes: readonly AxisDynamics[];
}

/**
 * A plausible small mount; the phone of the phone mount has 0.2 kg. Everything scales with the rated torque, as stronger
 * servos are stiffer and heavier: for the 0.25 Nm axes gain 2.5 Nm/rad, armature 0.003 kg m^2 (geared
 * hobby servos have 0.002 to 0.01), friction 3 % of the torque. A ramp is followed
 * (servoDamping + jointDamping) / gain = 45 ms late, plus the command latency.
 */
export function defaultDynamics(device: DeviceDescription): MountDynamics {
  return {
    payloadMassKg: deviceBody(device).payload.massKg,
    payloadOffsetM: [0, 0, 0],
    commandLatencyMs: 30,
    axes: device.axes.map(({ maxEffortNm }) => ({
      gainNmPerRad: 10 * maxEffortNm,
      servoDampingNmSPerRad: 0.35 * maxEffortNm,
      jointDampingNmSPerRad: 0.1 * maxEffortNm,
      frictionNm: 0.03 * maxEffortNm,
      armatureKgM2: 0.012 * maxEffortNm,
      backlashRad: 0,
    })),
  };
}

type Range = readonly [low: number, high: number];

/** Where `randomDynamics` draws from. Ratios multiply the defaults, each axis on its own. */
export interface DynamicsRanges {
  readonly payloadMassKg: Range;
  /** Of each coordinate of the payload's offset. */
  readonly payloadOffsetM: Range;
  readonly commandLatencyMs: Range;
  readonly gainRatio: Range;
  readonly servoDampingRatio: Range;
  readonly jointDampingRatio: Range;
  readonly frictionRatio: Range;
  readonly armatureRatio: Range;
  /** Default 0, none. */
  readonly backlashRad?: Range;
}

export const defaultRanges: DynamicsRanges = {
  payloadMassKg: [0.05, 0.6],
  payloadOffsetM: [-0.01, 0.01],
  commandLatencyMs: [10, 60],
  gainRatio: [0.7, 1.4],
  servoDampingRatio: [0.7, 1.5],
  jointDampingRatio: [0.5, 2],
  frictionRatio: [0.3, 2.5],
  armatureRatio: [0.7, 1.4],
};

/** One mount out of the many a model should cope with; follows from `seed`. */
export function randomDynamics(
  device: DeviceDescription,
  seed: number,
  ranges: DynamicsRanges = defaultRanges,
): MountDynamics {
  const random = seededRandom(seed ^ 0x5eed_d14a);
  const ratio = (range: Range): number => logUniform(random, ...range);
  // A stream of its own: whether there is play changes nothing else that is drawn.
  const randomPlay = seededRandom(seed ^ 0x0ba_c1a5);
  const offsetM = (): number => uniform(random, ...ranges.payloadOffsetM);
  return {
    payloadMassKg: logUniform(random, ...ranges.payloadMassKg),
    payloadOffsetM: [offsetM(), offsetM(), offsetM()],
    commandLatencyMs: uniform(random, ...ranges.commandLatencyMs),
    axes: defaultDynamics(device).axes.map((axis) => ({
      gainNmPerRad: axis.gainNmPerRad * ratio(ranges.gainRatio),
      servoDampingNmSPerRad: axis.servoDampingNmSPerRad * ratio(ranges.servoDampingRatio),
      jointDampingNmSPerRad: axis.jointDampingNmSPerRad * ratio(ranges.jointDampingRatio),
      frictionNm: axis.frictionNm * ratio(ranges.frictionRatio),
      armatureKgM2: axis.armatureKgM2 * ratio(ranges.armatureRatio),
      backlashRad: uniform(randomPlay, ...(ranges.backlashRad ?? [0, 0])),
    })),
  };
}

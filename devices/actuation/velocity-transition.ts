/** What one axis may do. All positive but the range; symmetric in direction. */
export interface MotionLimits {
  readonly lowerRad: number;
  readonly upperRad: number;
  readonly maxVelocityRadPerS: number;
  readonly maxAccelerationRadPerS2: number;
  readonly maxJerkRadPerS3: number;
}

/** A transition is three phases of constant jerk: build acceleration up, keep it, take it away. */
export const transitionPhaseCount = 3;
/** A phase is two numbers: duration in s, jerk in rad/s^3. */
export const phaseWidth = 2;

/**
 * The time-optimal way from velocity `fromVel` with acceleration `fromAcc` to velocity `toVel` with
 * none, under limits of acceleration and jerk, written as three phases at `out[offset ...]`.
 *
 * With s = +-1 the direction, a1 the peak and u = s * fromAcc: the velocity gained is
 * (a1^2 - u^2) / 2j while building up and a1^2 / 2j while taking away, so a1^2 = j * dv + u^2 / 2.
 * A peak above the limit becomes a plateau. // hot path
 */
export function velocityTransition(
  fromVel: number,
  fromAcc: number,
  toVel: number,
  limits: MotionLimits,
  out: Float64Array,
  offset: number,
): void {
  asked[0] = fromVel;
  asked[1] = fromAcc;
  asked[2] = toVel;
  planTransition(limits, out, offset);
}

/** Velocity and acceleration to begin with, velocity to end with: what the next transition is planned for. */
const asked = new Float64Array(3);

function planTransition(limits: MotionLimits, out: Float64Array, offset: number): void {
  const fromVel = asked[0] ?? 0;
  const fromAcc = asked[1] ?? 0;
  const toVel = asked[2] ?? 0;
  const maxAcc = limits.maxAccelerationRadPerS2;
  const jerk = limits.maxJerkRadPerS3;
  // Velocity at which the present acceleration runs out if taken away at once.
  const releasedVel = fromVel + (fromAcc * Math.abs(fromAcc)) / (2 * jerk);
  const sign = toVel >= releasedVel ? 1 : -1;
  const gain = sign * (toVel - fromVel);
  const start = sign * fromAcc;
  let peak = Math.sqrt(Math.max(0, jerk * gain + (start * start) / 2));
  let plateauS = 0;
  if (peak > maxAcc) {
    peak = maxAcc;
    const buildS = Math.abs(peak - start) / jerk;
    const takeAwayGain = (peak * peak) / (2 * jerk);
    plateauS = Math.max(0, (gain - ((start + peak) / 2) * buildS - takeAwayGain) / peak);
  }
  // A start beyond the acceleration limit is brought down to it, so the first phase may go either way.
  out[offset] = Math.abs(peak - start) / jerk;
  out[offset + 1] = peak >= start ? sign * jerk : -sign * jerk;
  out[offset + 2] = plateauS;
  out[offset + 3] = 0;
  out[offset + 4] = peak / jerk;
  out[offset + 5] = -sign * jerk;
}

const stopPhases = new Float64Array(transitionPhaseCount * phaseWidth);

/** How far the axis still travels, signed rad, if it brakes to rest as fast as its limits allow. // hot path */
export function stopTravelRad(vel: number, acc: number, limits: MotionLimits): number {
  velocityTransition(vel, acc, 0, limits, stopPhases, 0);
  let pos = 0;
  let v = vel;
  let a = acc;
  for (let at = 0; at < stopPhases.length; at += phaseWidth) {
    const t = stopPhases[at] ?? 0;
    const j = stopPhases[at + 1] ?? 0;
    pos += t * (v + t * (a / 2 + (t * j) / 6));
    v += t * (a + (t * j) / 2);
    a += t * j;
  }
  return pos;
}

/** What `brakeFrom` writes: three phases, where the axis comes to rest, and how far it gets either way. */
export const Brake = { phases: 0, restRad: 6, highestRad: 7, lowestRad: 8, width: 9 } as const;

/**
 * Braking to rest from `from` = [position, velocity, acceleration] into `out`, laid out as `Brake` says. An
 * axis that brakes too hard to end without turning back gets further than where it rests. Arrays, because
 * numbers handed to a call may be boxed, and a tick that follows asks for this. // hot path
 */
export function brakeFrom(from: Float64Array, limits: MotionLimits, out: Float64Array): void {
  const pos = from[0] ?? 0;
  const vel = from[1] ?? 0;
  const acc = from[2] ?? 0;
  const jerk = limits.maxJerkRadPerS3;
  asked[0] = vel;
  asked[1] = acc;
  asked[2] = 0;
  planTransition(limits, out, Brake.phases);
  let restRad = pos;
  let v = vel;
  let a = acc;
  for (let at: number = Brake.phases; at < Brake.restRad; at += phaseWidth) {
    const t = out[at] ?? 0;
    const j = out[at + 1] ?? 0;
    restRad += t * (v + t * (a / 2 + (t * j) / 6));
    v += t * (a + (t * j) / 2);
    a += t * j;
  }
  // Acceleration is taken away at once; the turn is where velocity is 0 before acceleration is.
  const towards = vel > 0 ? 1 : -1;
  const discriminant = acc * acc - 2 * jerk * Math.abs(vel);
  let turnRad = restRad;
  if (acc * towards < 0 && discriminant > 0) {
    const t = (Math.abs(acc) - Math.sqrt(discriminant)) / jerk;
    turnRad = pos + t * (vel + t * (acc / 2 + (t * jerk * towards) / 6));
  }
  out[Brake.restRad] = restRad;
  out[Brake.highestRad] = Math.max(pos, restRad, turnRad);
  out[Brake.lowestRad] = Math.min(pos, restRad, turnRad);
}

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

/**
 * How far ahead the axis gets while it brakes to rest: its travel, or more where it brakes too hard to end
 * without turning back, or nothing where it goes the other way. // hot path
 */
export function stopReachRad(vel: number, acc: number, limits: MotionLimits): number {
  const travel = Math.max(0, stopTravelRad(vel, acc, limits));
  const jerk = limits.maxJerkRadPerS3;
  const discriminant = acc * acc - 2 * jerk * vel;
  if (vel <= 0 || acc >= 0 || discriminant <= 0) return travel;
  // Acceleration ramps up from `acc`; the advance ends where velocity is 0: vel + acc t + jerk t^2 / 2.
  const turnS = (-acc - Math.sqrt(discriminant)) / jerk;
  return Math.max(travel, turnS * (vel + turnS * (acc / 2 + (turnS * jerk) / 6)));
}

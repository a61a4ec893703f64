/**
 * How an axis follows its setpoint: late by a delay, and as a first-order lag from then on, to rest a little
 * beside it.
 */
export interface FollowLaw {
  /** From a setpoint to the beginning of its effect, in steps. */
  readonly delaySteps: number;
  /** What is left after a step of a distance to a setpoint that stands: 0 nothing. Less than 1. */
  readonly keepRatio: number;
  /** Where it rests beside a setpoint that stands, rad: what a load or a play makes of it. */
  readonly restsOffRad: number;
}

/**
 * Where the axis will be: `out[0]` is where it is, `out[k]` where it is k steps later.
 *
 * @param setpointRad setpoint so many steps after the start; before it: negative. // hot path
 */
export function follow(
  law: FollowLaw,
  posRad: number,
  setpointRad: (steps: number) => number,
  out: Float64Array,
  steps: number,
): void {
  const { delaySteps, keepRatio, restsOffRad } = law;
  const within = withinStep(keepRatio);
  out[0] = posRad;
  let rad = posRad;
  for (let step = 1; step <= steps; step += 1) {
    const towards = setpointRad(step - 1 + within - delaySteps) + restsOffRad;
    rad = keepRatio * rad + (1 - keepRatio) * towards;
    out[step] = rad;
  }
}

/**
 * The moment of a step whose setpoint stands for all of it: exact for a setpoint that goes straight. From
 * the lag's answer to a ramp, T = -1 / ln(keep) steps.
 */
function withinStep(keepRatio: number): number {
  return keepRatio === 0 ? 1 : 1 / (1 - keepRatio) + 1 / Math.log(keepRatio);
}

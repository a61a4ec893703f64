import { At, brakeAt, cruiseAt } from "./axis-plan.ts";
import {
  phaseWidth,
  stopTravelRad,
  velocityTransition,
  type MotionLimits,
} from "./velocity-transition.ts";

/** Two positions closer than this are one: far below what any encoder resolves. */
export const samePosRad = 1e-12;
/** Rounding may put the end of a stop this far beyond a limit; it is put back on the limit. */
const limitRoundingRad = 1e-9;

/**
 * Plans the braking from a state, into the last three phases of `state`. Without a target (NaN) the axis
 * ends where it ends.
 */
export function planStop(
  state: Float64Array,
  limits: MotionLimits,
  pos: number,
  vel: number,
  acc: number,
  target: number,
): void {
  const { lowerRad, upperRad } = limits;
  velocityTransition(vel, acc, 0, limits, state, brakeAt);
  let end = target;
  if (Number.isNaN(end)) {
    end = pos + stopTravelRad(vel, acc, limits);
    if (end > upperRad && end < upperRad + limitRoundingRad) end = upperRad;
    if (end < lowerRad && end > lowerRad - limitRoundingRad) end = lowerRad;
  }
  state[At.endPos] = end;
}

/**
 * Plans the way to a target from the state in `state`: heads for the cruise velocity as fast as the limits
 * allow, and brakes as late as still stops on the target. Velocities are those in a frame that moves with
 * `frameVel`, the end of the plan included.
 */
export function planArrival(
  state: Float64Array,
  limits: MotionLimits,
  target: number,
  cruise: number,
  frameVel: number,
): void {
  const sign = Math.sign(cruise);
  let pos = state[At.pos] ?? 0;
  let vel = (state[At.vel] ?? 0) - frameVel;
  let acc = state[At.acc] ?? 0;
  let restPos = pos;
  velocityTransition(vel, acc, cruise, limits, state, At.plan);
  for (let at = At.plan; at < cruiseAt; at += phaseWidth) {
    const wholeS = state[at] ?? 0;
    const jerk = state[at + 1] ?? 0;
    let t = wholeS;
    restPos = restPosAfter(t, jerk, pos, vel, acc, limits);
    const tooFar = sign * (restPos - target) > 0;
    if (tooFar) t = switchTimeS(wholeS, jerk, pos, vel, acc, target, sign, limits);
    state[at] = t;
    pos += t * (vel + t * (acc / 2 + (t * jerk) / 6));
    vel += t * (acc + (t * jerk) / 2);
    acc += t * jerk;
    if (tooFar) {
      state.fill(0, at + phaseWidth, brakeAt);
      planStop(state, limits, pos, vel, acc, target);
      return;
    }
  }
  state[cruiseAt] = Math.max(0, (target - restPos) / cruise);
  planStop(state, limits, pos, vel, acc, target);
}

/** Rest position if `jerk` acts for `t` from this state and braking follows. */
function restPosAfter(
  t: number,
  jerk: number,
  pos: number,
  vel: number,
  acc: number,
  limits: MotionLimits,
): number {
  const travelled = t * (vel + t * (acc / 2 + (t * jerk) / 6));
  const velThen = vel + t * (acc + (t * jerk) / 2);
  return pos + travelled + stopTravelRad(velThen, acc + t * jerk, limits);
}

/**
 * The latest moment of a phase at which braking still stops on the target, by bisection: the place of rest
 * moves one way with it.
 */
function switchTimeS(
  phaseS: number,
  jerk: number,
  pos: number,
  vel: number,
  acc: number,
  target: number,
  sign: number,
  limits: MotionLimits,
): number {
  let low = 0;
  let high = phaseS;
  for (let middle = high / 2; middle > low && middle < high; middle = (low + high) / 2) {
    const overRad = sign * (restPosAfter(middle, jerk, pos, vel, acc, limits) - target);
    if (overRad > 0) high = middle;
    else low = middle;
    if (overRad <= 0 && overRad > -samePosRad / 10) break;
  }
  return low;
}

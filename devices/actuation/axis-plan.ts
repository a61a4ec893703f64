import { phaseWidth, transitionPhaseCount } from "./velocity-transition.ts";

/** Where things lie in the state of an axis: one array, so that a copy is one call. */
export const At = {
  pos: 0,
  vel: 1,
  acc: 2,
  endPos: 3,
  /** Velocity that the plan ends with: that of the frame it was made in. */
  endVel: 4,
  /** 1: on the last bit of the way to a reference that stands, which is not planned anew. */
  settling: 5,
  phase: 6,
  phaseElapsed: 7,
  /** Phases from here on: to cruise, cruise, to rest. */
  plan: 8,
} as const;
const planPhaseCount = transitionPhaseCount + 1 + transitionPhaseCount;
const planWidth = planPhaseCount * phaseWidth;
/** Where the cruise and the braking lie in the state. */
export const cruiseAt = At.plan + transitionPhaseCount * phaseWidth;
export const brakeAt = cruiseAt + phaseWidth;

/**
 * What one axis does, and will do: position, velocity, acceleration, and seven phases of constant jerk
 * that lead to `endPos`. Runs a plan, makes none.
 */
export class AxisPlan {
  protected readonly state = new Float64Array(At.plan + planWidth);
  protected readonly periodS: number;

  constructor(periodMs: number) {
    this.periodS = periodMs / 1000;
    this.state[At.phase] = planPhaseCount;
  }

  get posRad(): number {
    return this.state[At.pos] ?? 0;
  }
  get velRadPerS(): number {
    return this.state[At.vel] ?? 0;
  }
  get accRadPerS2(): number {
    return this.state[At.acc] ?? 0;
  }
  /** False: at rest and staying there. */
  get moving(): boolean {
    return (this.state[At.phase] ?? 0) < planPhaseCount || this.state[At.endVel] !== 0;
  }
  /** How long the present plan still takes. */
  get durationS(): number {
    const from = this.state[At.phase] ?? 0;
    let sum = -(this.state[At.phaseElapsed] ?? 0);
    for (let phase = from; phase < planPhaseCount; phase += 1) {
      sum += this.state[At.plan + phase * phaseWidth] ?? 0;
    }
    return sum;
  }

  /** Advances one period. One function over one array: a number handed to a call may be boxed. // hot path */
  step(): void {
    const { state } = this;
    let left = this.periodS;
    let phase = state[At.phase] ?? 0;
    while (phase < planPhaseCount) {
      const at = At.plan + phase * phaseWidth;
      const elapsed = state[At.phaseElapsed] ?? 0;
      const phaseLeft = (state[at] ?? 0) - elapsed;
      const t = Math.min(left, phaseLeft);
      if (t > 0) {
        const jerk = state[at + 1] ?? 0;
        const vel = state[At.vel] ?? 0;
        const acc = state[At.acc] ?? 0;
        state[At.pos] = (state[At.pos] ?? 0) + t * (vel + t * (acc / 2 + (t * jerk) / 6));
        state[At.vel] = vel + t * (acc + (t * jerk) / 2);
        state[At.acc] = acc + t * jerk;
      }
      left -= t;
      if (phaseLeft > t) {
        state[At.phaseElapsed] = elapsed + t;
        return;
      }
      phase += 1;
      state[At.phase] = phase;
      state[At.phaseElapsed] = 0;
      if (phase === planPhaseCount) this.#comeToEnd();
    }
    if (left > 0) state[At.pos] = (state[At.pos] ?? 0) + left * (state[At.endVel] ?? 0);
  }

  /** At rest at a position, with nothing planned. */
  protected rest(posRad: number): void {
    this.state.fill(0);
    this.state[At.pos] = posRad;
    this.state[At.endPos] = posRad;
    this.state[At.phase] = planPhaseCount;
  }

  /** Makes room for a new plan from the present state. */
  protected clearPlan(): void {
    this.state.fill(0, At.endVel);
  }

  /** Writes position, velocity and acceleration after one period of a plan that has just been made. */
  protected look(out: Float64Array): void {
    const { state } = this;
    let left = this.periodS;
    let [pos, vel, acc] = [this.posRad, this.velRadPerS, this.accRadPerS2];
    for (let at = At.plan; at < At.plan + planWidth && left > 0; at += phaseWidth) {
      const t = Math.min(left, state[at] ?? 0);
      const jerk = state[at + 1] ?? 0;
      pos += t * (vel + t * (acc / 2 + (t * jerk) / 6));
      vel += t * (acc + (t * jerk) / 2);
      acc += t * jerk;
      left -= t;
    }
    out[0] = pos + left * vel;
    out[1] = vel;
    out[2] = acc;
  }

  /** The plan ended: what rounding left (below 1e-11 rad) goes away, so a target is met exactly. */
  #comeToEnd(): void {
    const { state } = this;
    if (state[At.endVel] === 0) state[At.pos] = state[At.endPos] ?? 0;
    state[At.vel] = state[At.endVel] ?? 0;
    state[At.acc] = 0;
  }
}

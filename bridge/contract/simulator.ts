import type { Telemetry } from "./actuator-driver.ts";

/**
 * A physics world with the device in it, stepped by its caller. Not paced: the world stands still
 * between two calls, however long the caller thinks.
 *
 * A world in this process answers at once; one behind a socket answers with a promise. Who is written
 * for any simulator awaits `reset` and `step` before the next call; state and time are those of the
 * last completed one.
 */
export interface Simulator extends Disposable {
  readonly axisNames: readonly string[];
  readonly stepS: number;
  /** Simulated seconds since the last reset. */
  readonly timeS: number;
  /** Back to the start with every random choice drawn from `seed`. */
  reset(seed: number): void | Promise<void>;
  /** Position targets of the joint servos, rad, axis order. Kept until changed. */
  setTargets(posRad: Float64Array): void;
  /**
   * One call, `count` steps.
   *
   * @throws BridgeError `sim/fault` when the state is not finite, time went back, a target is not
   *   finite, or the world does not answer.
   */
  step(count: number): void | Promise<void>;
  /** Joint state now; `stampMs` is simulated time in ms. */
  readState(out: Telemetry): void;
}

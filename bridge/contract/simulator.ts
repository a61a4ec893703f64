import type { Telemetry } from "./actuator-driver.ts";

/** A physics world with the device in it, stepped by its caller. Not paced: one call, `count` steps. */
export interface Simulator extends Disposable {
  readonly axisNames: readonly string[];
  readonly stepS: number;
  /** Simulated seconds since the last reset. */
  readonly timeS: number;
  /** Back to the start with every random choice drawn from `seed`. */
  reset(seed: number): void;
  /** Position targets of the joint servos, rad, axis order. Kept until changed. */
  setTargets(posRad: Float64Array): void;
  /** @throws BridgeError `sim/fault` when the state is not finite or time went back. */
  step(count: number): void;
  /** Joint state now; `stampMs` is simulated time in ms. */
  readState(out: Telemetry): void;
}

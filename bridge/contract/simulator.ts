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

/** A point of a scripted path. */
export interface TargetKeyframe {
  readonly timeS: number;
  /** World (= base) frame. */
  readonly positionM: readonly [number, number, number];
}

/**
 * Where one target of the scene is, instead of the path its seed would give it: smooth from keyframe
 * to keyframe, still before the first; after the last still, or from the start again with `repeats`.
 */
export interface TargetScript {
  /** Name of a scripted body of the scene. */
  readonly target: string;
  /** At least one, times rising. */
  readonly keyframes: readonly TargetKeyframe[];
  readonly repeats?: boolean;
}

/** What a scenario does to a simulated world while it runs. Every call acts from the next step on. */
export interface SceneControl {
  /** Bodies `push` takes: loose things and moving links. */
  readonly pushableBodies: readonly string[];
  /** Bodies a `TargetScript` can name. */
  readonly targetBodies: readonly string[];
  /**
   * A force through a body's centre of mass for a while; forces of several pushes add up.
   *
   * @param forceN world frame.
   * @throws BridgeError `sim/model` for a body that cannot be pushed, a force or time that is no
   *   number, or more pushes at once than the simulator holds.
   */
  push(body: string, forceN: readonly [number, number, number], durationS: number): void;
  /** Another payload in mid-motion. @throws BridgeError `sim/model` if it is out of range. */
  setPayloadKg(massKg: number): void;
  /**
   * Replaces all scripts; targets without one follow the paths of the seed. Kept over a reset.
   *
   * @throws BridgeError `sim/model` if a target is not there or keyframes do not rise.
   */
  setTargetScripts(scripts: readonly TargetScript[]): void;
}

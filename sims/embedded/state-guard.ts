import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import { stepS } from "../description/robot-mjcf.ts";
import type { CompiledModel } from "./mujoco.ts";

/** No small mount turns this fast: beyond it the state is numerical nonsense on its way to infinity. */
const maxSpeedRadPerS = 1e3;

/** Notices when a world has left physics. Both checks throw BridgeError `sim/fault`. */
export class StateGuard {
  readonly #model: CompiledModel;

  constructor(model: CompiledModel) {
    this.#model = model;
  }

  /** After each step. // hot path */
  checkSpeed(stepCount: number): void {
    const { qpos, qvel } = this.#model.arraysBorrowed();
    let speed = 0;
    for (let dof = 0; dof < qvel.length; dof += 1) {
      // Position times 0 is 0, or NaN when it is not finite.
      speed += Math.abs(qvel[dof] ?? 0) + (qpos[dof] ?? 0) * 0;
    }
    if (!(speed < maxSpeedRadPerS)) this.#fault(`joint speeds sum to ${speed} rad/s`, stepCount);
  }

  /**
   * After one or many steps: MuJoCo starts anew at time 0 when it finds nonsense by itself. Its time is
   * then set to that of the steps. // hot path
   */
  keepTime(stepCount: number): void {
    const timeS = stepCount * stepS;
    const aheadSteps = this.#model.timeS / stepS - stepCount;
    if (Math.abs(aheadSteps) > 0.5) {
      this.#fault(`MuJoCo's time is ${this.#model.timeS} s, expected ${timeS} s`, stepCount);
    }
    // MuJoCo adds 1 ms a step; the rounding of a day's sum would be a millisecond itself.
    this.#model.timeS = timeS;
  }

  #fault(found: string, stepCount: number): never {
    throw new BridgeError(
      ErrorCode.SimFault,
      `${found} after ${stepCount} steps, expected a finite state and rising time; reset to go on`,
      { details: { stepCount, timeS: this.#model.timeS } },
    );
  }
}

import { BridgeError, type ErrorCode } from "../../bridge/contract/errors.ts";
import { stepS } from "../description/robot-mjcf.ts";
import { maxCommandLatencyMs } from "./apply-dynamics.ts";
import { CommandDelay } from "./command-delay.ts";
import type { MountDynamics } from "./mount-dynamics.ts";
import type { CompiledModel } from "./mujoco.ts";

/** The joints with their position servos: setpoints reach them late, and the gears have play. */
export class JointServos {
  /** Axis index to joint index: axes have the order of the description, joints that of the chain. */
  readonly joints: readonly number[];
  readonly #axisNames: readonly string[];
  readonly #model: CompiledModel;
  readonly #delay: CommandDelay;
  readonly #targets: Float64Array;
  #dynamics: MountDynamics;

  constructor(model: CompiledModel, axisNames: readonly string[], dynamics: MountDynamics) {
    const width = axisNames.length;
    this.#model = model;
    this.#axisNames = axisNames;
    this.joints = axisNames.map((name) => model.indexOf("joint", name));
    this.#delay = new CommandDelay({ width, maxLatencySteps: maxCommandLatencyMs });
    this.#targets = new Float64Array(width);
    this.#dynamics = dynamics;
  }

  /** Targets and setpoints under way, borrowed: copy them out and in to save and restore. */
  get targets(): Float64Array {
    return this.#targets;
  }

  get delayedRows(): Float64Array {
    return this.#delay.rows;
  }

  /** Latency and play; setpoints under way keep their order. */
  setDynamics(dynamics: MountDynamics): void {
    this.#dynamics = dynamics;
    this.#delay.latencySteps = Math.round(dynamics.commandLatencyMs / 1e3 / stepS);
  }

  /** At rest in a pose that was commanded since long ago, shape [axisCount]. */
  reset(posRad: readonly number[]): void {
    const { qpos } = this.#model.arraysBorrowed();
    posRad.forEach((value, axis) => {
      qpos[this.#joint(axis)] = value;
      this.#targets[axis] = value;
    });
    this.#delay.fill(this.#targets);
  }

  /** Copied, shape [axisCount]. // hot path */
  setTargets(posRad: Float64Array): void {
    this.#targets.set(posRad);
  }

  /** What the servos are told in step `stepCount`. // hot path */
  actuate(stepCount: number): void {
    const { ctrl, qpos } = this.#model.arraysBorrowed();
    this.#delay.exchange(stepCount, this.#targets, ctrl);
    this.#loosenGears(ctrl, qpos);
  }

  /** Positions and velocities, shape [axisCount] each. Copied. */
  setState(posRad: ArrayLike<number>, velRadPerS: ArrayLike<number>): void {
    const { qpos, qvel } = this.#model.arraysBorrowed();
    for (let axis = 0; axis < this.joints.length; axis += 1) {
      qpos[this.#joint(axis)] = posRad[axis] ?? 0;
      qvel[this.#joint(axis)] = velRadPerS[axis] ?? 0;
    }
  }

  /** `commandAt` fills `out`, shape [axisCount], with the targets that stood `ageMs` before `stepCount`. */
  setHistory(stepCount: number, commandAt: (ageMs: number, out: Float64Array) => void): void {
    for (let ageSteps = 1; ageSteps <= this.#delay.latencySteps; ageSteps += 1) {
      commandAt(ageSteps * stepS * 1e3, this.#delay.rowBefore(stepCount, ageSteps));
    }
    commandAt(0, this.#targets);
  }

  /** @throws BridgeError `code` if there is not one finite number per axis. // hot path */
  check(values: ArrayLike<number>, code: ErrorCode, what: string): void {
    const names = this.#axisNames;
    if (values.length !== names.length) {
      throw new BridgeError(code, `${what}: ${values.length} numbers, expected ${names.length}`);
    }
    for (let axis = 0; axis < values.length; axis += 1) {
      if (Number.isFinite(values[axis])) continue;
      throw new BridgeError(
        code,
        `${what}: ${names[axis] ?? ""} is ${String(values[axis])} rad, expected a finite number`,
      );
    }
  }

  /** A servo feels its error only beyond its play: half of it to each side. // hot path */
  #loosenGears(ctrl: Float64Array, qpos: Float64Array): void {
    const { axes } = this.#dynamics;
    for (let axis = 0; axis < this.joints.length; axis += 1) {
      const play = 0.5 * (axes[axis]?.backlashRad ?? 0);
      if (play === 0) continue;
      const posRad = qpos[this.#joint(axis)] ?? 0;
      const errorRad = (ctrl[axis] ?? 0) - posRad;
      const felt = Math.abs(errorRad) <= play ? 0 : errorRad - Math.sign(errorRad) * play;
      ctrl[axis] = posRad + felt;
    }
  }

  #joint(axis: number): number {
    return this.joints[axis] ?? 0;
  }
}

import type { Telemetry } from "../../bridge/contract/actuator-driver.ts";
import type { DeviceDescription } from "../../bridge/contract/device.ts";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import type { Simulator } from "../../bridge/contract/simulator.ts";
import { applyDynamics, checkDynamics, maxCommandLatencyMs } from "./apply-dynamics.ts";
import { CommandDelay } from "./command-delay.ts";
import { defaultDynamics, type MountDynamics } from "./mount-dynamics.ts";
import { mountMjcf, stepS } from "./mount-mjcf.ts";
import { compileMjcf, type CompiledModel } from "./mujoco.ts";
import { PoseWriter } from "./pose-writer.ts";
import type { SceneGeom } from "./scene.ts";

export interface MountSimulatorOptions {
  readonly device: DeviceDescription;
  /** Default `defaultDynamics(device)`. */
  readonly dynamics?: MountDynamics;
  readonly seed: number;
  /** Default `device.homeRad`. */
  readonly startPosRad?: readonly number[];
}

/** What a reset may change; what is left out stays as it was. */
export interface ResetChanges {
  readonly dynamics?: MountDynamics;
  readonly startPosRad?: readonly number[];
}

/** No small mount turns this fast: beyond it the state is numerical nonsense on its way to infinity. */
const maxSpeedRadPerS = 1e3;

/** @throws BridgeError `sim/model` if dynamics are out of range or MuJoCo refuses the model. */
export async function openMountSimulator(options: MountSimulatorOptions): Promise<MountSimulator> {
  const dynamics = options.dynamics ?? defaultDynamics(options.device);
  checkDynamics(options.device, dynamics);
  const model = await compileMjcf(mountMjcf(options.device, dynamics));
  return new MountSimulator(model, options.device, dynamics, options);
}

/**
 * The phone mount in MuJoCo: joint servos with latency, torque limits and dry friction, and scripted
 * targets around it. Same seed, dynamics and calls give the same state, bit for bit.
 */
export class MountSimulator implements Simulator {
  readonly device: DeviceDescription;
  readonly axisNames: readonly string[];
  readonly stepS = stepS;
  /** Numbers in `save` and `restore`. */
  readonly stateWidth: number;
  readonly #model: CompiledModel;
  readonly #poses: PoseWriter;
  readonly #delay: CommandDelay;
  /** Axis index to joint index: axes have the order of the description, joints that of the chain. */
  readonly #joints: readonly number[];
  readonly #targets: Float64Array;
  #dynamics: MountDynamics;
  #startPosRad: readonly number[];
  #stepCount = 0;

  constructor(
    model: CompiledModel,
    device: DeviceDescription,
    dynamics: MountDynamics,
    start: { readonly seed: number; readonly startPosRad?: readonly number[] },
  ) {
    this.device = device;
    this.axisNames = device.axes.map((axis) => axis.name);
    const width = this.axisNames.length;
    this.#model = model;
    this.#poses = new PoseWriter(model, device);
    this.#delay = new CommandDelay({ width, maxLatencySteps: maxCommandLatencyMs });
    this.#joints = this.axisNames.map((name) => model.indexOf("joint", name));
    this.#targets = new Float64Array(width);
    this.#dynamics = dynamics;
    this.#startPosRad = device.homeRad;
    this.stateWidth = 1 + 5 * width + this.#delay.rows.length;
    this.reset(start.seed, { dynamics, ...start });
  }

  get dynamics(): MountDynamics {
    return this.#dynamics;
  }

  /** Of MuJoCo. */
  get engineVersion(): string {
    return this.#model.version;
  }

  /** Visible geoms in the order of `writePoses`. */
  get geoms(): readonly SceneGeom[] {
    return this.#poses.geoms;
  }

  get poseSnapshotWidth(): number {
    return this.#poses.width;
  }

  get timeS(): number {
    return this.#stepCount * stepS;
  }

  /**
   * Back to rest in the start pose, targets there too, time 0; `seed` draws the paths of the scene's
   * targets. Other dynamics go into the compiled model in place.
   *
   * @throws BridgeError `sim/model` if dynamics or the start pose do not fit the device.
   */
  reset(seed: number, changes: ResetChanges = {}): void {
    const startPosRad = changes.startPosRad ?? this.#startPosRad;
    this.#checkAxes(startPosRad, ErrorCode.SimModel, "start pose");
    if (changes.dynamics !== undefined) {
      checkDynamics(this.device, changes.dynamics);
      this.#dynamics = changes.dynamics;
      applyDynamics(this.#model, this.device, changes.dynamics);
    }
    this.#startPosRad = startPosRad;
    this.#poses.reset(seed);
    this.#model.resetState();
    this.#stepCount = 0;
    const { qpos } = this.#model.arraysBorrowed();
    startPosRad.forEach((posRad, axis) => {
      qpos[this.#joint(axis)] = posRad;
      this.#targets[axis] = posRad;
    });
    this.#delay.latencySteps = Math.round(this.#dynamics.commandLatencyMs / 1e3 / stepS);
    this.#delay.fill(this.#targets);
  }

  /** @throws BridgeError `sim/fault` if a target is not a finite number. // hot path */
  setTargets(posRad: Float64Array): void {
    this.#checkAxes(posRad, ErrorCode.SimFault, "targets");
    this.#targets.set(posRad);
  }

  /** // hot path */
  step(count: number): void {
    const arrays = this.#model.arraysBorrowed();
    for (let i = 0; i < count; i += 1) {
      this.#delay.exchange(this.#stepCount, this.#targets, arrays.ctrl);
      this.#model.step();
      this.#stepCount += 1;
      let speed = 0;
      for (let joint = 0; joint < arrays.qvel.length; joint += 1) {
        // Position times 0 is 0, or NaN when it is not finite.
        speed += Math.abs(arrays.qvel[joint] ?? 0) + (arrays.qpos[joint] ?? 0) * 0;
      }
      if (!(speed < maxSpeedRadPerS)) this.#fault(`joint speeds sum to ${speed} rad/s`);
    }
    const aheadSteps = this.#model.timeS / stepS - this.#stepCount;
    if (Math.abs(aheadSteps) > 0.5) {
      this.#fault(`MuJoCo's time is ${this.#model.timeS} s, expected ${this.timeS} s`);
    }
    // MuJoCo adds 1 ms a step; the rounding of a day's sum would be a millisecond itself.
    this.#model.timeS = this.timeS;
  }

  /** // hot path */
  readState(out: Telemetry): void {
    const { qpos, qvel, actuatorForce } = this.#model.arraysBorrowed();
    out.stampMs = this.timeS * 1e3;
    for (let axis = 0; axis < this.#joints.length; axis += 1) {
      const joint = this.#joint(axis);
      out.posRad[axis] = qpos[joint] ?? 0;
      out.velRadPerS[axis] = qvel[joint] ?? 0;
      out.effortNm[axis] = actuatorForce[axis] ?? 0;
    }
  }

  /** Joint positions, velocities and efforts as one row, shape [3 * axisCount]. // hot path */
  readRow(out: Float64Array): void {
    const { qpos, qvel, actuatorForce } = this.#model.arraysBorrowed();
    const width = this.#joints.length;
    for (let axis = 0; axis < width; axis += 1) {
      const joint = this.#joint(axis);
      out[axis] = qpos[joint] ?? 0;
      out[width + axis] = qvel[joint] ?? 0;
      out[2 * width + axis] = actuatorForce[axis] ?? 0;
    }
  }

  /**
   * The pose snapshot of `scene.ts` as things stand now, shape [poseSnapshotWidth]. // hot path
   *
   * @param stampMs default: simulated ms.
   */
  writePoses(out: Float64Array, stampMs = this.timeS * 1e3): void {
    this.#poses.write(out, stampMs, this.timeS);
  }

  /**
   * Copies the whole state into `out`, shape [stateWidth], to branch from. Dynamics and seed are not
   * part of it.
   *
   * ```
   * steps · qpos · qvel · qacc_warmstart · actuator force · targets · delayed setpoints
   * ```
   */
  save(out: Float64Array): void {
    const arrays = this.#model.arraysBorrowed();
    const width = this.#joints.length;
    out[0] = this.#stepCount;
    out.set(arrays.qpos, 1);
    out.set(arrays.qvel, 1 + width);
    out.set(arrays.qaccWarmstart, 1 + 2 * width);
    out.set(arrays.actuatorForce, 1 + 3 * width);
    out.set(this.#targets, 1 + 4 * width);
    out.set(this.#delay.rows, 1 + 5 * width);
  }

  /** Back to what `save` of this simulator wrote; what follows is the same, bit for bit. */
  restore(from: Float64Array): void {
    const arrays = this.#model.arraysBorrowed();
    const width = this.#joints.length;
    this.#stepCount = from[0] ?? 0;
    this.#model.timeS = this.timeS;
    copyRange(from, 1, arrays.qpos);
    copyRange(from, 1 + width, arrays.qvel);
    copyRange(from, 1 + 2 * width, arrays.qaccWarmstart);
    copyRange(from, 1 + 3 * width, arrays.actuatorForce);
    copyRange(from, 1 + 4 * width, this.#targets);
    copyRange(from, 1 + 5 * width, this.#delay.rows);
  }

  /**
   * Puts the joints where they were observed, keeping time, targets and delayed setpoints.
   *
   * @param posRad shape [axisCount]; @param velRadPerS shape [axisCount]. Copied.
   */
  setJointState(posRad: ArrayLike<number>, velRadPerS: ArrayLike<number>): void {
    const { qpos, qvel } = this.#model.arraysBorrowed();
    for (let axis = 0; axis < this.#joints.length; axis += 1) {
      qpos[this.#joint(axis)] = posRad[axis] ?? 0;
      qvel[this.#joint(axis)] = velRadPerS[axis] ?? 0;
    }
  }

  /**
   * Puts the setpoints under way: what was commanded in the past and has not reached the servos.
   *
   * @param commandAt fills `out`, shape [axisCount], with the targets that stood `ageMs` ago.
   */
  setCommandHistory(commandAt: (ageMs: number, out: Float64Array) => void): void {
    for (let ageSteps = 1; ageSteps <= this.#delay.latencySteps; ageSteps += 1) {
      commandAt(ageSteps * stepS * 1e3, this.#delay.rowBefore(this.#stepCount, ageSteps));
    }
    commandAt(0, this.#targets);
  }

  [Symbol.dispose](): void {
    this.#model[Symbol.dispose]();
  }

  #joint(axis: number): number {
    return this.#joints[axis] ?? 0;
  }

  #checkAxes(values: ArrayLike<number>, code: ErrorCode, what: string): void {
    if (values.length !== this.axisNames.length) {
      throw new BridgeError(
        code,
        `${what}: ${values.length} numbers, expected ${this.axisNames.length}`,
      );
    }
    for (let axis = 0; axis < values.length; axis += 1) {
      if (Number.isFinite(values[axis])) continue;
      throw new BridgeError(
        code,
        `${what}: ${this.axisNames[axis] ?? ""} is ${String(values[axis])} rad, expected a finite number`,
      );
    }
  }

  #fault(found: string): never {
    throw new BridgeError(
      ErrorCode.SimFault,
      `${found} after ${this.#stepCount} steps, expected a finite state and rising time; reset to go on`,
      { details: { stepCount: this.#stepCount, timeS: this.#model.timeS } },
    );
  }
}

function copyRange(from: Float64Array, offset: number, to: Float64Array): void {
  for (let i = 0; i < to.length; i += 1) to[i] = from[offset + i] ?? 0;
}

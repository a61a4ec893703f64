import type { Telemetry } from "../../bridge/contract/actuator-driver.ts";
import type { DeviceDescription } from "../../bridge/contract/device.ts";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import type { SceneControl, Simulator, TargetScript } from "../../bridge/contract/simulator.ts";
import type { CameraIntrinsics } from "../../bridge/core/camera.ts";
import type { Vector3 } from "../../bridge/core/kinematics.ts";
import { deviceBody } from "../description/device-body.ts";
import { stepS } from "../description/robot-mjcf.ts";
import {
  applyContactFriction,
  applyDynamics,
  checkDynamics,
  maxCommandLatencyMs,
} from "./apply-dynamics.ts";
import { CommandDelay } from "./command-delay.ts";
import { ImuReader, type ImuSample } from "./imu-reader.ts";
import { defaultDynamics, type MountDynamics } from "./mount-dynamics.ts";
import { mountMjcf } from "./mount-mjcf.ts";
import { compileMjcf, type CompiledModel } from "./mujoco.ts";
import { PoseWriter } from "./pose-writer.ts";
import { maxPushes, PushList } from "./push-list.ts";
import { pushableStarts } from "./scene-bodies.ts";
import type { SceneGeom } from "./scene.ts";
import { sceneLayout, type SceneLayout, type SceneName } from "./scene-layout.ts";
import { noSensorNoise, normalAt, type SensorNoise } from "./sensor-noise.ts";
import { checkTargetScripts } from "./target-script.ts";
import { trackedBodies, writeTruth, type TrackedBody } from "./target-truth.ts";

export interface MountSimulatorOptions extends ResetChanges {
  readonly device: DeviceDescription;
  readonly seed: number;
  /** Default `targets`, the fastest. */
  readonly scene?: SceneName;
}

/**
 * What a reset may change; what is left out stays as it was. At first: `defaultDynamics(device)`, the
 * device's home, true sensors, friction 0.5.
 */
export interface ResetChanges {
  readonly dynamics?: MountDynamics;
  readonly startPosRad?: readonly number[];
  readonly noise?: SensorNoise;
  /** Sliding friction of the things that can be pushed, 0.05 .. 2. */
  readonly contactFriction?: number;
}

/** No small mount turns this fast: beyond it the state is numerical nonsense on its way to infinity. */
const maxSpeedRadPerS = 1e3;

/** @throws BridgeError `sim/model` if dynamics are out of range or MuJoCo refuses the model. */
export async function openMountSimulator(options: MountSimulatorOptions): Promise<MountSimulator> {
  const dynamics = options.dynamics ?? defaultDynamics(options.device);
  checkDynamics(options.device, dynamics);
  const layout = sceneLayout(options.scene ?? "targets");
  const model = await compileMjcf(mountMjcf(options.device, dynamics, layout));
  return new MountSimulator(model, layout, { ...options, dynamics });
}

/**
 * The phone mount in MuJoCo: joint servos with latency, torque limits and dry friction, and scripted
 * targets around it. Same seed, dynamics and calls give the same state, bit for bit.
 */
export class MountSimulator implements Simulator, SceneControl {
  readonly device: DeviceDescription;
  readonly axisNames: readonly string[];
  readonly stepS = stepS;
  /** Numbers in `save` and `restore`. */
  readonly stateWidth: number;
  readonly #model: CompiledModel;
  readonly #poses: PoseWriter;
  readonly #layout: SceneLayout;
  readonly #delay: CommandDelay;
  readonly #pushes = new PushList();
  readonly #imu: ImuReader;
  /** Axis index to joint index: axes have the order of the description, joints that of the chain. */
  readonly #joints: readonly number[];
  readonly #targets: Float64Array;
  readonly #tracked: readonly TrackedBody[];
  readonly #poseRow: Float64Array;
  #dynamics: MountDynamics;
  #startPosRad: readonly number[];
  #noise: SensorNoise = noSensorNoise;
  #seed = 0;
  #stepCount = 0;

  constructor(
    model: CompiledModel,
    layout: SceneLayout,
    options: MountSimulatorOptions & { readonly dynamics: MountDynamics },
  ) {
    const { device, dynamics } = options;
    this.device = device;
    this.#layout = layout;
    this.axisNames = device.axes.map((axis) => axis.name);
    const width = this.axisNames.length;
    this.#model = model;
    this.#poses = new PoseWriter(model, device, layout);
    this.#tracked = trackedBodies(this.#poses.geoms);
    this.#poseRow = new Float64Array(this.#poses.width);
    this.#imu = new ImuReader(model);
    this.#delay = new CommandDelay({ width, maxLatencySteps: maxCommandLatencyMs });
    this.#joints = this.axisNames.map((name) => model.indexOf("joint", name));
    this.#targets = new Float64Array(width);
    this.#dynamics = dynamics;
    this.#startPosRad = device.homeRad;
    const { qpos, qvel } = model.arraysBorrowed();
    this.stateWidth =
      stateHeader +
      [qpos.length, 2 * qvel.length, 2 * width, this.#imu.width]
        .concat(this.#delay.rows.length, this.#pushes.rows.length)
        .reduce((sum, count) => sum + count, 0);
    this.reset(options.seed, options);
  }

  get dynamics(): MountDynamics {
    return this.#dynamics;
  }

  /** Of MuJoCo. */
  get engineVersion(): string {
    return this.#model.version;
  }

  get scene(): SceneLayout {
    return this.#layout;
  }

  get seed(): number {
    return this.#seed;
  }

  get targetBodies(): readonly string[] {
    return this.#layout.scripted.map((body) => body.name);
  }

  get pushableBodies(): readonly string[] {
    const loose = this.#layout.pushables.map((body) => body.name);
    const links = this.device.chain.map((joint) => joint.frameId);
    return [...loose, ...links, deviceBody(this.device).payload.link];
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
   * targets, where things lie, and the sensors' noise. Other dynamics go into the compiled model in
   * place. Pushes end; scripts stay.
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
    if (changes.contactFriction !== undefined) {
      applyContactFriction(this.#model, this.#layout, changes.contactFriction);
    }
    this.#noise = changes.noise ?? this.#noise;
    this.#startPosRad = startPosRad;
    this.#seed = seed;
    this.#poses.reset(seed);
    this.#pushes.clear();
    this.#model.resetState();
    this.#stepCount = 0;
    this.#placePushables(seed);
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

  push(body: string, forceN: Vector3, durationS: number): void {
    const index = this.pushableBodies.includes(body) ? this.#model.indexOf("body", body) : -1;
    const wrong = (text: string): never => {
      throw new BridgeError(ErrorCode.SimModel, `push: ${text}`);
    };
    if (index < 0) wrong(`there is no "${body}", expected ${this.pushableBodies.join(", ")}`);
    if (!forceN.every(Number.isFinite)) wrong(`force is ${forceN.join(", ")} N`);
    if (!(durationS > 0 && durationS <= 60))
      wrong(`duration is ${durationS} s, expected 0 .. 60 s`);
    const steps = Math.max(1, Math.round(durationS / stepS));
    if (!this.#pushes.add(index, forceN, this.#stepCount, steps)) {
      wrong(`more than ${maxPushes} at once`);
    }
  }

  setPayloadKg(massKg: number): void {
    this.changeDynamics({ ...this.#dynamics, payloadMassKg: massKg });
  }

  /**
   * Other dynamics in mid-motion: the state stays, and setpoints under way keep their order. A
   * shorter latency skips some of them, a longer one repeats.
   *
   * @throws BridgeError `sim/model` if they are out of range.
   */
  changeDynamics(dynamics: MountDynamics): void {
    checkDynamics(this.device, dynamics);
    const state = new Float64Array(this.stateWidth);
    this.save(state);
    this.#dynamics = dynamics;
    applyDynamics(this.#model, this.device, dynamics);
    this.#delay.latencySteps = Math.round(dynamics.commandLatencyMs / 1e3 / stepS);
    state[StateField.payloadMassKg] = dynamics.payloadMassKg;
    this.restore(state);
  }

  setTargetScripts(scripts: readonly TargetScript[]): void {
    checkTargetScripts(scripts, this.targetBodies);
    this.#poses.setScripts(structuredClone(scripts), this.#seed);
  }

  /** // hot path */
  step(count: number): void {
    const arrays = this.#model.arraysBorrowed();
    const touches = this.#layout.pushables.length > 0;
    for (let i = 0; i < count; i += 1) {
      this.#delay.exchange(this.#stepCount, this.#targets, arrays.ctrl);
      this.#loosenGears(arrays.ctrl, arrays.qpos);
      this.#pushes.write(this.#stepCount, arrays.appliedForce);
      if (touches) this.#poses.moveTargets(this.timeS);
      this.#model.step();
      this.#stepCount += 1;
      let speed = 0;
      for (let dof = 0; dof < arrays.qvel.length; dof += 1) {
        // Position times 0 is 0, or NaN when it is not finite.
        speed += Math.abs(arrays.qvel[dof] ?? 0) + (arrays.qpos[dof] ?? 0) * 0;
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
    const noise = this.#noise;
    out.stampMs = this.timeS * 1e3;
    for (let axis = 0; axis < this.#joints.length; axis += 1) {
      const joint = this.#joint(axis);
      out.posRad[axis] = this.#measured(qpos[joint] ?? 0, noise.jointPosRad, 3 * axis);
      out.velRadPerS[axis] = this.#measured(qvel[joint] ?? 0, noise.jointVelRadPerS, 3 * axis + 1);
      out.effortNm[axis] = this.#measured(
        actuatorForce[axis] ?? 0,
        noise.jointEffortNm,
        3 * axis + 2,
      );
    }
  }

  /** Joint positions, velocities and efforts as one row, shape [3 * axisCount]. // hot path */
  readRow(out: Float64Array): void {
    const { qpos, qvel, actuatorForce } = this.#model.arraysBorrowed();
    const noise = this.#noise;
    const width = this.#joints.length;
    for (let axis = 0; axis < width; axis += 1) {
      const joint = this.#joint(axis);
      out[axis] = this.#measured(qpos[joint] ?? 0, noise.jointPosRad, 3 * axis);
      out[width + axis] = this.#measured(qvel[joint] ?? 0, noise.jointVelRadPerS, 3 * axis + 1);
      out[2 * width + axis] = this.#measured(
        actuatorForce[axis] ?? 0,
        noise.jointEffortNm,
        3 * axis + 2,
      );
    }
  }

  /** The phone's gyro and accelerometer over the last step, in the axes of the last frame of the chain. */
  readImu(out: ImuSample): void {
    this.#imu.read(out, { seed: this.#seed, stepCount: this.#stepCount, noise: this.#noise });
    out.stampMs = this.timeS * 1e3;
  }

  /**
   * The pose snapshot of `scene.ts` as things stand now, shape [poseSnapshotWidth]. // hot path
   *
   * @param stampMs default: simulated ms.
   */
  writePoses(out: Float64Array, stampMs = this.timeS * 1e3): void {
    this.#poses.write(out, stampMs, this.timeS);
  }

  /** Moving things in the order of `readTruth`: targets, then what can be pushed. */
  get trackedBodies(): readonly TrackedBody[] {
    return this.#tracked;
  }

  /**
   * Where the camera should see each of `trackedBodies` now, laid out as `target-truth.ts` says.
   *
   * @param out shape [trackedBodies.length][truthWidth]
   */
  readTruth(intrinsics: CameraIntrinsics, out: Float64Array): void {
    this.writePoses(this.#poseRow);
    writeTruth(this.#poseRow, this.#tracked, intrinsics, out);
  }

  /**
   * Copies the whole state into `out`, shape [stateWidth], to branch from. Dynamics other than the
   * payload, the noise's size, contact friction and scripts are not part of it; noise itself and the
   * targets' paths follow from seed and time.
   *
   * ```
   * seed · steps · payload · qpos · qvel · qacc_warmstart · actuator force · targets · IMU ·
   * delayed setpoints · pushes
   * ```
   */
  save(out: Float64Array): void {
    out[StateField.seed] = this.#seed;
    out[StateField.stepCount] = this.#stepCount;
    out[StateField.payloadMassKg] = this.#dynamics.payloadMassKg;
    let at = stateHeader;
    for (const values of this.#stateArrays()) {
      out.set(values, at);
      at += values.length;
    }
  }

  /** Back to what `save` of a simulator of the same scene wrote; what follows is the same, bit for bit. */
  restore(from: Float64Array): void {
    const payloadMassKg = from[StateField.payloadMassKg] ?? this.#dynamics.payloadMassKg;
    if (payloadMassKg !== this.#dynamics.payloadMassKg) {
      this.#dynamics = { ...this.#dynamics, payloadMassKg };
      applyDynamics(this.#model, this.device, this.#dynamics);
    }
    const seed = from[StateField.seed] ?? 0;
    if (seed !== this.#seed) {
      this.#seed = seed;
      this.#poses.reset(seed);
    }
    this.#stepCount = from[StateField.stepCount] ?? 0;
    this.#model.timeS = this.timeS;
    let at = stateHeader;
    for (const values of this.#stateArrays()) {
      for (let i = 0; i < values.length; i += 1) values[i] = from[at + i] ?? 0;
      at += values.length;
    }
    this.#pushes.restored();
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

  #stateArrays(): readonly Float64Array[] {
    const { qpos, qvel, qaccWarmstart, actuatorForce, sensorData } = this.#model.arraysBorrowed();
    return [
      qpos,
      qvel,
      qaccWarmstart,
      actuatorForce,
      this.#targets,
      sensorData,
      this.#delay.rows,
      this.#pushes.rows,
    ];
  }

  #placePushables(seed: number): void {
    const { pushables } = this.#layout;
    const { qpos } = this.#model.arraysBorrowed();
    pushableStarts(pushables, seed).forEach(({ positionM, rotationXyzw }, index) => {
      const [x, y, z, w] = rotationXyzw;
      // Free joints come after the hinges, 7 numbers each.
      qpos.set([...positionM, w, x, y, z], this.#joints.length + 7 * index);
    });
  }

  /** A servo feels its error only beyond its play: half of it to each side. // hot path */
  #loosenGears(ctrl: Float64Array, qpos: Float64Array): void {
    const { axes } = this.#dynamics;
    for (let axis = 0; axis < this.#joints.length; axis += 1) {
      const play = 0.5 * (axes[axis]?.backlashRad ?? 0);
      if (play === 0) continue;
      const posRad = qpos[this.#joint(axis)] ?? 0;
      const errorRad = (ctrl[axis] ?? 0) - posRad;
      const felt = Math.abs(errorRad) <= play ? 0 : errorRad - Math.sign(errorRad) * play;
      ctrl[axis] = posRad + felt;
    }
  }

  #measured(value: number, deviation: number, channel: number): number {
    if (deviation === 0) return value;
    return value + deviation * normalAt(this.#seed, this.#stepCount, channel);
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

/** First numbers of a saved state. */
const StateField = { seed: 0, stepCount: 1, payloadMassKg: 2 } as const;
const stateHeader = 3;

import type { Telemetry } from "../../bridge/contract/actuator-driver.ts";
import type { DeviceDescription } from "../../bridge/contract/device.ts";
import { ErrorCode } from "../../bridge/contract/errors.ts";
import type { SceneControl, Simulator, TargetScript } from "../../bridge/contract/simulator.ts";
import type { CameraIntrinsics } from "../../bridge/core/camera.ts";
import type { Vector3 } from "../../bridge/core/kinematics.ts";
import { stepS } from "../description/robot-mjcf.ts";
import { applyContactFriction, applyDynamics, checkDynamics } from "./apply-dynamics.ts";
import { ImuReader, type ImuSample } from "./imu-reader.ts";
import { JointReader } from "./joint-reader.ts";
import { JointServos } from "./joint-servos.ts";
import { defaultDynamics, type MountDynamics } from "./mount-dynamics.ts";
import { mountMjcf } from "./mount-mjcf.ts";
import { MountScene } from "./mount-scene.ts";
import { compileMjcf, type CompiledModel } from "./mujoco.ts";
import { readSaved, savedHeader, savedWidth, writeSaved } from "./saved-state.ts";
import type { SceneGeom } from "./scene.ts";
import { sceneLayout, type SceneLayout, type SceneName } from "./scene-layout.ts";
import { noSensorNoise, type SensorNoise } from "./sensor-noise.ts";
import { StateGuard } from "./state-guard.ts";
import type { TrackedBody } from "./target-truth.ts";

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
  readonly #servos: JointServos;
  readonly #scene: MountScene;
  readonly #joints: JointReader;
  readonly #imu: ImuReader;
  readonly #guard: StateGuard;
  readonly #now = { seed: 0, stepCount: 0, noise: noSensorNoise };
  #dynamics: MountDynamics;
  #startPosRad: readonly number[];

  constructor(
    model: CompiledModel,
    layout: SceneLayout,
    options: MountSimulatorOptions & { readonly dynamics: MountDynamics },
  ) {
    const { device, dynamics } = options;
    this.device = device;
    this.axisNames = device.axes.map((axis) => axis.name);
    this.#model = model;
    this.#servos = new JointServos(model, this.axisNames, dynamics);
    this.#scene = new MountScene(model, device, layout);
    this.#joints = new JointReader(model, this.#servos.joints);
    this.#imu = new ImuReader(model);
    this.#guard = new StateGuard(model);
    this.#dynamics = dynamics;
    this.#startPosRad = device.homeRad;
    this.stateWidth = savedWidth(this.#stateArrays());
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
    return this.#scene.layout;
  }

  get seed(): number {
    return this.#now.seed;
  }

  get targetBodies(): readonly string[] {
    return this.#scene.targetBodies;
  }

  get pushableBodies(): readonly string[] {
    return this.#scene.pushableBodies;
  }

  /** Visible geoms in the order of `writePoses`. */
  get geoms(): readonly SceneGeom[] {
    return this.#scene.geoms;
  }

  get poseSnapshotWidth(): number {
    return this.#scene.poseSnapshotWidth;
  }

  /** Moving things in the order of `readTruth`: targets, then what can be pushed. */
  get trackedBodies(): readonly TrackedBody[] {
    return this.#scene.trackedBodies;
  }

  get timeS(): number {
    return this.#now.stepCount * stepS;
  }

  /**
   * Back to rest in the start pose, targets there too, time 0; `seed` draws the paths of the scene's
   * targets, where things lie, and the sensors' noise. Other dynamics go into the compiled model in
   * place. Pushes end; scripts stay.
   *
   * @throws BridgeError `sim/model` if dynamics or the start pose do not fit the device.
   */
  reset(seed: number, changes: ResetChanges = {}): void {
    const { startPosRad = this.#startPosRad, dynamics, contactFriction, noise } = changes;
    this.#servos.check(startPosRad, ErrorCode.SimModel, "start pose");
    if (dynamics !== undefined) {
      checkDynamics(this.device, dynamics);
      this.#apply(dynamics);
    }
    if (contactFriction !== undefined) {
      applyContactFriction(this.#model, this.#scene.layout, contactFriction);
    }
    this.#startPosRad = startPosRad;
    this.#now.noise = noise ?? this.#now.noise;
    this.#now.seed = seed;
    this.#now.stepCount = 0;
    this.#model.resetState();
    this.#scene.reset(seed);
    this.#servos.reset(startPosRad);
  }

  /** @throws BridgeError `sim/fault` if a target is not a finite number. // hot path */
  setTargets(posRad: Float64Array): void {
    this.#servos.check(posRad, ErrorCode.SimFault, "targets");
    this.#servos.setTargets(posRad);
  }

  push(body: string, forceN: Vector3, durationS: number): void {
    this.#scene.push(body, forceN, durationS, this.#now.stepCount);
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
    this.#apply(dynamics);
    this.#load(state);
  }

  setTargetScripts(scripts: readonly TargetScript[]): void {
    this.#scene.setTargetScripts(scripts, this.#now.seed);
  }

  /** // hot path */
  step(count: number): void {
    for (let i = 0; i < count; i += 1) {
      this.#servos.actuate(this.#now.stepCount);
      this.#scene.act(this.#now.stepCount, this.timeS);
      this.#model.step();
      this.#now.stepCount += 1;
      this.#guard.checkSpeed(this.#now.stepCount);
    }
    this.#guard.keepTime(this.#now.stepCount);
  }

  /** // hot path */
  readState(out: Telemetry): void {
    this.#joints.readState(out, this.#now);
    out.stampMs = this.timeS * 1e3;
  }

  /** Joint positions, velocities and efforts as one row, shape [3 * axisCount]. // hot path */
  readRow(out: Float64Array): void {
    this.#joints.readRow(out, this.#now);
  }

  /** The phone's gyro and accelerometer over the last step, in the axes of the last frame of the chain. */
  readImu(out: ImuSample): void {
    this.#imu.read(out, this.#now);
    out.stampMs = this.timeS * 1e3;
  }

  /**
   * The pose snapshot of `scene.ts` as things stand now, shape [poseSnapshotWidth]. // hot path
   *
   * @param stampMs default: simulated ms.
   */
  writePoses(out: Float64Array, stampMs = this.timeS * 1e3): void {
    this.#scene.writePoses(out, stampMs, this.timeS);
  }

  /**
   * Where the camera should see each of `trackedBodies` now, laid out as `target-truth.ts` says.
   *
   * @param out shape [trackedBodies.length][truthWidth]
   */
  readTruth(intrinsics: CameraIntrinsics, out: Float64Array): void {
    this.#scene.readTruth(intrinsics, out, this.timeS);
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
    const { seed, stepCount } = this.#now;
    const { payloadMassKg } = this.#dynamics;
    writeSaved(out, { seed, stepCount, payloadMassKg }, this.#stateArrays());
  }

  /** Back to what `save` of a simulator of the same scene wrote; what follows is the same, bit for bit. */
  restore(from: Float64Array): void {
    const { payloadMassKg } = savedHeader(from);
    if (payloadMassKg !== this.#dynamics.payloadMassKg) {
      this.#apply({ ...this.#dynamics, payloadMassKg });
    }
    this.#load(from);
  }

  /**
   * Puts the joints where they were observed, keeping time, targets and delayed setpoints.
   *
   * @param posRad shape [axisCount]; @param velRadPerS shape [axisCount]. Copied.
   */
  setJointState(posRad: ArrayLike<number>, velRadPerS: ArrayLike<number>): void {
    this.#servos.setState(posRad, velRadPerS);
  }

  /**
   * Puts the setpoints under way: what was commanded in the past and has not reached the servos.
   *
   * @param commandAt fills `out`, shape [axisCount], with the targets that stood `ageMs` ago.
   */
  setCommandHistory(commandAt: (ageMs: number, out: Float64Array) => void): void {
    this.#servos.setHistory(this.#now.stepCount, commandAt);
  }

  [Symbol.dispose](): void {
    this.#model[Symbol.dispose]();
  }

  #apply(dynamics: MountDynamics): void {
    this.#dynamics = dynamics;
    applyDynamics(this.#model, this.device, dynamics);
    this.#servos.setDynamics(dynamics);
  }

  /** A saved state, but for its payload. */
  #load(from: Float64Array): void {
    const { seed, stepCount } = savedHeader(from);
    if (seed !== this.#now.seed) {
      this.#now.seed = seed;
      this.#scene.drawPaths(seed);
    }
    this.#now.stepCount = stepCount;
    this.#model.timeS = this.timeS;
    readSaved(from, this.#stateArrays());
    this.#scene.pushesRestored();
  }

  /** In the order in which they are saved. */
  #stateArrays(): readonly Float64Array[] {
    const { qpos, qvel, qaccWarmstart, actuatorForce, sensorData } = this.#model.arraysBorrowed();
    const { targets, delayedRows } = this.#servos;
    const physics = [qpos, qvel, qaccWarmstart, actuatorForce];
    return [...physics, targets, sensorData, delayedRows, this.#scene.pushRows];
  }
}

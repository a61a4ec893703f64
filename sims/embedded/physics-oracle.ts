import { createHash } from "node:crypto";
import type { DeviceDescription } from "../../bridge/contract/device.ts";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import type { Observation } from "../../bridge/contract/observation.ts";
import { SampleRing } from "../../bridge/contract/sample-ring.ts";
import type {
  PredictRequest,
  Prediction,
  WorldModel,
  WorldModelDescription,
} from "../../bridge/contract/world-model.ts";
import { stepS as simStepS } from "../description/robot-mjcf.ts";
import { maxCommandLatencyMs } from "./apply-dynamics.ts";
import { defaultDynamics, type MountDynamics } from "./mount-dynamics.ts";
import { mountMjcf } from "./mount-mjcf.ts";
import { openMountSimulator, type MountSimulator } from "./mount-simulator.ts";

export interface PhysicsOracleOptions {
  readonly device: DeviceDescription;
  /** What it believes of the mount; for an oracle, the truth. Default `defaultDynamics(device)`. */
  readonly dynamics?: MountDynamics;
  /** Default 0.04; a whole number of ms. */
  readonly stepS?: number;
  /** Default 32. */
  readonly maxHorizonSteps?: number;
}

/**
 * What the oracle still gets wrong: between observations and actions it takes setpoints as straight
 * lines, and servos see them in steps.
 */
const stdPosRad = 0.002;
const stdVelRadPerS = 0.02;
const stateTtlS = 0.5;
const maxCandidateCount = 64;

export async function openPhysicsOracle(options: PhysicsOracleOptions): Promise<PhysicsOracle> {
  const dynamics = options.dynamics ?? defaultDynamics(options.device);
  const simulator = await openMountSimulator({ device: options.device, dynamics, seed: 0 });
  return new PhysicsOracle(simulator, describe(options, simulator));
}

/**
 * The best model there can be of a simulated mount: the simulator itself, branched at the observed
 * state. It judges learned models and takes their place in tests. An observation gives joints and
 * the newest command; the setpoints still under way come from the commands of the observations
 * before it.
 */
export class PhysicsOracle implements WorldModel {
  readonly description: WorldModelDescription;
  readonly #simulator: MountSimulator;
  #commands: SampleRing;
  readonly #observed: Float64Array;
  readonly #commandNow: Float64Array;
  #firstStampMs = Number.NaN;
  #lastStampMs = Number.NaN;
  #stateSequence = 0;
  #isOpen = true;

  constructor(simulator: MountSimulator, description: WorldModelDescription) {
    const axisCount = simulator.axisNames.length;
    this.description = description;
    this.#simulator = simulator;
    this.#commands = makeHistory(axisCount);
    this.#observed = new Float64Array(simulator.stateWidth);
    this.#commandNow = new Float64Array(axisCount);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- Errors must reject, not throw.
  async observe(observation: Observation): Promise<void> {
    this.#mustBeOpen();
    this.#checkObservation(observation);
    const { stampMs, jointPosRad, jointVelRadPerS, commandPosRad } = observation;
    const gapMs = stampMs - this.#lastStampMs;
    if (!(gapMs > 0 && gapMs <= stateTtlS * 1e3)) this.#forget(stampMs);
    this.#commands.push(stampMs, commandPosRad);
    this.#commandNow.set(commandPosRad);
    this.#lastStampMs = stampMs;
    this.#stateSequence += 1;
    this.#simulator.setJointState(jointPosRad, jointVelRadPerS);
    this.#simulator.setCommandHistory((ageMs, out) => {
      this.#commands.sampleAt(Math.max(stampMs - ageMs, this.#firstStampMs), out);
    });
    this.#simulator.save(this.#observed);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- Errors must reject, not throw.
  async predict(request: PredictRequest): Promise<Prediction> {
    this.#mustBeOpen();
    this.#checkRequest(request);
    const startMs = performance.now();
    const { candidateCount, horizonSteps } = request;
    const axisCount = this.#simulator.axisNames.length;
    const size = candidateCount * horizonSteps * axisCount;
    const meanPosRad = new Float32Array(size);
    const meanVelRadPerS = new Float32Array(size);
    for (let candidate = 0; candidate < candidateCount; candidate += 1) {
      this.#simulator.restore(this.#observed);
      const base = candidate * horizonSteps * axisCount;
      this.#rollOut(request.actionsRad, base, horizonSteps, meanPosRad, meanVelRadPerS);
    }
    this.#simulator.restore(this.#observed);
    return {
      stampMs: this.#lastStampMs,
      stepMs: this.description.stepS * 1e3,
      candidateCount,
      horizonSteps,
      axisCount,
      meanPosRad,
      stdPosRad: new Float32Array(size).fill(stdPosRad),
      meanVelRadPerS,
      stdVelRadPerS: new Float32Array(size).fill(stdVelRadPerS),
      stateSequence: this.#stateSequence,
      inferMs: performance.now() - startMs,
    };
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- Errors must reject, not throw.
  async reset(): Promise<void> {
    this.#mustBeOpen();
    this.#forget(Number.NaN);
  }

  [Symbol.asyncDispose](): Promise<void> {
    if (this.#isOpen) this.#simulator[Symbol.dispose]();
    this.#isOpen = false;
    return Promise.resolve();
  }

  /** One candidate from the restored state; arrays are indexed from `base`. */
  #rollOut(
    actionsRad: Float32Array,
    base: number,
    horizonSteps: number,
    posRad: Float32Array,
    velRadPerS: Float32Array,
  ): void {
    const axisCount = this.#commandNow.length;
    const simSteps = Math.round(this.description.stepS / simStepS);
    const from = this.#commandNow.slice();
    const targets = new Float64Array(axisCount);
    const row = new Float64Array(3 * axisCount);
    for (let step = 0; step < horizonSteps; step += 1) {
      const offset = base + step * axisCount;
      for (let i = 0; i < simSteps; i += 1) {
        for (let axis = 0; axis < axisCount; axis += 1) {
          const start = from[axis] ?? 0;
          targets[axis] = start + (((actionsRad[offset + axis] ?? 0) - start) * i) / simSteps;
        }
        this.#simulator.setTargets(targets);
        this.#simulator.step(1);
      }
      for (let axis = 0; axis < axisCount; axis += 1) from[axis] = actionsRad[offset + axis] ?? 0;
      this.#simulator.readRow(row);
      posRad.set(row.subarray(0, axisCount), offset);
      velRadPerS.set(row.subarray(axisCount, 2 * axisCount), offset);
    }
  }

  /** History begins at `stampMs`; also mends a simulator that had a fault. */
  #forget(stampMs: number): void {
    this.#simulator.reset(0);
    this.#commands = makeHistory(this.#commandNow.length);
    this.#firstStampMs = stampMs;
    this.#lastStampMs = Number.NaN;
    this.#stateSequence = 0;
  }

  #mustBeOpen(): void {
    if (!this.#isOpen) throw new BridgeError(ErrorCode.ModelClosed, "the physics oracle is closed");
  }

  #checkObservation(observation: Observation): void {
    const axisCount = this.#commandNow.length;
    for (const field of ["jointPosRad", "jointVelRadPerS", "commandPosRad"] as const) {
      const values = observation[field];
      if (values.length === axisCount && values.every(Number.isFinite)) continue;
      const text = `${field} is [${values.join(", ")}], expected ${axisCount} finite numbers`;
      throw new BridgeError(ErrorCode.ModelShape, text);
    }
  }

  #checkRequest({ actionsRad, candidateCount, horizonSteps }: PredictRequest): void {
    mustBeCount("candidateCount", candidateCount, maxCandidateCount);
    mustBeCount("horizonSteps", horizonSteps, this.description.maxHorizonSteps);
    const expected = candidateCount * horizonSteps * this.#commandNow.length;
    if (actionsRad.length !== expected) {
      const text = `actionsRad has ${actionsRad.length} numbers, expected ${expected}`;
      throw new BridgeError(ErrorCode.ModelShape, text);
    }
    if (this.#stateSequence === 0) {
      throw new BridgeError(ErrorCode.ModelNotReady, "nothing has been observed yet");
    }
  }
}

/** Enough for the longest latency with an observation every simulated step. */
function makeHistory(width: number): SampleRing {
  return SampleRing.create({ capacity: 2 + maxCommandLatencyMs / (simStepS * 1e3), width });
}

function mustBeCount(name: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= max) return;
  throw new BridgeError(ErrorCode.ModelShape, `${name} is ${value}, expected 1 to ${max}`);
}

function describe(options: PhysicsOracleOptions, simulator: MountSimulator): WorldModelDescription {
  const mjcf = mountMjcf(options.device, simulator.dynamics);
  return {
    id: "physics-oracle",
    revision: "1",
    sha256: createHash("sha256").update(mjcf).digest("hex"),
    family: "oracle",
    license: "Apache-2.0",
    axisNames: simulator.axisNames,
    stepS: options.stepS ?? 0.04,
    maxHorizonSteps: options.maxHorizonSteps ?? 32,
    maxObservationAgeS: 0.2,
    stateTtlS,
    actionConditioned: true,
    preview: "none",
    engine: {
      name: "mujoco-wasm",
      library: "@mujoco/mujoco",
      version: simulator.engineVersion,
      provider: "cpu",
      fallbackReasons: [],
    },
  };
}

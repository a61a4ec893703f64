import type { Telemetry } from "../../bridge/contract/actuator-driver.ts";
import type { CompiledModel, ModelArrays } from "./mujoco.ts";
import { normalAt, type SensorMoment } from "./sensor-noise.ts";

/** Reads joint positions, velocities and efforts, and makes them as bad as told. */
export class JointReader {
  readonly #model: CompiledModel;
  readonly #joints: readonly number[];

  /** @param joints axis index to joint index. */
  constructor(model: CompiledModel, joints: readonly number[]) {
    this.#model = model;
    this.#joints = joints;
  }

  /** All but the stamp. // hot path */
  readState(out: Telemetry, at: SensorMoment): void {
    const arrays = this.#model.arraysBorrowed();
    for (let axis = 0; axis < this.#joints.length; axis += 1) {
      out.posRad[axis] = this.#posRad(arrays, axis, at);
      out.velRadPerS[axis] = this.#velRadPerS(arrays, axis, at);
      out.effortNm[axis] = this.#effortNm(arrays, axis, at);
    }
  }

  /** Positions, velocities and efforts as one row, shape [3 * axisCount]. // hot path */
  readRow(out: Float64Array, at: SensorMoment): void {
    const arrays = this.#model.arraysBorrowed();
    const width = this.#joints.length;
    for (let axis = 0; axis < width; axis += 1) {
      out[axis] = this.#posRad(arrays, axis, at);
      out[width + axis] = this.#velRadPerS(arrays, axis, at);
      out[2 * width + axis] = this.#effortNm(arrays, axis, at);
    }
  }

  #posRad({ qpos }: ModelArrays, axis: number, at: SensorMoment): number {
    return measured(qpos[this.#joints[axis] ?? 0] ?? 0, at.noise.jointPosRad, 3 * axis, at);
  }

  #velRadPerS({ qvel }: ModelArrays, axis: number, at: SensorMoment): number {
    return measured(qvel[this.#joints[axis] ?? 0] ?? 0, at.noise.jointVelRadPerS, 3 * axis + 1, at);
  }

  #effortNm({ actuatorForce }: ModelArrays, axis: number, at: SensorMoment): number {
    return measured(actuatorForce[axis] ?? 0, at.noise.jointEffortNm, 3 * axis + 2, at);
  }
}

function measured(value: number, deviation: number, channel: number, at: SensorMoment): number {
  if (deviation === 0) return value;
  return value + deviation * normalAt(at.seed, at.stepCount, channel);
}

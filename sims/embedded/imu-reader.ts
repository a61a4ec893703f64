import type { CompiledModel } from "./mujoco.ts";
import { normalAt, type SensorMoment } from "./sensor-noise.ts";

/** Axes of the last frame of the chain: x along the view, y left, z up at home. */
export interface ImuSample {
  stampMs: number;
  /** Shape [3]. */
  readonly angularVelRadPerS: Float64Array;
  /** Shape [3]. Specific force: at rest and level it reads +9.81 along z. */
  readonly linearAccelMPerS2: Float64Array;
}

export function makeImuSample(): ImuSample {
  return {
    stampMs: 0,
    angularVelRadPerS: new Float64Array(3),
    linearAccelMPerS2: new Float64Array(3),
  };
}

/** Noise channels 0 to 99 belong to the joints. */
const gyroChannel = 100;
const accelChannel = 103;
const gyroBiasChannel = 106;
const accelBiasChannel = 109;

/** Reads MuJoCo's gyro and accelerometer, which are those of the last step, and makes them as bad as told. */
export class ImuReader {
  readonly #model: CompiledModel;

  constructor(model: CompiledModel) {
    this.#model = model;
  }

  /** // hot path */
  read(out: ImuSample, at: SensorMoment): void {
    const { sensorData } = this.#model.arraysBorrowed();
    const { seed, stepCount, noise } = at;
    for (let k = 0; k < 3; k += 1) {
      out.angularVelRadPerS[k] =
        (sensorData[k] ?? 0) +
        noise.gyroRadPerS * normalAt(seed, stepCount, gyroChannel + k) +
        noise.gyroBiasRadPerS * normalAt(seed, -1, gyroBiasChannel + k);
      out.linearAccelMPerS2[k] =
        (sensorData[3 + k] ?? 0) +
        noise.accelMPerS2 * normalAt(seed, stepCount, accelChannel + k) +
        noise.accelBiasMPerS2 * normalAt(seed, -1, accelBiasChannel + k);
    }
  }
}

/** How far sensors are off. Standard deviations of white noise and constant offsets; 0 = true. */
export interface SensorNoise {
  readonly jointPosRad: number;
  readonly jointVelRadPerS: number;
  readonly jointEffortNm: number;
  readonly gyroRadPerS: number;
  readonly accelMPerS2: number;
  /** Offset of each axis of the gyro, drawn once per seed with this deviation. */
  readonly gyroBiasRadPerS: number;
  readonly accelBiasMPerS2: number;
}

export const noSensorNoise: SensorNoise = {
  jointPosRad: 0,
  jointVelRadPerS: 0,
  jointEffortNm: 0,
  gyroRadPerS: 0,
  accelMPerS2: 0,
  gyroBiasRadPerS: 0,
  accelBiasMPerS2: 0,
};

/** What a sensor's reading depends on beside the state. */
export interface SensorMoment {
  readonly seed: number;
  readonly stepCount: number;
  readonly noise: SensorNoise;
}

/**
 * A standard normal number that follows from its place alone, so that noise has no state to save: the
 * same seed, step and channel give the same number however often and in whatever order it is asked.
 * Sum of four hashed uniforms: bounded at 3.5 deviations, kurtosis 2.7. // hot path
 */
export function normalAt(seed: number, step: number, channel: number): number {
  let h = Math.imul(seed ^ 0x9e37_79b9, 0x85eb_ca6b) ^ Math.imul(step + 1, 0x27d4_eb2d);
  h ^= Math.imul(channel + 1, 0x1656_67b1);
  let sum = 0;
  for (let i = 0; i < 4; i += 1) {
    h = Math.imul(h ^ (h >>> 16), 0x21f0_aaad);
    h = Math.imul(h ^ (h >>> 15), 0x735a_2d97);
    h ^= h >>> 15;
    sum += h >>> 0;
    h += 0x6d2b_79f5;
  }
  // Four uniforms have mean 2 and variance 1/3.
  return (sum / 0x1_0000_0000 - 2) * Math.sqrt(3);
}

import type { SampleOutcome } from "../contract/sample-ring.ts";

interface History {
  readonly width: number;
  sampleAt(timeMs: number, out: Float64Array): SampleOutcome;
}

const stepMs = 20;
const candidateCount = 21;
/** Memory in samples that moved. */
const windowSamples = 100;
/** A setpoint slower than this, rad/s, does not tell how late the motion follows. */
const slowRadPerS = 0.05;

/**
 * Measures how long after a setpoint the joints follow it: the delay, among 0, 20 … 400 ms, at which
 * the past setpoints lie closest to the measured positions while the device moves.
 */
export class DelayEstimator {
  readonly #setpoints: History;
  readonly #axisCount: number;
  readonly #row: Float64Array;
  readonly #squares = new Float64Array(candidateCount);
  #sampleCount = 0;

  /** @param setpoints rows of position, velocity (width 2 * axes). */
  constructor(setpoints: History) {
    this.#setpoints = setpoints;
    this.#axisCount = setpoints.width / 2;
    this.#row = new Float64Array(setpoints.width);
  }

  /** Undefined until the device has moved enough to tell. */
  get delayMs(): number | undefined {
    if (this.#sampleCount < windowSamples / 2) return undefined;
    let best = 0;
    for (let i = 1; i < candidateCount; i += 1) {
      if ((this.#squares[i] ?? 0) < (this.#squares[best] ?? 0)) best = i;
    }
    return best * stepMs;
  }

  /** Takes the joint position measured at `timeMs`. // hot path */
  add(timeMs: number, jointPosRad: Float64Array): void {
    if (!this.#moving(timeMs)) return;
    this.#sampleCount += 1;
    for (let i = 0; i < candidateCount; i += 1) {
      if (this.#setpoints.sampleAt(timeMs - i * stepMs, this.#row) !== "ok") return;
      let squares = 0;
      for (let axis = 0; axis < this.#axisCount; axis += 1) {
        squares += ((jointPosRad[axis] ?? 0) - (this.#row[axis] ?? 0)) ** 2;
      }
      const sum = this.#squares[i] ?? 0;
      this.#squares[i] = sum + (squares - sum) / windowSamples;
    }
  }

  #moving(timeMs: number): boolean {
    if (this.#setpoints.sampleAt(timeMs, this.#row) !== "ok") return false;
    for (let axis = 0; axis < this.#axisCount; axis += 1) {
      if (Math.abs(this.#row[this.#axisCount + axis] ?? 0) > slowRadPerS) return true;
    }
    return false;
  }
}

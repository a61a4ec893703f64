import type { Observation } from "../contract/observation.ts";
import type { Prediction } from "../contract/world-model.ts";

/** Half-width of a 90 % interval of a normal distribution, in standard deviations. */
export const z90 = 1.645;

/** A joint that stays within this, by measurement and by both baselines, says nothing about a model. */
const stillRad = 0.002;
/** Memory of the rolling averages, in scored comparisons per horizon (30 s of motion at 25 Hz). */
const windowSamples = 750;
/** Step of the online scale: facts of the training experiments, restores 0.90 within seconds. */
const scaleRate = 0.06;
const scaleRange = { min: 0.5, max: 4 } as const;
const degradedCoverage = 0.7;
/** Setpoints further than this from the plan are other commands, and the prediction was not about them. */
const planToleranceRad = 0.002;

export interface HorizonScore {
  /** Steps ahead. */
  readonly step: number;
  readonly aheadS: number;
  /** Root of the mean squared position error over joints, rad. */
  readonly modelRmseRad: number;
  readonly holdRmseRad: number;
  readonly constantVelocityRmseRad: number;
  /** Share of joint positions inside their 90 % interval. */
  readonly coverageRatio: number;
  readonly sampleCount: number;
}

export interface ScoreSnapshot {
  readonly horizons: readonly HorizonScore[];
  /** Share of predictions whose plan held to the end of their horizon: the others are scored up to there. */
  readonly planHeldRatio: number;
  /** Factor on the published standard deviation per joint that keeps coverage at 90 %. */
  readonly scale: readonly number[];
  /** The model misses for long: its deviation cannot be trusted here. */
  readonly degraded: boolean;
}

interface Pending {
  stampMs: number;
  /** Steps compared so far; the next one must be this + 1. */
  step: number;
  /** Whether every setpoint so far was the planned one. */
  isOnPlan: boolean;
  readonly planRad: Float32Array;
  readonly meanPosRad: Float32Array;
  readonly stdPosRad: Float32Array;
  readonly startPosRad: Float64Array;
  readonly startVelRadPerS: Float64Array;
}

/**
 * Scores predictions against what happened, per horizon, beside two baselines on the same data:
 * holding the position and keeping the velocity. Averages roll over the last half minute of motion.
 *
 * A prediction says what follows from a plan of setpoints. When somebody commands otherwise, its
 * remaining steps are not compared: they were answers to another question. And only motion is scored:
 * a mount at rest is predicted by anything.
 */
export class PredictionScore {
  readonly #stepMs: number;
  readonly #horizonSteps: number;
  readonly #axisCount: number;
  readonly #pending: Pending[];
  #nextSlot = 0;
  #endCount = 0;
  #planHeldRatio = 0;
  readonly #modelSquares: Float64Array;
  readonly #holdSquares: Float64Array;
  readonly #velocitySquares: Float64Array;
  readonly #inside: Float64Array;
  readonly #weights: Float64Array;
  readonly #counts: Float64Array;
  readonly #scale: Float64Array;
  readonly #missed: Float64Array;
  readonly #scored: Float64Array;

  constructor(options: {
    readonly stepMs: number;
    readonly horizonSteps: number;
    readonly axisCount: number;
  }) {
    const { stepMs, horizonSteps, axisCount } = options;
    this.#stepMs = stepMs;
    this.#horizonSteps = horizonSteps;
    this.#axisCount = axisCount;
    this.#pending = Array.from({ length: horizonSteps + 1 }, () => ({
      stampMs: 0,
      step: 0,
      isOnPlan: false,
      planRad: new Float32Array(horizonSteps * axisCount),
      meanPosRad: new Float32Array(horizonSteps * axisCount),
      stdPosRad: new Float32Array(horizonSteps * axisCount),
      startPosRad: new Float64Array(axisCount),
      startVelRadPerS: new Float64Array(axisCount),
    }));
    this.#modelSquares = new Float64Array(horizonSteps);
    this.#holdSquares = new Float64Array(horizonSteps);
    this.#velocitySquares = new Float64Array(horizonSteps);
    this.#inside = new Float64Array(horizonSteps);
    this.#weights = new Float64Array(horizonSteps);
    this.#counts = new Float64Array(horizonSteps);
    this.#scale = new Float64Array(axisCount).fill(1);
    this.#missed = new Float64Array(axisCount);
    this.#scored = new Float64Array(axisCount);
  }

  /** Factors to multiply a prediction's standard deviation by, per axis. Borrowed. */
  get scale(): Float64Array {
    return this.#scale;
  }

  /**
   * Keeps a prediction until its steps have happened. Candidate 0 is scored.
   *
   * @param planRad the setpoints it is conditioned on, [step][axis]. // hot path
   */
  add(prediction: Prediction, observation: Observation, planRad: Float32Array): void {
    const slot = this.#pending[this.#nextSlot];
    if (slot === undefined) return;
    this.#nextSlot = (this.#nextSlot + 1) % this.#pending.length;
    const length = this.#horizonSteps * this.#axisCount;
    slot.step = 0;
    slot.isOnPlan = true;
    slot.stampMs = prediction.stampMs;
    slot.planRad.set(planRad.subarray(0, length));
    slot.meanPosRad.set(prediction.meanPosRad.subarray(0, length));
    slot.stdPosRad.set(prediction.stdPosRad.subarray(0, length));
    slot.startPosRad.set(observation.jointPosRad);
    slot.startVelRadPerS.set(observation.jointVelRadPerS);
  }

  /** Compares every kept prediction that reaches to this observation. // hot path */
  compare(observation: Observation): void {
    this.#missed.fill(0);
    this.#scored.fill(0);
    for (const slot of this.#pending) {
      if (!slot.isOnPlan) continue;
      const step = slot.step + 1;
      slot.isOnPlan = this.#isPlanned(slot, step, observation);
      if (slot.isOnPlan) this.#compareStep(slot, step, observation.jointPosRad);
      else this.#noteEnd(0);
      slot.step = step;
      if (step < this.#horizonSteps || !slot.isOnPlan) continue;
      slot.isOnPlan = false;
      this.#noteEnd(1);
    }
    this.#adaptScale();
  }

  snapshot(): ScoreSnapshot {
    const horizons = Array.from({ length: this.#horizonSteps }, (_, index) => this.#horizon(index));
    const scored = horizons.filter((horizon) => horizon.sampleCount >= windowSamples / 3);
    const coverage =
      scored.reduce((sum, horizon) => sum + horizon.coverageRatio, 0) / Math.max(1, scored.length);
    return {
      horizons,
      planHeldRatio: this.#planHeldRatio,
      scale: Array.from(this.#scale),
      degraded: scored.length > 0 && coverage < degradedCoverage,
    };
  }

  /** Whether this observation is the slot's next step, on the grid, and was commanded as planned. */
  #isPlanned(slot: Pending, step: number, observation: Observation): boolean {
    const steps = (observation.stampMs - slot.stampMs) / this.#stepMs;
    if (Math.abs(steps - step) > 0.1) return false;
    const base = (step - 1) * this.#axisCount;
    for (let axis = 0; axis < this.#axisCount; axis += 1) {
      const planned = slot.planRad[base + axis] ?? Number.NaN;
      const off = Math.abs((observation.commandPosRad[axis] ?? 0) - planned);
      if (!(off <= planToleranceRad)) return false;
    }
    return true;
  }

  #noteEnd(held: 0 | 1): void {
    this.#endCount += 1;
    const rate = Math.max(1 / this.#endCount, 1 / windowSamples);
    this.#planHeldRatio += (held - this.#planHeldRatio) * rate;
  }

  #compareStep(slot: Pending, step: number, actual: Float64Array): void {
    const aheadS = (step * this.#stepMs) / 1000;
    const base = (step - 1) * this.#axisCount;
    let moved = false;
    let model = 0;
    let hold = 0;
    let velocity = 0;
    let inside = 0;
    for (let axis = 0; axis < this.#axisCount; axis += 1) {
      const now = actual[axis] ?? 0;
      const start = slot.startPosRad[axis] ?? 0;
      const drift = (slot.startVelRadPerS[axis] ?? 0) * aheadS;
      if (Math.abs(now - start) > stillRad || Math.abs(drift) > stillRad) moved = true;
      const miss = Math.abs(now - (slot.meanPosRad[base + axis] ?? 0));
      model += miss * miss;
      hold += (now - start) ** 2;
      velocity += (now - start - drift) ** 2;
      const width = z90 * (slot.stdPosRad[base + axis] ?? 0) * (this.#scale[axis] ?? 1);
      if (miss <= width) inside += 1;
    }
    if (!moved) return;
    for (let axis = 0; axis < this.#axisCount; axis += 1) {
      const miss = Math.abs((actual[axis] ?? 0) - (slot.meanPosRad[base + axis] ?? 0));
      const width = z90 * (slot.stdPosRad[base + axis] ?? 0) * (this.#scale[axis] ?? 1);
      this.#scored[axis] = (this.#scored[axis] ?? 0) + 1;
      if (miss > width) this.#missed[axis] = (this.#missed[axis] ?? 0) + 1;
    }
    const index = step - 1;
    const axes = this.#axisCount;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#roll(this.#weights, index, 1);
    this.#roll(this.#modelSquares, index, model / axes);
    this.#roll(this.#holdSquares, index, hold / axes);
    this.#roll(this.#velocitySquares, index, velocity / axes);
    this.#roll(this.#inside, index, inside / axes);
  }

  #roll(sums: Float64Array, index: number, value: number): void {
    const sum = sums[index] ?? 0;
    sums[index] = sum + (value - sum) / windowSamples;
  }

  #adaptScale(): void {
    for (let axis = 0; axis < this.#axisCount; axis += 1) {
      const scored = this.#scored[axis] ?? 0;
      if (scored === 0) continue;
      const missRatio = (this.#missed[axis] ?? 0) / scored;
      const scale = (this.#scale[axis] ?? 1) * Math.exp(scaleRate * (missRatio - 0.1));
      this.#scale[axis] = Math.min(Math.max(scale, scaleRange.min), scaleRange.max);
    }
  }

  #horizon(index: number): HorizonScore {
    const weight = this.#weights[index] ?? 0;
    const mean = (sums: Float64Array): number => (weight === 0 ? 0 : (sums[index] ?? 0) / weight);
    return {
      step: index + 1,
      aheadS: ((index + 1) * this.#stepMs) / 1000,
      modelRmseRad: Math.sqrt(mean(this.#modelSquares)),
      holdRmseRad: Math.sqrt(mean(this.#holdSquares)),
      constantVelocityRmseRad: Math.sqrt(mean(this.#velocitySquares)),
      coverageRatio: mean(this.#inside),
      sampleCount: this.#counts[index] ?? 0,
    };
  }
}

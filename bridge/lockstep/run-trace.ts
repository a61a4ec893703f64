import type { LockstepRig } from "./lockstep-rig.ts";
import { modeNames } from "./lockstep-rig.ts";

const sampleMs = 20;
/** Horizon whose predictions are drawn, ms. */
export const drawnAheadMs = 400;

/** One run over time, for a drawing. Arrays run over samples, every 20 ms. */
export interface Trace {
  readonly axisNames: readonly string[];
  readonly timeS: number[];
  /** [axis][sample]. */
  readonly setpointRad: readonly number[][];
  readonly jointRad: readonly number[][];
  readonly mode: string[];
  /** Where the joints were expected `aheadMs` before. */
  readonly predicted: {
    readonly aheadMs: number;
    readonly timeS: number[];
    readonly posRad: readonly number[][];
    readonly stdRad: readonly number[][];
  };
}

/** Collects a trace from a rig while it runs. */
export class RunTrace {
  readonly #rig: LockstepRig;
  readonly #trace: Trace;
  #nextMs = 0;

  constructor(rig: LockstepRig, axisNames: readonly string[]) {
    const perAxis = (): number[][] => axisNames.map(() => []);
    this.#rig = rig;
    this.#trace = {
      axisNames,
      timeS: [],
      setpointRad: perAxis(),
      jointRad: perAxis(),
      mode: [],
      predicted: { aheadMs: drawnAheadMs, timeS: [], posRad: perAxis(), stdRad: perAxis() },
    };
    if (rig.prediction !== undefined) this.#watchPredictions(rig.prediction);
  }

  add(elapsedMs: number, setpointRow: Float64Array): void {
    if (elapsedMs < this.#nextMs) return;
    this.#nextMs = elapsedMs + sampleMs;
    const { timeS, setpointRad, jointRad, mode, axisNames } = this.#trace;
    timeS.push(elapsedMs / 1000);
    mode.push(modeNames[this.#rig.actuation.mode]);
    for (let axis = 0; axis < axisNames.length; axis += 1) {
      setpointRad[axis]?.push(setpointRow[axis] ?? 0);
      jointRad[axis]?.push(this.#rig.joints.posRad[axis] ?? 0);
    }
  }

  finish(): Trace {
    return this.#trace;
  }

  #watchPredictions(prediction: NonNullable<LockstepRig["prediction"]>): void {
    const { predicted } = this.#trace;
    const originMs = this.#rig.originMs;
    prediction.onPrediction = ({ stampMs, stepMs, axisCount, meanPosRad, stdPosRad }) => {
      const step = Math.round(drawnAheadMs / stepMs);
      const base = (step - 1) * axisCount;
      if (base + axisCount > meanPosRad.length) return;
      predicted.timeS.push((stampMs + drawnAheadMs - originMs) / 1000);
      for (let axis = 0; axis < axisCount; axis += 1) {
        predicted.posRad[axis]?.push(meanPosRad[base + axis] ?? 0);
        predicted.stdRad[axis]?.push(stdPosRad[base + axis] ?? 0);
      }
    };
  }
}

import { createHash } from "node:crypto";
import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";
import type { Observation } from "../../bridge/contract/observation.ts";
import type {
  PredictRequest,
  Prediction,
  WorldModel,
  WorldModelDescription,
} from "../../bridge/contract/world-model.ts";
import { checkObservation, checkRequest } from "../check-request.ts";
import { ErrorSpread } from "./error-spread.ts";
import { FollowFit, longestDelaySteps } from "./follow-fit.ts";
import { FollowHistory } from "./follow-history.ts";
import { follow } from "./follow-law.ts";

export interface SetpointFollowerOptions {
  readonly axisNames: readonly string[];
  /** Why this one serves, for people. */
  readonly because: string;
}

const stepS = 0.04;
const maxHorizonSteps = 32;
const maxCandidateCount = 1024;
const stateTtlS = 1;
/** An axis that goes no further than this rests. */
const restRad = 0.002;
const id = "setpoint-follower";
const revision = "1";

/**
 * The model of a device nobody has trained one for: every axis follows its setpoints, late and with a lag.
 * Delay, lag and deviations are those seen lately, so it fits any servo after some seconds of motion.
 * It has no eye: no bearing, no picture.
 */
export class SetpointFollower implements WorldModel {
  readonly description: WorldModelDescription;
  readonly #history: FollowHistory;
  readonly #fits: readonly FollowFit[];
  readonly #spreads: readonly ErrorSpread[];
  readonly #path = new Float64Array(maxHorizonSteps + 2);
  #lastStampMs = Number.NaN;
  #isOpen = true;

  constructor({ axisNames, because }: SetpointFollowerOptions) {
    this.description = describe(axisNames, because);
    this.#history = new FollowHistory(axisNames.length, maxHorizonSteps + longestDelaySteps + 4);
    this.#fits = axisNames.map((_, axis) => new FollowFit(axis));
    this.#spreads = axisNames.map(() => new ErrorSpread(maxHorizonSteps));
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- Errors must reject, not throw.
  async observe(observation: Observation): Promise<void> {
    this.#mustBeOpen();
    checkObservation(observation, this.#history.axisCount);
    const gapMs = observation.stampMs - this.#lastStampMs;
    // What lies a step back has to be a step old.
    if (!(Math.abs(gapMs / 1000 - stepS) < 0.25 * stepS)) this.#history.clear();
    this.#lastStampMs = observation.stampMs;
    this.#history.push(observation.jointPosRad, observation.commandPosRad);
    this.#fits.forEach((fit, axis) => {
      this.#look(axis, observation.jointVelRadPerS[axis] ?? 0);
      fit.learn(this.#history);
    });
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- Errors must reject, not throw.
  async predict(request: PredictRequest): Promise<Prediction> {
    this.#mustBeOpen();
    const { axisCount, count } = this.#history;
    checkRequest(request, { axisCount, maxCandidateCount, maxHorizonSteps });
    if (count === 0) {
      throw new BridgeError(
        ErrorCode.ModelNotReady,
        "nothing observed yet, expected an observation",
      );
    }
    const startMs = performance.now();
    const { candidateCount, horizonSteps } = request;
    const length = candidateCount * horizonSteps * axisCount;
    const arrays = {
      meanPosRad: new Float32Array(length),
      stdPosRad: new Float32Array(length),
      meanVelRadPerS: new Float32Array(length),
      stdVelRadPerS: new Float32Array(length),
    };
    for (let candidate = 0; candidate < candidateCount; candidate += 1) {
      for (let axis = 0; axis < axisCount; axis += 1)
        this.#imagine(request, candidate, axis, arrays);
    }
    return {
      stampMs: this.#lastStampMs,
      stepMs: stepS * 1000,
      candidateCount,
      horizonSteps,
      axisCount,
      ...arrays,
      stateSequence: count,
      inferMs: performance.now() - startMs,
    };
  }

  reset(): Promise<void> {
    this.#history.clear();
    this.#lastStampMs = Number.NaN;
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#isOpen = false;
    return Promise.resolve();
  }

  #imagine(
    { actionsRad, horizonSteps }: PredictRequest,
    candidate: number,
    axis: number,
    out: Pick<Prediction, "meanPosRad" | "stdPosRad" | "meanVelRadPerS" | "stdVelRadPerS">,
  ): void {
    const history = this.#history;
    const { axisCount } = history;
    const first = candidate * horizonSteps * axisCount + axis;
    const action = (step: number): number =>
      step === 0 ? history.setpointRad(axis, 0) : (actionsRad[first + (step - 1) * axisCount] ?? 0);
    const setpointRad = (steps: number): number => {
      if (steps <= 0) return history.setpointRad(axis, -steps);
      const later = Math.min(Math.ceil(steps), horizonSteps);
      const share = Math.max(0, later - steps);
      return action(later) + share * (action(later - 1) - action(later));
    };
    const path = this.#follow(axis, history.posRad(axis, 0), setpointRad, horizonSteps);
    for (let step = 1; step <= horizonSteps; step += 1) {
      const at = first + (step - 1) * axisCount;
      out.meanPosRad[at] = path[step] ?? 0;
      out.meanVelRadPerS[at] = velocityAt(path, step);
      const spread = this.#spreads[axis];
      const isMoving = movesWithin(path, step);
      out.stdPosRad[at] = spread?.posRad(step, isMoving) ?? 0;
      out.stdVelRadPerS[at] = spread?.velRadPerS(step, isMoving) ?? 0;
    }
  }

  /** What would have been said of now a step ago, two steps ago and so on: how far off it would have been. */
  #look(axis: number, velRadPerS: number): void {
    const history = this.#history;
    const known = Math.min(history.length - longestDelaySteps - 2, maxHorizonSteps);
    for (let step = 1; step <= known; step += 1) {
      // What comes after now was not known then either.
      const setpointRad = (steps: number): number =>
        history.setpointRad(axis, Math.max(0, step - steps));
      const path = this.#follow(axis, history.posRad(axis, step), setpointRad, step);
      const offRad = history.posRad(axis, 0) - (path[step] ?? 0);
      const offRadPerS = velRadPerS - velocityAt(path, step);
      this.#spreads[axis]?.add(step, movesWithin(path, step), offRad, offRadPerS);
    }
  }

  /** Where the axis is, and where it goes, one step further than asked. Borrowed. */
  #follow(
    axis: number,
    posRad: number,
    setpointRad: (steps: number) => number,
    steps: number,
  ): Float64Array {
    const law = this.#fits[axis]?.law;
    if (law !== undefined) follow(law, posRad, setpointRad, this.#path, steps + 1);
    return this.#path;
  }

  #mustBeOpen(): void {
    if (this.#isOpen) return;
    throw new BridgeError(ErrorCode.ModelClosed, "the world model is closed");
  }
}

/** Of the predicted path around a step, rad/s. */
const velocityAt = (path: Float64Array, step: number): number =>
  ((path[step + 1] ?? 0) - (path[step - 1] ?? 0)) / (2 * stepS);

/** Whether it leaves the place it starts from. */
const movesWithin = (path: Float64Array, step: number): boolean =>
  Math.abs((path[step] ?? 0) - (path[0] ?? 0)) > restRad;

function describe(axisNames: readonly string[], because: string): WorldModelDescription {
  const sha256 = createHash("sha256")
    .update(`${id} ${revision} ${axisNames.join(" ")}`)
    .digest("hex");
  return {
    id,
    revision,
    sha256,
    family: "analytic",
    license: "Apache-2.0",
    axisNames,
    stepS,
    maxHorizonSteps,
    maxObservationAgeS: stepS,
    stateTtlS,
    actionConditioned: true,
    preview: "none",
    engine: {
      name: "in this process",
      library: "",
      version: "",
      provider: "cpu",
      fallbackReasons: [because],
    },
  };
}

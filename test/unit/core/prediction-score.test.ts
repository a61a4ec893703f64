import { describe, expect, it } from "vitest";
import { makeObservation, type Observation } from "../../../bridge/contract/observation.ts";
import type { Prediction } from "../../../bridge/contract/world-model.ts";
import { PredictionScore } from "../../../bridge/core/prediction-score.ts";

const stepMs = 40;
const horizonSteps = 4;

const commandAt = (step: number): number => Math.sin(2 * ((step * stepMs) / 1000 + 0.1));
const planFrom = (step: number): Float32Array =>
  Float32Array.from({ length: horizonSteps }, (_, i) => commandAt(step + i + 1));

/** One joint swings: position(t) = sin(2 t). */
function observationAt(step: number): Observation {
  const observation = makeObservation(1);
  const timeS = (step * stepMs) / 1000;
  observation.stampMs = step * stepMs;
  observation.jointPosRad[0] = Math.sin(2 * timeS);
  observation.jointVelRadPerS[0] = 2 * Math.cos(2 * timeS);
  observation.commandPosRad[0] = commandAt(step);
  return observation;
}

function predictionAt(step: number, errorRad: (k: number) => number, stdRad: number): Prediction {
  const steps = Array.from({ length: horizonSteps }, (_, i) => i + 1);
  const truth = steps.map((k) => observationAt(step + k).jointPosRad[0]! + errorRad(k));
  return {
    stampMs: step * stepMs,
    stepMs,
    candidateCount: 1,
    horizonSteps,
    axisCount: 1,
    meanPosRad: Float32Array.from(truth),
    stdPosRad: new Float32Array(horizonSteps).fill(stdRad),
    meanVelRadPerS: new Float32Array(horizonSteps),
    stdVelRadPerS: new Float32Array(horizonSteps),
    stateSequence: step,
    inferMs: 0,
  };
}

function run(steps: number, errorRad: (k: number) => number, stdRad: number): PredictionScore {
  const score = new PredictionScore({ stepMs, horizonSteps, axisCount: 1 });
  for (let step = 0; step < steps; step += 1) {
    const observation = observationAt(step);
    score.compare(observation);
    score.add(predictionAt(step, errorRad, stdRad), observation, planFrom(step));
  }
  return score;
}

describe("PredictionScore", () => {
  it("measures the error of each horizon against what happened", () => {
    const { horizons } = run(400, (k) => 0.01 * k, 0.1).snapshot();
    for (const horizon of horizons) {
      expect(horizon.modelRmseRad).toBeCloseTo(0.01 * horizon.step, 4);
    }
  });

  it("measures hold and constant velocity on the same data", () => {
    const last = run(800, () => 0, 0.1).snapshot().horizons[3]!;
    // Mean over a swing of (sin 2(t+d) - sin 2t)^2 is 2 sin^2(d); d = 0.16 s.
    expect(last.holdRmseRad).toBeCloseTo(Math.SQRT2 * Math.sin(0.16), 1);
    expect(last.constantVelocityRmseRad).toBeGreaterThan(0.01);
    expect(last.constantVelocityRmseRad).toBeLessThan(last.holdRmseRad);
    expect(last.modelRmseRad).toBeLessThan(1e-6);
  });

  it("counts what lies outside the 90 % interval and widens it until coverage is restored", () => {
    // The errors swing between 0 and 0.02 rad; a deviation of 0.004 covers only 0.0066 at first.
    const score = new PredictionScore({ stepMs, horizonSteps, axisCount: 1 });
    for (let step = 0; step < 4000; step += 1) {
      const observation = observationAt(step);
      score.compare(observation);
      const error = 0.02 * ((step * 7919) % 101) * 0.01;
      score.add(
        predictionAt(step, () => error, 0.004),
        observation,
        planFrom(step),
      );
    }
    const { horizons, scale } = score.snapshot();
    expect(scale[0]).toBeGreaterThan(2);
    for (const horizon of horizons) expect(horizon.coverageRatio).toBeCloseTo(0.9, 1);
  });

  it("says degraded when even the widest interval misses", () => {
    expect(run(600, () => 0.5, 0.001).snapshot().degraded).toBe(true);
    expect(run(600, () => 0.001, 0.01).snapshot().degraded).toBe(false);
  });

  it("does not score a mount at rest", () => {
    const score = new PredictionScore({ stepMs, horizonSteps, axisCount: 1 });
    for (let step = 0; step < 50; step += 1) {
      const still = makeObservation(1);
      still.stampMs = step * stepMs;
      score.compare(still);
      score.add(
        predictionAt(step, () => 0, 0.1),
        still,
        new Float32Array(horizonSteps),
      );
    }
    expect(score.snapshot().horizons.map((horizon) => horizon.sampleCount)).toEqual([0, 0, 0, 0]);
  });

  it("does not compare what follows once the commands have left the plan", () => {
    const score = new PredictionScore({ stepMs, horizonSteps, axisCount: 1 });
    for (let step = 0; step < 100; step += 1) {
      const observation = observationAt(step);
      score.compare(observation);
      const plan = planFrom(step);
      plan[2]! += 0.01;
      score.add(
        predictionAt(step, () => 0, 0.1),
        observation,
        plan,
      );
    }
    const { horizons, planHeldRatio } = score.snapshot();
    const counts = horizons.map((horizon) => horizon.sampleCount);
    expect(counts.slice(0, 2).every((count) => count > 90)).toBe(true);
    expect(counts.slice(2)).toEqual([0, 0]);
    expect(planHeldRatio).toBe(0);
    expect(run(100, () => 0, 0.1).snapshot().planHeldRatio).toBe(1);
  });

  it("does not bridge a hole in the observations", () => {
    const score = new PredictionScore({ stepMs, horizonSteps, axisCount: 1 });
    score.add(
      predictionAt(0, () => 0, 0.1),
      observationAt(0),
      planFrom(0),
    );
    for (const step of [1, 3, 4]) score.compare(observationAt(step));
    const { horizons } = score.snapshot();
    expect(horizons.map((horizon) => horizon.sampleCount)).toEqual([1, 0, 0, 0]);
  });
});

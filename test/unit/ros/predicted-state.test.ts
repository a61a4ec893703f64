import { describe, expect, it } from "vitest";
import { makePredictedState, predictedStateAt } from "../../../ros/predicted-state.ts";
import { prediction } from "./prediction.ts";

// Steps at 1040, 1080 and 1120 ms.
const threeSteps = prediction({
  stampMs: 1000,
  posRad: [1, 10, 2, 20, 4, 40],
  velRadPerS: [0, -1, 1, -2, 3, -4],
});

describe("the predicted state at a time", () => {
  it.each([
    { timeMs: 900, stampMs: 1040, posRad: [1, 10], velRadPerS: [0, -1] },
    { timeMs: 1020, stampMs: 1040, posRad: [1, 10], velRadPerS: [0, -1] },
    { timeMs: 1040, stampMs: 1040, posRad: [1, 10], velRadPerS: [0, -1] },
    { timeMs: 1050, stampMs: 1050, posRad: [1.25, 12.5], velRadPerS: [0.25, -1.25] },
    { timeMs: 1080, stampMs: 1080, posRad: [2, 20], velRadPerS: [1, -2] },
    { timeMs: 1100, stampMs: 1100, posRad: [3, 30], velRadPerS: [2, -3] },
    { timeMs: 1120, stampMs: 1120, posRad: [4, 40], velRadPerS: [3, -4] },
    { timeMs: 5000, stampMs: 1120, posRad: [4, 40], velRadPerS: [3, -4] },
  ])("asked for $timeMs ms is the state at $stampMs ms", ({ timeMs, ...expected }) => {
    const state = predictedStateAt(threeSteps, timeMs, makePredictedState(2));
    expect(state.stampMs).toBe(expected.stampMs);
    expect([...state.posRad]).toEqual(expected.posRad);
    expect([...state.velRadPerS]).toEqual(expected.velRadPerS);
  });

  it("of a single step is that step, whatever the time", () => {
    const oneStep = prediction({ stampMs: 1000, posRad: [1, 2], velRadPerS: [3, 4] });
    for (const timeMs of [0, 1040, 1060, 9000]) {
      const state = predictedStateAt(oneStep, timeMs, makePredictedState(2));
      expect(state).toEqual({
        stampMs: 1040,
        posRad: Float64Array.of(1, 2),
        velRadPerS: Float64Array.of(3, 4),
        stdPosRad: Float64Array.of(0, 0),
      });
    }
  });

  it("has a deviation between those of the steps around it", () => {
    const growing = { ...threeSteps, stdPosRad: Float32Array.of(1, 2, 3, 4, 5, 8) };
    const state = predictedStateAt(growing, 1100, makePredictedState(2));
    expect([...state.stdPosRad]).toEqual([4, 6]);
  });

  it("never takes a number from another candidate", () => {
    const twoCandidates = prediction({
      stampMs: 1000,
      candidateCount: 2,
      posRad: [1, 1, 2, 2, 99, 99, 99, 99],
      velRadPerS: [1, 1, 2, 2, 99, 99, 99, 99],
    });
    const state = predictedStateAt(twoCandidates, 1e9, makePredictedState(2));
    expect([...state.posRad, ...state.velRadPerS]).toEqual([2, 2, 2, 2]);
  });
});

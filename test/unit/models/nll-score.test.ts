import { expect, test } from "vitest";
import { makeObservation } from "../../../bridge/contract/observation.ts";
import { NllScore } from "../../../models/nll-score.ts";

/** Two joints; every number is `away` deviations from its prediction. */
function play(score: NllScore, sequence: number, away: number, commandRad = 0): void {
  score.predicted(
    sequence,
    Float32Array.of(0, 0),
    new Float32Array(4),
    new Float32Array(4).fill(0.1),
  );
  const observation = makeObservation(2);
  observation.jointPosRad.fill(0.1 * away);
  observation.jointVelRadPerS.fill(-0.1 * away);
  observation.commandPosRad.fill(commandRad);
  score.observed(sequence + 1, observation);
}

test("is half the mean squared normalised error, averaged over time", () => {
  const score = new NllScore(0.25, 2);
  expect(score.score).toBeUndefined();
  play(score, 1, 1);
  expect(score.score).toBeCloseTo(0.5, 5);
  play(score, 2, 3);
  expect(score.score).toBeCloseTo(0.5 + 0.25 * (4.5 - 0.5), 5);
});

test("does not count a prediction made under another command", () => {
  const score = new NllScore(0.5, 2);
  play(score, 1, 5, 0.1);
  expect(score.score).toBeUndefined();
});

test("does not count an observation that is not the next one", () => {
  const score = new NllScore(0.5, 2);
  score.predicted(1, Float32Array.of(0, 0), new Float32Array(4), new Float32Array(4).fill(1));
  score.observed(3, makeObservation(2));
  expect(score.score).toBeUndefined();
});

test("starts anew after a reset", () => {
  const score = new NllScore(0.5, 2);
  play(score, 1, 4);
  score.reset();
  expect(score.score).toBeUndefined();
  play(score, 1, 1);
  expect(score.score).toBeCloseTo(0.5, 5);
});

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Observation } from "../../../bridge/contract/observation.ts";
import type { PredictRequest, WorldModel } from "../../../bridge/contract/world-model.ts";
import { tinyObserve, tinyRollout, tinyStepS, type TinyState } from "../../fakes/tiny-package.ts";

const code = (text: string): { code: string } => expect.objectContaining({ code: text }) as never;

/** The observation of step `t` of a slow movement; the stamps are one model step apart. */
export function observationAt(t: number, changes: Partial<Observation> = {}): Observation {
  const posRad = Float64Array.of(2 - 0.01 * t, 0.1 * Math.sin(t / 3), 0.02 * t, -0.3);
  return {
    stampMs: 1000 + t * tinyStepS * 1e3,
    jointPosRad: posRad,
    jointVelRadPerS: new Float64Array(4).fill(0.1),
    jointEffortNm: new Float64Array(4).fill(-0.2),
    commandPosRad: posRad.map((value, i) => value + 0.05 * (i + 1)),
    ...changes,
  };
}

/** What the tiny package's state must be after the same observations, computed in TypeScript. */
function stateAfter(observations: readonly Observation[]): TinyState {
  let state: TinyState | undefined;
  for (const { jointPosRad, commandPosRad } of observations) {
    state = tinyObserve(state, [...jointPosRad], [...commandPosRad]);
  }
  return state!;
}

const actionRows = (n: number, k: number): number[][] =>
  Array.from({ length: n * k }, (_, i) => [2 - 0.01 * i, 0.03 * (i % k), 0.1, -0.3 + 0.02 * i]);

function requestOf(candidateCount: number, horizonSteps: number): PredictRequest {
  const actionsRad = Float32Array.from(actionRows(candidateCount, horizonSteps).flat());
  return { actionsRad, candidateCount, horizonSteps };
}

/** What every `WorldModel` promises, run with the tiny package whose predictions are known. */
export function describeWorldModelContract(name: string, open: () => Promise<WorldModel>): void {
  describe(`WorldModel contract: ${name}`, () => {
    let model: WorldModel;
    beforeEach(async () => {
      model = await open();
    });
    afterEach(async () => {
      await model[Symbol.asyncDispose]();
    });

    const observeSteps = async (count: number): Promise<Observation[]> => {
      const observations = Array.from({ length: count }, (_, t) => observationAt(t));
      for (const observation of observations) await model.observe(observation);
      return observations;
    };

    test("describes the package and what runs it", () => {
      expect(model.description).toMatchObject({
        id: "tiny",
        family: "recurrent-latent",
        axisNames: ["deploy", "yaw", "roll", "pitch"],
        stepS: 0.04,
        maxHorizonSteps: 32,
        stateTtlS: 1,
        actionConditioned: true,
        engine: { provider: "cpu", fallbackReasons: [] },
      });
      expect(model.description.sha256).toMatch(/^[0-9a-f]{64}$/);
    });

    test.each([
      [1, 1],
      [1, 32],
      [3, 5],
      [64, 16],
    ])("predicts %i candidates over %i steps as computed by hand", async (n, k) => {
      const observations = await observeSteps(7);
      const prediction = await model.predict(requestOf(n, k));
      expect(prediction).toMatchObject({
        stampMs: observations[6]!.stampMs,
        stepMs: 40,
        candidateCount: n,
        horizonSteps: k,
        axisCount: 4,
        stateSequence: 7,
      });
      expect(prediction.inferMs).toBeGreaterThan(0);
      const actions = actionRows(n, k);
      for (let candidate = 0; candidate < n; candidate += 1) {
        const own = actions.slice(candidate * k, (candidate + 1) * k);
        const expected = tinyRollout(stateAfter(observations), own);
        const part = (values: Float32Array): number[] => [
          ...values.subarray(candidate * k * 4, (candidate + 1) * k * 4),
        ];
        expectClose(
          part(prediction.meanPosRad),
          expected.mean.flatMap((row) => row.slice(0, 4)),
        );
        expectClose(
          part(prediction.meanVelRadPerS),
          expected.mean.flatMap((row) => row.slice(4)),
        );
        expectClose(
          part(prediction.stdPosRad),
          expected.std.flatMap((row) => row.slice(0, 4)),
        );
        expectClose(
          part(prediction.stdVelRadPerS),
          expected.std.flatMap((row) => row.slice(4)),
        );
      }
    });

    test("predicting changes nothing: asked twice, it says the same", async () => {
      await observeSteps(3);
      const first = await model.predict(requestOf(2, 8));
      await model.predict(requestOf(5, 4));
      const again = await model.predict(requestOf(2, 8));
      expect(again.meanPosRad).toEqual(first.meanPosRad);
      expect(again.stateSequence).toBe(3);
    });

    test("hands out arrays that later predictions leave alone", async () => {
      await observeSteps(2);
      const first = await model.predict(requestOf(1, 4));
      const copy = first.meanPosRad.slice();
      await model.observe(observationAt(2));
      await model.predict({ ...requestOf(1, 4), actionsRad: new Float32Array(16).fill(1) });
      expect(first.meanPosRad).toEqual(copy);
    });

    test("calls take effect in the order they are made, awaited or not", async () => {
      const work = [model.observe(observationAt(0)), model.observe(observationAt(1))];
      const early = model.predict(requestOf(1, 2));
      work.push(model.observe(observationAt(2)));
      const prediction = await early;
      await Promise.all(work);
      expect(prediction.stateSequence).toBe(2);
      expect(prediction.stampMs).toBe(observationAt(1).stampMs);
      expect((await model.predict(requestOf(1, 2))).stateSequence).toBe(3);
    });

    test("has nothing to say before the first observation and after a reset", async () => {
      await expect(model.predict(requestOf(1, 1))).rejects.toThrow(code("model/not-ready"));
      await observeSteps(2);
      await model.reset();
      await expect(model.predict(requestOf(1, 1))).rejects.toThrow(code("model/not-ready"));
    });

    test("forgets everything on reset", async () => {
      await observeSteps(9);
      await model.reset();
      await model.observe(observationAt(20));
      const prediction = await model.predict(requestOf(1, 3));
      const expected = tinyRollout(stateAfter([observationAt(20)]), actionRows(1, 3));
      expect(prediction.stateSequence).toBe(1);
      expectClose(
        [...prediction.meanPosRad],
        expected.mean.flatMap((row) => row.slice(0, 4)),
      );
    });

    test.each([
      ["a gap within the time to live keeps the state", 990, 4],
      ["a longer gap starts a new state", 1010, 1],
      ["a stamp that goes back starts a new state", -40, 1],
    ])("%s", async (_, gapMs, sequence) => {
      const observations = await observeSteps(3);
      const stampMs = observations[2]!.stampMs + gapMs;
      await model.observe(observationAt(3, { stampMs }));
      const prediction = await model.predict(requestOf(1, 3));
      expect(prediction.stateSequence).toBe(sequence);
      const seen = sequence === 1 ? [observationAt(3)] : [...observations, observationAt(3)];
      const expected = tinyRollout(stateAfter(seen), actionRows(1, 3));
      expectClose(
        [...prediction.meanPosRad],
        expected.mean.flatMap((row) => row.slice(0, 4)),
      );
    });

    test.each([
      ["NaN in a position", { jointPosRad: Float64Array.of(0, Number.NaN, 0, 0) }],
      ["an infinite effort", { jointEffortNm: Float64Array.of(0, 0, 0, Infinity) }],
      ["too few velocities", { jointVelRadPerS: new Float64Array(3) }],
      ["too many setpoints", { commandPosRad: new Float64Array(5) }],
    ])("refuses an observation with %s and keeps its state", async (_, changes) => {
      await observeSteps(3);
      const before = await model.predict(requestOf(1, 4));
      const observing = model.observe(observationAt(3, changes));
      await expect(observing).rejects.toThrow(code("model/shape"));
      const after = await model.predict(requestOf(1, 4));
      expect(after.meanPosRad).toEqual(before.meanPosRad);
      expect(after.stateSequence).toBe(3);
    });

    test.each([
      ["no candidate", { candidateCount: 0 }],
      ["more candidates than any planner asks for", { candidateCount: 100_000 }],
      ["no step", { horizonSteps: 0 }],
      ["half a step", { horizonSteps: 2.5 }],
      ["more steps than the package has", { horizonSteps: 33 }],
      ["actions of another length", { actionsRad: new Float32Array(15) }],
    ])("refuses a request with %s", async (_, changes) => {
      await observeSteps(1);
      const { candidateCount, horizonSteps, actionsRad } = { ...requestOf(1, 4), ...changes };
      const fits = Math.max(0, Math.ceil(candidateCount * horizonSteps * 4));
      const actions = "actionsRad" in changes ? actionsRad : new Float32Array(Math.min(fits, 1e6));
      const request = { candidateCount, horizonSteps, actionsRad: actions };
      await expect(model.predict(request)).rejects.toThrow(code("model/shape"));
      expect((await model.predict(requestOf(1, 32))).horizonSteps).toBe(32);
    });

    test("publishes no number that is not finite", async () => {
      await observeSteps(1);
      const actionsRad = new Float32Array(8).fill(Number.NaN);
      const predicting = model.predict({ actionsRad, candidateCount: 1, horizonSteps: 2 });
      await expect(predicting).rejects.toThrow(code("model/output"));
      expect((await model.predict(requestOf(1, 2))).stateSequence).toBe(1);
    });

    test("is closed after disposal, and closes twice without harm", async () => {
      await observeSteps(1);
      await model[Symbol.asyncDispose]();
      await model[Symbol.asyncDispose]();
      await expect(model.predict(requestOf(1, 1))).rejects.toThrow(code("model/closed"));
      await expect(model.observe(observationAt(1))).rejects.toThrow(code("model/closed"));
      await expect(model.reset()).rejects.toThrow(code("model/closed"));
    });
  });
}

function expectClose(found: readonly number[], expected: readonly number[]): void {
  expect(found).toHaveLength(expected.length);
  for (const [index, value] of expected.entries()) expect(found[index]).toBeCloseTo(value, 4);
}

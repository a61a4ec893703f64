import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { DeviceDescription } from "../../../bridge/contract/device.ts";
import type { Engine } from "../../../bridge/contract/engine.ts";
import type { Observation } from "../../../bridge/contract/observation.ts";
import type { Prediction } from "../../../bridge/contract/world-model.ts";
import { MountMotion } from "../../../devices/actuation/motion.ts";
import { openEngine } from "../../../models/engine/open-engine.ts";
import { disableTelemetry } from "../../../models/engine/telemetry.ts";
import { loadPackage } from "../../../models/package/load-package.ts";
import { OnnxWorldModel } from "../../../models/world-model.ts";
import { openMountSimulator, type MountSimulator } from "../../../sims/embedded/mount-simulator.ts";
import { seededRandom } from "../../../bridge/core/seeded-random.ts";
import { drawIntent, drivenEpisode, observeSteps, stepMs } from "./mount-episodes.ts";

// The shipped model against mounts whose seeds no training split contains, commands drawn by another
// program than the training data's, through the engine the service uses.
const firstSeed = 9_000_000;
const episodeCount = 48;
const stepCount = 176;
const horizon = 32;
const startSteps = [40, 56, 72, 88, 104, 120, 136];
const horizons = [1, 2, 4, 8, 16, 24, 32];
const axisCount = 4;
const ninety = 1.645;

const root = new URL("../../../", import.meta.url);
let engine: Engine;
let model: OnnxWorldModel;
let simulator: MountSimulator;

beforeAll(async () => {
  disableTelemetry();
  const profile = await readFile(new URL("devices/profiles/phone-mount-4dof.json", root), "utf8");
  simulator = await openMountSimulator({
    device: JSON.parse(profile) as DeviceDescription,
    seed: firstSeed,
  });
  engine = await openEngine();
  const pack = await loadPackage(fileURLToPath(new URL("models/embedded", root)));
  model = await OnnxWorldModel.open({ engine, pack });
});
afterAll(async () => {
  await model[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
  simulator[Symbol.dispose]();
});

const setpoints = (steps: readonly Observation[]): Float32Array =>
  Float32Array.from(steps.flatMap((step) => [...step.commandPosRad]));

/** Every step's setpoint moved so that the first follows on from where another episode stands. */
function movedTo(from: Observation, lent: Observation, actionsRad: Float32Array): Float32Array {
  return actionsRad.map((value, i) => {
    const axis = i % axisCount;
    return from.commandPosRad[axis]! + value - lent.commandPosRad[axis]!;
  });
}

/** Squared errors and interval hits by horizon, over every rollout and axis. */
class Tally {
  readonly #squares = new Float64Array(horizon);
  readonly #hits = new Float64Array(horizon);
  #count = 0;

  add(truth: readonly Observation[], pick: (step: number, axis: number) => [number, number]): void {
    this.#count += axisCount;
    for (let step = 0; step < horizon; step += 1) {
      for (let axis = 0; axis < axisCount; axis += 1) {
        const [mean, std] = pick(step, axis);
        const error = truth[step]!.jointPosRad[axis]! - mean;
        this.#squares[step]! += error * error;
        if (Math.abs(error) <= ninety * std) this.#hits[step]! += 1;
      }
    }
  }

  addPrediction(truth: readonly Observation[], { meanPosRad, stdPosRad }: Prediction): void {
    this.add(truth, (step, axis) => {
      const at = step * axisCount + axis;
      return [meanPosRad[at]!, stdPosRad[at]!];
    });
  }

  rmse(k: number): number {
    return Math.sqrt(this.#squares[k - 1]! / this.#count);
  }

  coverage(k: number): number {
    return this.#hits[k - 1]! / this.#count;
  }
}

type Name = "model" | "hold" | "constantVelocity" | "frozenCommand" | "otherMoves" | "fresh";

async function judge(): Promise<Record<Name, Tally>> {
  const tallies = {
    model: new Tally(),
    hold: new Tally(),
    constantVelocity: new Tally(),
    frozenCommand: new Tally(),
    otherMoves: new Tally(),
    fresh: new Tally(),
  };
  const episodes = Array.from({ length: episodeCount }, (_, i) =>
    drivenEpisode(simulator, firstSeed + i, { stepCount }),
  );
  const predict = (actionsRad: Float32Array): Promise<Prediction> =>
    model.predict({ actionsRad, candidateCount: 1, horizonSteps: horizon });

  for (const [index, episode] of episodes.entries()) {
    const other = episodes[(index + 1) % episodeCount]!;
    await model.reset();
    for (const [t, observation] of episode.entries()) {
      await model.observe(observation);
      if (!startSteps.includes(t)) continue;
      const truth = episode.slice(t + 1, t + 1 + horizon);
      const actions = setpoints(truth);
      const frozen = setpoints(truth.map(() => observation));
      const lent = setpoints(other.slice(t + 1, t + 1 + horizon));
      tallies.model.addPrediction(truth, await predict(actions));
      tallies.frozenCommand.addPrediction(truth, await predict(frozen));
      tallies.otherMoves.addPrediction(truth, await predict(movedTo(observation, other[t]!, lent)));
      tallies.hold.add(truth, (_, axis) => [observation.jointPosRad[axis]!, 0]);
      tallies.constantVelocity.add(truth, (step, axis) => {
        const aheadS = ((step + 1) * stepMs) / 1e3;
        return [observation.jointPosRad[axis]! + observation.jointVelRadPerS[axis]! * aheadS, 0];
      });
    }
    // The last start once more, with nothing seen before it.
    const t = startSteps.at(-1)!;
    await model.reset();
    await model.observe(episode[t]!);
    const truth = episode.slice(t + 1, t + 1 + horizon);
    tallies.fresh.addPrediction(truth, await predict(setpoints(truth)));
  }
  return tallies;
}

describe("the embedded model on mounts it has never met", () => {
  let tallies: Record<Name, Tally>;
  beforeAll(async () => {
    tallies = await judge();
  });

  test.each(horizons.filter((k) => k >= 2))(
    "beats holding still and constant velocity %i steps ahead",
    (k) => {
      expect(tallies.model.rmse(k)).toBeLessThan(0.5 * tallies.hold.rmse(k));
      expect(tallies.model.rmse(k)).toBeLessThan(0.7 * tallies.constantVelocity.rmse(k));
    },
  );

  test.each(horizons)("its 90 % interval holds about that often %i steps ahead", (k) => {
    expect(tallies.model.coverage(k)).toBeGreaterThan(0.8);
    expect(tallies.model.coverage(k)).toBeLessThan(0.98);
  });

  test("reads the setpoints: another episode's moves make it far worse", () => {
    for (const k of [8, 16, 32]) {
      expect(tallies.otherMoves.rmse(k)).toBeGreaterThan(5 * tallies.model.rmse(k));
      expect(tallies.otherMoves.coverage(k)).toBeLessThan(0.7);
    }
  });

  test("reads the setpoints: freezing them makes it far worse", () => {
    for (const k of [8, 16, 32]) {
      expect(tallies.frozenCommand.rmse(k)).toBeGreaterThan(4 * tallies.model.rmse(k));
    }
  });

  test("uses what it has seen: right after a reset it is worse", () => {
    for (const k of [1, 2, 4]) {
      expect(tallies.fresh.rmse(k)).toBeGreaterThan(1.3 * tallies.model.rmse(k));
    }
  });
});

describe("the embedded model asked what if", () => {
  const candidateCount = 8;

  /** Candidates from one and the same state: what each does to the mount, and what the model says it will do. */
  async function branch(seed: number): Promise<{ actual: Float64Array; predicted: Float32Array }> {
    const { device } = simulator;
    const context = drivenEpisode(simulator, seed, { stepCount: 60, restSteps: 25 });
    await model.reset();
    for (const observation of context) await model.observe(observation);

    const saved = new Float64Array(simulator.stateWidth);
    simulator.save(saved);
    // At rest, a shaper started afresh stands where the first one stood.
    const motion = new MountMotion(device);
    const restRad = context.at(-1)!.commandPosRad;
    const random = seededRandom(seed);
    const actionsRad: number[] = [];
    const actual: number[] = [];
    for (let candidate = 0; candidate < candidateCount; candidate += 1) {
      simulator.restore(saved);
      motion.reset(restRad);
      motion.setIntent(drawIntent(device, random, 0));
      // The first of these is one step after the last observation.
      const steps = observeSteps({ simulator, motion }, { fromMs: 0, stepCount: horizon });
      for (const { commandPosRad, jointPosRad } of steps) {
        actionsRad.push(...commandPosRad);
        actual.push(...jointPosRad);
      }
    }
    const prediction = await model.predict({
      actionsRad: Float32Array.from(actionsRad),
      candidateCount,
      horizonSteps: horizon,
    });
    return { actual: Float64Array.from(actual), predicted: prediction.meanPosRad };
  }

  test("explains nearly all of the difference between futures of the same moment", async () => {
    const share = { unexplained: 0, total: 0 };
    for (let index = 0; index < 24; index += 1) {
      const { actual, predicted } = await branch(firstSeed + 1000 + index);
      for (const k of [8, 16]) addBetween(actual, predicted, k, share);
    }
    expect(share.total).toBeGreaterThan(1);
    expect(1 - share.unexplained / share.total).toBeGreaterThan(0.97);
  });

  /** Sums the spread over candidates at step k, and what is left of it after the prediction. */
  function addBetween(
    actual: Float64Array,
    predicted: Float32Array,
    k: number,
    share: { unexplained: number; total: number },
  ): void {
    for (let axis = 0; axis < axisCount; axis += 1) {
      const at = (candidate: number): number => (candidate * horizon + k - 1) * axisCount + axis;
      const every = Array.from({ length: candidateCount }, (_, candidate) => at(candidate));
      const mean = (of: ArrayLike<number>): number =>
        every.reduce((sum, i) => sum + of[i]!, 0) / candidateCount;
      const actualMean = mean(actual);
      const predictedMean = mean(predicted);
      for (const i of every) {
        const spread = actual[i]! - actualMean;
        share.total += spread ** 2;
        share.unexplained += (spread - (predicted[i]! - predictedMean)) ** 2;
      }
    }
  }
});

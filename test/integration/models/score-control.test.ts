import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Engine } from "../../../bridge/contract/engine.ts";
import type { Observation } from "../../../bridge/contract/observation.ts";
import { PredictionScore, type ScoreSnapshot } from "../../../bridge/core/prediction-score.ts";
import { loadProfile } from "../../../devices/profiles/load-profile.ts";
import { openEngine } from "../../../models/engine/open-engine.ts";
import { disableTelemetry } from "../../../models/engine/telemetry.ts";
import { loadPackage } from "../../../models/package/load-package.ts";
import { OnnxWorldModel } from "../../../models/world-model.ts";
import { openMountSimulator, type MountSimulator } from "../../../sims/embedded/mount-simulator.ts";
import { drivenEpisode, stepMs } from "./mount-episodes.ts";

// The score the service publishes, fed by the shipped model on mounts it has never met: it must tell
// predictions that knew the commands from predictions that were given somebody else's.
const horizonSteps = 16;
const axisCount = 4;
const stepCount = 200;
const seeds = [9_100_001, 9_100_002, 9_100_003, 9_100_004, 9_100_005, 9_100_006];

let engine: Engine;
let model: OnnxWorldModel;
let simulator: MountSimulator;
beforeAll(async () => {
  disableTelemetry();
  const root = new URL("../../../", import.meta.url);
  const path = (name: string): string => fileURLToPath(new URL(name, root));
  const device = loadProfile(path("devices/profiles/phone-mount-4dof.json"));
  simulator = await openMountSimulator({ device, seed: 1 });
  engine = await openEngine();
  model = await OnnxWorldModel.open({ engine, pack: await loadPackage(path("models/embedded")) });
});
afterAll(async () => {
  await model[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
  simulator[Symbol.dispose]();
});

const setpointsFrom = (episode: readonly Observation[], step: number): Float32Array =>
  Float32Array.from(
    episode.slice(step + 1, step + 1 + horizonSteps).flatMap((next) => [...next.commandPosRad]),
  );

/** Scores one pass over the episodes; `given` says what the model is told will be commanded. */
async function score(
  given: (plan: Float32Array, episode: number, step: number) => Float32Array,
): Promise<ScoreSnapshot> {
  const episodes = seeds.map((seed) => drivenEpisode(simulator, seed, { stepCount }));
  const result = new PredictionScore({ stepMs, horizonSteps, axisCount });
  for (const [index, episode] of episodes.entries()) {
    await model.reset();
    for (let step = 0; step + horizonSteps < episode.length; step += 1) {
      const observation = episode[step]!;
      await model.observe(observation);
      result.compare(observation);
      const plan = setpointsFrom(episode, step);
      const actionsRad = given(plan, index, step);
      const prediction = await model.predict({ actionsRad, candidateCount: 1, horizonSteps });
      result.add(prediction, observation, plan);
    }
  }
  return result.snapshot();
}

it("the score of true commands beats both baselines, and shuffled commands score clearly worse", async () => {
  const lent = seeds.map((seed) => drivenEpisode(simulator, seed + 500, { stepCount }));
  const truth = await score((plan) => plan);
  const shuffled = await score((_, episode, step) => setpointsFrom(lent[episode]!, step));
  const lines = [2, 4, 8, 16].map((step) => {
    const known = truth.horizons[step - 1]!;
    const other = shuffled.horizons[step - 1]!;
    expect(known.sampleCount).toBeGreaterThan(200);
    expect(known.modelRmseRad).toBeLessThan(0.8 * known.constantVelocityRmseRad);
    expect(known.modelRmseRad).toBeLessThan(0.8 * known.holdRmseRad);
    expect(other.modelRmseRad).toBeGreaterThan(5 * known.modelRmseRad);
    return `${step} steps: ${known.modelRmseRad.toFixed(4)} rad, shuffled ${other.modelRmseRad.toFixed(4)}`;
  });
  expect(truth.degraded).toBe(false);
  expect(shuffled.degraded).toBe(true);
  process.stdout.write(`${lines.join("\n")}\n`);
});

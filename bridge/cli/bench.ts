import type { Config } from "../config.ts";
import { makeObservation } from "../contract/observation.ts";
import type { WorldModel } from "../contract/world-model.ts";
import { openConfiguredModel } from "../parts/model.ts";

const warmUpRuns = 20;
const timedRuns = 200;

/** Times what the loop does each step, through the inference worker, and prints ms per call. */
export async function runBench(config: Config, print: (line: string) => void): Promise<void> {
  await using model = await openConfiguredModel(config);
  const { description } = model;
  print(`${description.id} ${description.revision} on ${description.engine.provider}`);
  print("call                          p50 ms   p99 ms");
  const observation = makeObservation(description.axisNames.length);
  await time("observe", print, async () => {
    observation.stampMs += description.stepS * 1000;
    await model.observe(observation);
  });
  for (const candidateCount of [1, 16, 64]) {
    for (const horizonSteps of [16, description.maxHorizonSteps]) {
      const request = zeroRequest(model, candidateCount, horizonSteps);
      await time(`predict K=${horizonSteps} N=${candidateCount}`, print, async () => {
        await model.predict(request);
      });
    }
  }
}

function zeroRequest(model: WorldModel, candidateCount: number, horizonSteps: number) {
  const length = candidateCount * horizonSteps * model.description.axisNames.length;
  return { actionsRad: new Float32Array(length), candidateCount, horizonSteps };
}

async function time(
  name: string,
  print: (line: string) => void,
  call: () => Promise<void>,
): Promise<void> {
  for (let i = 0; i < warmUpRuns; i += 1) await call();
  const tookMs: number[] = [];
  for (let i = 0; i < timedRuns; i += 1) {
    const startMs = performance.now();
    await call();
    tookMs.push(performance.now() - startMs);
  }
  tookMs.sort((a, b) => a - b);
  const at = (ratio: number): string =>
    (tookMs[Math.floor(ratio * (tookMs.length - 1))] ?? 0).toFixed(3);
  print(`${name.padEnd(28)}${at(0.5).padStart(8)} ${at(0.99).padStart(8)}`);
}

import process from "node:process";
import { makeObservation } from "../../../bridge/contract/observation.ts";
import { openEngine } from "../../../models/engine/open-engine.ts";
import { loadPackage } from "../../../models/package/load-package.ts";
import { OnnxWorldModel } from "../../../models/world-model.ts";

/** What one package predicts on one library. Printed as JSON. */
export interface LibraryRollout {
  readonly version: string;
  readonly library: string;
  readonly engine: string;
  /** Means and deviations of every package, one after another. */
  readonly values: readonly number[];
}

/**
 * `rollout.js LIBRARY PACKAGE...`: opens the packages on an ONNX Runtime library, which replays their
 * golden rollouts, and prints what they predict after twenty made-up observations. Runs from dist/, as
 * a process of its own: a process has one ONNX Runtime.
 */
const [library = "", ...packages] = process.argv.slice(2);
const engine = await openEngine({ engine: "ort-ffi", libraryPath: library });
const values: number[] = [];
for (const folder of packages) values.push(...(await rollOut(folder)));
const { version, name } = engine.info;
const result: LibraryRollout = { version, library: engine.info.library, engine: name, values };
process.stdout.write(`${JSON.stringify(result)}\n`);
await engine[Symbol.asyncDispose]();

async function rollOut(folder: string): Promise<number[]> {
  await using model = await OnnxWorldModel.open({ engine, pack: await loadPackage(folder) });
  const { axisNames, stepS, maxHorizonSteps } = model.description;
  const axisCount = axisNames.length;
  // Slow enough for a gimbal: at most 0.5 rad/s.
  const wave = (step: number, axis: number): number => 0.2 * Math.sin(step / 10 + axis);
  for (let step = 0; step < 20; step++) {
    const observation = makeObservation(axisCount);
    observation.stampMs = 1000 * stepS * step;
    for (let axis = 0; axis < axisCount; axis++) {
      observation.jointPosRad[axis] = wave(step, axis);
      observation.jointVelRadPerS[axis] = (wave(step + 1, axis) - wave(step, axis)) / stepS;
      observation.commandPosRad[axis] = wave(step + 1, axis);
    }
    await model.observe(observation);
  }
  const candidateCount = 3;
  const horizonSteps = Math.min(8, maxHorizonSteps);
  const actionsRad = new Float32Array(candidateCount * horizonSteps * axisCount);
  for (let index = 0; index < actionsRad.length; index++) {
    const step = Math.floor(index / axisCount) % horizonSteps;
    const candidate = Math.floor(index / (axisCount * horizonSteps));
    actionsRad[index] = wave(20 + (1 + candidate) * step, index % axisCount);
  }
  const found = await model.predict({ actionsRad, candidateCount, horizonSteps });
  const { meanPosRad, meanVelRadPerS, stdPosRad, stdVelRadPerS } = found;
  return [...meanPosRad, ...meanVelRadPerS, ...stdPosRad, ...stdVelRadPerS];
}

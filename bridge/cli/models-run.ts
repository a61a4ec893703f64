import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { BridgeError, ErrorCode } from "../contract/errors.ts";
import type { Prediction, WorldModel } from "../contract/world-model.ts";
import type { OpenModel } from "../parts/model-tools.ts";
import { parseRunLine, type RunLine } from "./run-input.ts";
import { number3, table } from "./table.ts";

export interface RunOptions {
  /** JSON lines; undefined: the package's golden observations. */
  readonly input: Readable | undefined;
  readonly horizonSteps: number | undefined;
  /** A JSON line per observation rather than a table after the last. */
  readonly json: boolean;
  readonly print: (text: string) => void;
}

/** Feeds observations to a model in order and prints what it predicts. */
export async function runModel({ model, golden }: OpenModel, options: RunOptions): Promise<void> {
  const { input, json, print } = options;
  const { stepS } = model.description;
  let last: { readonly line: RunLine; readonly count: number } | undefined;
  const take = async (line: RunLine): Promise<void> => {
    await model.observe(line.observation);
    if (json) print(JSON.stringify(plain(await predict(model, line, options))));
    last = { line, count: (last?.count ?? 0) + 1 };
  };
  if (input === undefined) {
    for (const observation of golden.observations) {
      await take({ observation, actionsRad: golden.actionsRad });
    }
  } else {
    let nextMs = 0;
    let lineNumber = 0;
    for await (const text of createInterface({ input })) {
      lineNumber += 1;
      if (text.trim() === "") continue;
      const line = parseRunLine(text, `line ${lineNumber}`, nextMs);
      nextMs = line.observation.stampMs + stepS * 1000;
      await take(line);
    }
  }
  if (last === undefined) throw new BridgeError(ErrorCode.ModelNotReady, "the input holds no line");
  if (!json) print(predictionText(model, await predict(model, last.line, options), last.count));
}

async function predict(
  model: WorldModel,
  { observation, actionsRad }: RunLine,
  { horizonSteps: asked }: RunOptions,
): Promise<Prediction> {
  const { maxHorizonSteps, axisNames } = model.description;
  const horizonSteps = asked ?? Math.min(actionsRad?.length ?? maxHorizonSteps, maxHorizonSteps);
  const command = Array.from(observation.commandPosRad);
  // Setpoints that run out are held, as the shaper does when nobody renews them.
  const rows = Array.from(
    { length: horizonSteps },
    (_, k) => actionsRad?.[Math.min(k, actionsRad.length - 1)] ?? command,
  );
  const wrong = rows.find((row) => row.length !== axisNames.length);
  if (wrong !== undefined) {
    const text = `actionsRad has ${wrong.length} numbers in a step, expected ${axisNames.join(", ")}`;
    throw new BridgeError(ErrorCode.ModelShape, text);
  }
  return await model.predict({
    actionsRad: Float32Array.from(rows.flat()),
    candidateCount: 1,
    horizonSteps,
  });
}

/** Arrays as [step][joint]. */
function plain(prediction: Prediction): Record<string, unknown> {
  const { axisCount, horizonSteps, stampMs, stepMs, inferMs, oodScore } = prediction;
  const rows = (values: Float32Array): number[][] =>
    Array.from({ length: horizonSteps }, (_, k) =>
      Array.from(values.subarray(k * axisCount, (k + 1) * axisCount)),
    );
  return {
    stampMs,
    stepMs,
    inferMs,
    meanPosRad: rows(prediction.meanPosRad),
    stdPosRad: rows(prediction.stdPosRad),
    meanVelRadPerS: rows(prediction.meanVelRadPerS),
    stdVelRadPerS: rows(prediction.stdVelRadPerS),
    ...(oodScore === undefined ? {} : { oodScore }),
  };
}

/** Position and its deviation per joint at the first steps, then at every fourth and the last. */
function predictionText(model: WorldModel, prediction: Prediction, observedCount: number): string {
  const { description } = model;
  const { axisCount, horizonSteps, stepMs, inferMs } = prediction;
  const steps = Array.from({ length: horizonSteps }, (_, k) => k + 1).filter(
    (k) => k <= 4 || k % 4 === 0 || k === horizonSteps,
  );
  const rows = steps.map((k) => [
    String(k),
    String(Math.round(k * stepMs)),
    ...description.axisNames.map((_, axis) => {
      const index = (k - 1) * axisCount + axis;
      const mean = prediction.meanPosRad[index] ?? Number.NaN;
      const std = prediction.stdPosRad[index] ?? Number.NaN;
      return `${mean.toFixed(4).padStart(7)} ± ${std.toFixed(5)}`;
    }),
  ]);
  const heads = ["step", "ms", ...description.axisNames.map((name) => `${name} rad`)];
  return [
    `${description.id} ${description.revision} on ${description.engine.provider}: ` +
      `${observedCount} observations, predicted in ${number3(inferMs)} ms`,
    table(heads, rows),
  ].join("\n\n");
}

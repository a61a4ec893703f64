import process from "node:process";
import type { Command } from "commander";
import type { HorizonScore } from "../core/prediction-score.ts";
import { replay, type ReplayResult } from "../lockstep/replay.ts";

interface ReplayFlags {
  readonly model?: string;
  readonly paced?: boolean;
  readonly json?: boolean;
}

/** Steps shown: those of the service's own reports. */
const shownSteps = [1, 2, 4, 8, 16, 24, 32];

/** `kairos-bridge replay`: how a model would have predicted what was recorded. */
export function addReplayCommand(program: Command): void {
  program
    .command("replay")
    .argument("<file>", "a recording made with record.path or kairos-bridge record")
    .description("run the prediction loop on a recording and score the model on it")
    .option("--model <folder>", "model package; default: the shipped one")
    .option("--paced", "in real time instead of as fast as possible")
    .option("--json", "print the result as JSON")
    .action(async (path: string, { model, paced = false, json = false }: ReplayFlags) => {
      const result = await replay({ path, paced, ...(model === undefined ? {} : { model }) });
      const text = json
        ? JSON.stringify(asJson(result), undefined, 2)
        : describe(result).join("\n");
      process.stdout.write(`${text}\n`);
    });
}

function describe(result: ReplayResult): string[] {
  const { recording, model, score, recordedScore, predictions, held } = result;
  const { header, cutBytes, chunkCount } = recording;
  const heldTexts = Object.entries(held).map(([reason, count]) => `${reason} ${count}`);
  return [
    `${result.recordedS.toFixed(1)} s of ${header.deviceId} (${header.deviceProfile}), ${recording.telemetry.count} joint samples, ${recording.pictures.length} pictures, ${chunkCount} chunks`,
    ...(cutBytes === 0 ? [] : [`the file was cut: ${cutBytes} bytes after its last whole chunk`]),
    ...(header.faults.length === 0
      ? []
      : [`recorded with faults injected: ${header.faults.join(", ")}`]),
    `${model.id} ${model.revision}: ${predictions} predictions in ${result.wallS.toFixed(1)} s (${(result.recordedS / result.wallS).toFixed(0)} times real time)${heldTexts.length === 0 ? "" : `, held: ${heldTexts.join(", ")}`}`,
    "ms ahead   model mrad   then mrad   hold mrad   const. vel. mrad   inside 90 %   samples",
    ...shown(score.horizons).map((horizon) =>
      line(horizon, recordedScore.horizons[horizon.step - 1]),
    ),
  ];
}

function shown(horizons: readonly HorizonScore[]): readonly HorizonScore[] {
  return horizons.filter(({ step, sampleCount }) => shownSteps.includes(step) && sampleCount > 0);
}

function line(horizon: HorizonScore, then: HorizonScore | undefined): string {
  const mrad = (rad: number): string => (rad * 1000).toFixed(2);
  const cells: readonly (readonly [string, number])[] = [
    [String(Math.round(horizon.aheadS * 1000)), 8],
    [mrad(horizon.modelRmseRad), 13],
    [then === undefined || then.sampleCount === 0 ? "-" : mrad(then.modelRmseRad), 12],
    [mrad(horizon.holdRmseRad), 12],
    [mrad(horizon.constantVelocityRmseRad), 19],
    [`${(horizon.coverageRatio * 100).toFixed(0)} %`, 14],
    [String(horizon.sampleCount), 10],
  ];
  return cells.map(([text, width]) => text.padStart(width)).join("");
}

function asJson({ recording, ...result }: ReplayResult) {
  const { header, chunkCount, cutBytes, telemetry, pictures } = recording;
  const counts = { jointSamples: telemetry.count, pictures: pictures.length, chunkCount, cutBytes };
  return { ...result, recording: { header, ...counts } };
}

import { Command } from "commander";
import type { Config } from "../config.ts";
import { benchModel } from "../evaluation/bench-model.ts";
import type { Evaluation } from "../evaluation/evaluate-model.ts";
import { reportTables } from "../evaluation/report.ts";
import { table } from "./table.ts";

interface BenchModelFlags {
  readonly config?: string;
  readonly json?: boolean;
  readonly quick?: boolean;
  readonly plots?: string;
  readonly saveBaseline?: string;
}

/** `bench model [package]`: the whole evaluation of a world model, on held-out worlds. */
export function benchModelCommand(host: {
  readonly configOf: (flags: { readonly config?: string }) => Config;
  readonly print: (text: string) => void;
}): Command {
  return new Command("model")
    .argument("[package]", "folder or archive of the package; default the configured one")
    .description("judge a model on simulated worlds it never met, against baselines (minutes)")
    .option("--config <file>", "YAML configuration file")
    .option("--quick", "fewer worlds, in range only")
    .option("--plots <folder>", "draw error by horizon, reliability and predicted pictures as PNG")
    .option("--save-baseline <file>", "write the coefficients of the linear baseline")
    .option("--json", "print everything found as JSON")
    .action(async (path: string | undefined, flags: BenchModelFlags) => {
      const evaluation = await benchModel(host.configOf(flags), {
        ...(path === undefined ? {} : { path }),
        ...(flags.plots === undefined ? {} : { plots: flags.plots }),
        ...(flags.saveBaseline === undefined ? {} : { saveBaseline: flags.saveBaseline }),
        isQuick: flags.quick ?? false,
        onProgress: (text) => process.stderr.write(`${text}\n`),
      });
      host.print(flags.json === true ? asJson(evaluation) : asText(evaluation));
    });
}

function asText(evaluation: Evaluation): string {
  const { id, revision, sha256 } = evaluation;
  const tables = reportTables(evaluation).map(
    ({ title, heads, rows }) => `${title}\n${table(heads, rows)}`,
  );
  return [`${id} ${revision} (sha256 ${sha256.slice(0, 12)})`, ...tables].join("\n\n");
}

/** Without pictures; maps as objects, sets of numbers as arrays. */
function asJson({ controls, ...found }: Evaluation): string {
  const plain = {
    ...found,
    controls: Object.fromEntries(controls),
    film: undefined,
    arx: undefined,
  };
  const replacer = (_key: string, value: unknown): unknown =>
    value instanceof Float64Array ? Array.from(value) : value;
  return JSON.stringify(plain, replacer, 2);
}

import { createReadStream } from "node:fs";
import process from "node:process";
import { Command, InvalidArgumentError } from "commander";
import type { Config } from "../config.ts";
import type { ProviderRequest } from "../contract/engine.ts";
import {
  benchModel,
  inspectPackage,
  listPackages,
  openModel,
  verifyModel,
} from "../parts/model-tools.ts";
import { modelFolder } from "../parts/model.ts";
import { benchText } from "./models-bench.ts";
import { inspectText } from "./models-inspect.ts";
import { listText } from "./models-list.ts";
import { runModel } from "./models-run.ts";
import { verified, verifyText } from "./models-verify.ts";

interface Flags {
  readonly config?: string;
  readonly json?: boolean;
  readonly provider?: readonly ProviderRequest[];
  readonly steps?: number;
  readonly candidates?: number;
  readonly runs?: number;
  readonly input?: string;
}

/** How main.ts reads the configuration and prints. */
export interface ModelsHost {
  readonly configOf: (flags: Pick<Flags, "config">) => Config;
  readonly print: (text: string) => void;
}

/** `kairos-bridge models …`: what a package is, whether it is right here, what it predicts, how fast. */
export function modelsCommand(host: ModelsHost): Command {
  const models = new Command("models").description("look at world model packages and try them");
  const command = (name: string, description: string): Command =>
    models
      .command(name)
      .description(description)
      .option("--config <file>", "YAML configuration file")
      .option("--json", "print JSON");
  const packaged = (name: string, description: string): Command =>
    command(name, description).argument(
      "[path]",
      "package folder, .tar.gz or .zip (configured one)",
    );

  command("list", "the configured and the embedded package, and those in folders")
    .argument("[folders...]", "where else to look")
    .action(async (folders: string[], flags: Flags) => {
      const found = await listPackages(host.configOf(flags), folders);
      show(host, flags, found, listText);
      if (found.some(({ problem }) => problem !== undefined)) process.exitCode = 1;
    });

  packaged("inspect", "roles, shapes, units, rates, licence, where it comes from").action(
    async (path: string | undefined, flags: Flags) => {
      const config = host.configOf(flags);
      const found = await inspectPackage(config, path ?? modelFolder(config));
      show(host, flags, found, inspectText);
    },
  );

  packaged("verify", "replay the golden rollout on each provider and show the worst error")
    .option("--provider <name>", "only this one; repeat for more", provider)
    .action(async (path: string | undefined, flags: Flags) => {
      const config = host.configOf(flags);
      const asked = flags.provider ?? [];
      const found = await verifyModel(config, path ?? modelFolder(config), asked);
      show(host, flags, found, ({ report, verdicts }) => verifyText(report, verdicts));
      const named = asked.map(({ name }) => name);
      if (!verified(found.verdicts, named)) process.exitCode = 1;
    });

  packaged("run", "feed observations, print predictions")
    .option("--input <file>", "observations as JSON lines, - for standard input (golden ones)")
    .option("--steps <count>", "how far to predict", count)
    .option("--provider <name>", "execution provider", provider)
    .action(async (path: string | undefined, flags: Flags) => {
      const config = host.configOf(flags);
      const where = path ?? modelFolder(config);
      await using open = await openModel(config, where, flags.provider?.[0]);
      await runModel(open, {
        input: inputOf(flags.input),
        horizonSteps: flags.steps,
        json: flags.json ?? false,
        print: host.print,
      });
    });

  packaged("bench", "p50 and p99 per graph and of a step of the loop")
    .option("--steps <count>", "steps predicted (model.horizonSteps)", count)
    .option("--candidates <count>", "action sequences predicted at once", count, 1)
    .option("--runs <count>", "timed runs of each", count, 500)
    .option("--provider <name>", "execution provider", provider)
    .action(async (path: string | undefined, flags: Flags) => {
      const config = host.configOf(flags);
      const found = await benchModel(config, path ?? modelFolder(config), {
        candidateCount: flags.candidates ?? 1,
        runs: flags.runs ?? 500,
        ...(flags.steps === undefined ? {} : { horizonSteps: flags.steps }),
        ...(flags.provider?.[0] === undefined ? {} : { provider: flags.provider[0] }),
      });
      show(host, flags, found, ({ report, bench }) => benchText(report, bench));
    });

  return models;
}

function show<T>(host: ModelsHost, flags: Flags, found: T, text: (found: T) => string): void {
  host.print(flags.json === true ? JSON.stringify(found, undefined, 2) : text(found));
}

function inputOf(
  input: string | undefined,
): ReturnType<typeof createReadStream> | typeof process.stdin | undefined {
  if (input === undefined) return undefined;
  return input === "-" ? process.stdin : createReadStream(input);
}

function count(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError("expected a whole number of at least 1.");
}

function provider(name: string, others: readonly ProviderRequest[] = []): ProviderRequest[] {
  return [...others, { name }];
}

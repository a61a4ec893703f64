import process from "node:process";
import { InvalidArgumentError, type Command } from "commander";
import { describeCatalogue } from "../core/faults/parse-fault.ts";
import type { Config } from "../config.ts";
import { isGood, type RunResult } from "../lockstep/run-scenario.ts";
import { writeReport } from "../lockstep/report/write-report.ts";
import { summarize, timesText, type Summary } from "../lockstep/report/summary.ts";
import { randomName, shippedScenarios, simulate } from "../lockstep/simulate.ts";
import { viewScenario } from "./sim-viewer.ts";

interface SimFlags {
  readonly config?: string;
  readonly runs: number;
  readonly seed?: number;
  readonly fault: readonly string[];
  readonly out?: string;
  readonly viewer?: boolean;
  readonly httpPort?: number;
}

/** One fault after another: `--fault a --fault b`. */
export const collectFault = (text: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  text,
];

/** Progress lines while many runs take their time. */
const progressMs = 5000;

export interface SimCommandOptions {
  readonly version: string;
  /** The configuration with this file, if one is given: its sections `sim.backend` and `gazebo` count. */
  readonly configOf: (flags: Pick<SimFlags, "config">) => Config;
}

/** `kairos-bridge sim`: a scenario many times over, faster than time, judged. */
export function addSimCommand(program: Command, { version, configOf }: SimCommandOptions): void {
  program
    .command("sim")
    .argument(
      "[scenario]",
      `a YAML file, ${randomName}, or one of ${shippedScenarios().join(", ")}`,
    )
    .description("run a scenario in lockstep, many times with rising seeds, and judge the runs")
    .option("--config <file>", "YAML configuration file that names the world: sim.backend, gazebo")
    .option("--runs <count>", "how many runs", wholeNumber, 1)
    .option("--seed <seed>", "seed of the first run; default: the scenario's own", wholeNumber)
    .option("--fault <fault>", "a fault beside those of the scenario; repeatable", collectFault, [])
    .option("--out <folder>", "write JSON, CSV, an HTML page and a PNG here")
    .option("--viewer", "run once in real time, with the control page to watch it")
    .option("--http-port <port>", "port of the page with --viewer", wholeNumber)
    .addHelpText(
      "after",
      () =>
        `\nFaults, as place[:axis].kind[=value[~spread]][@start][+duration]:\n${describeCatalogue()}`,
    )
    .action(async (scenario: string | undefined, flags: SimFlags) => {
      if (scenario === undefined) {
        program.error(
          `sim needs a scenario: a file, ${[randomName, ...shippedScenarios()].join(", ")}`,
        );
      }
      if (flags.viewer === true) await viewScenario(scenario, { ...flags, version });
      else await runSim(scenario, flags, configOf(flags));
    });
}

async function runSim(scenario: string, flags: SimFlags, config: Config): Promise<void> {
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  const stop = new AbortController();
  process.once("SIGINT", () => {
    stop.abort();
  });
  const simulation = await simulate({
    scenario,
    runs: flags.runs,
    faults: flags.fault,
    config,
    signal: stop.signal,
    onRun: progress(flags.runs, print),
    ...(flags.seed === undefined ? {} : { seed: flags.seed }),
  });
  const { out } = flags;
  const summary = out === undefined ? summarize(simulation) : await writeReport(simulation, out);
  for (const line of summaryLines(summary)) print(line);
  if (summary.runs < flags.runs) print(`ended after ${summary.runs} of ${flags.runs} runs`);
  if (out !== undefined)
    print(`written to ${out}: report.html, report.png, summary.json, runs.csv`);
  if (summary.good < summary.runs) process.exitCode = 1;
}

/** Says at once what went wrong, with the seed that does it again. */
function progress(runs: number, print: (line: string) => void): (result: RunResult) => void {
  let done = 0;
  let saidMs = performance.now();
  return (result) => {
    done += 1;
    if (!isGood(result)) for (const line of badLines(result)) print(line);
    const nowMs = performance.now();
    if (runs === 1 || nowMs - saidMs < progressMs) return;
    saidMs = nowMs;
    print(`${done} of ${runs} runs`);
  };
}

function badLines(result: RunResult): string[] {
  const { seed, violations, expectations, simulatorFault } = result;
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(3)} s`;
  return [
    ...(simulatorFault === undefined
      ? []
      : [`seed ${seed}, ${seconds(simulatorFault.atMs)}: simulator fault: ${simulatorFault.text}`]),
    ...violations.map(
      ({ invariant, atMs, text }) =>
        `seed ${seed}, ${seconds(atMs)}: violated ${invariant}: ${text}`,
    ),
    ...expectations
      .filter(({ holds }) => !holds)
      .map(({ expected, found }) => `seed ${seed}, end: expected ${expected}, found ${found}`),
  ];
}

function summaryLines(summary: Summary): string[] {
  const { commands, trackingRmsRad, horizons, faultCounts } = summary;
  const at400 = horizons.find((horizon) => horizon.aheadMs === 400);
  const struck = Object.entries(faultCounts).filter(([, count]) => count > 0);
  return [
    `${summary.scenario}: ${summary.good} of ${summary.runs} runs good, ${summary.violations} violations`,
    `  ${summary.world}: ${summary.runsPerS.toFixed(1)} runs/s, ${timesText(summary.timesRealTime)} times real time on one core`,
    `  tracking ${mrad(trackingRmsRad.p50)} rms (p95 ${mrad(trackingRmsRad.p95)}), largest ${mrad(summary.trackingMaxRad.max)}`,
    `  commands: ${commands.forwarded} let through, ${commands.refused} refused, ${commands.expired} expired; ${summary.stops} stops`,
    ...(at400 === undefined
      ? []
      : [
          `  predictions: ${summary.predictions}, at 400 ms ${mrad(at400.modelRmsRad)} rms (hold ${mrad(at400.holdRmsRad)}, constant velocity ${mrad(at400.constantVelocityRmsRad)})`,
        ]),
    ...(struck.length === 0
      ? []
      : [`  faults that struck: ${struck.map(([kind, count]) => `${kind} ${count}`).join(", ")}`]),
  ];
}

const mrad = (rad: number): string => `${(rad * 1000).toFixed(1)} mrad`;

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError("expected a whole number, 0 or more.");
}

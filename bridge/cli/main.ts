#!/usr/bin/env node
import { readFileSync } from "node:fs";
import process from "node:process";
import { Command, InvalidArgumentError } from "commander";
import { describeConfig, type LoadedConfig } from "../config.ts";
import { BridgeError, errorText } from "../contract/errors.ts";
import { describeCatalogue } from "../core/faults/parse-fault.ts";
import { openLog } from "../log.ts";
import { addAgentCommand } from "./agent.ts";
import { addAuditCommand } from "./audit.ts";
import { benchModelCommand } from "./bench-model.ts";
import { loadConfigWithRos, splitRosArguments } from "../parts/ros-arguments.ts";
import { runBench } from "./bench.ts";
import { addPairCommand } from "./pair.ts";
import { addReplayCommand } from "./replay.ts";
import { devicesCommand } from "./devices.ts";
import { addDescriptionCommand } from "./description.ts";
import { doctorExit, runDoctor } from "./doctor-command.ts";
import { modelsCommand } from "./models.ts";
import { deviceSection, withDeviceFlags, type DeviceFlags } from "./device-flags.ts";
import { addModelsUse } from "./models-use.ts";
import { addRosCommand } from "./ros.ts";
import { runService } from "./run-service.ts";
import { addSimCommand, collectFault } from "./sim.ts";

interface CommonFlags {
  readonly config?: string;
  readonly httpPort?: number;
  readonly httpHost?: string;
  readonly logLevel?: string;
  readonly logFormat?: string;
  readonly fault?: readonly string[];
  readonly record?: string;
  readonly device?: Readonly<Record<string, unknown>>;
}

function packageVersion(): string {
  const text = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value)) throw new InvalidArgumentError("expected a port number.");
  return value;
}

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const commandLine = splitRosArguments(process.argv.slice(2));

function load(flags: CommonFlags): LoadedConfig {
  const input = {
    environment: process.env,
    ...(flags.config === undefined ? {} : { filePath: flags.config }),
    flags: {
      "http.port": flags.httpPort,
      "http.host": flags.httpHost,
      "log.level": flags.logLevel,
      "log.format": flags.logFormat,
      "faults.list": flags.fault,
      "record.path": flags.record,
      ...Object.fromEntries(
        Object.entries(flags.device ?? {}).map(([key, value]) => [`device.${key}`, value]),
      ),
    },
  };
  return loadConfigWithRos(input, commandLine.ros);
}

function withCommonFlags(command: Command): Command {
  return command
    .option("--config <file>", "YAML configuration file")
    .option("--http-port <port>", "port of the page and the WebSocket endpoints", port)
    .option("--http-host <address>", "address to listen on (loopback)")
    .option("--log-level <level>", "error, warn, info or debug")
    .option("--log-format <format>", "text or json")
    .addHelpText(
      "after",
      "\nAlso --ros-args [-r from:=to] [-p name:=value] [--params-file file] [--]",
    );
}

function withFaults(command: Command): Command {
  return command
    .option("--fault <fault>", "make something fail on purpose; repeatable", collectFault)
    .addHelpText("after", () => `\nFaults:\n${describeCatalogue()}`);
}

async function serve(flags: CommonFlags): Promise<void> {
  const loaded = load(flags);
  await runService(loaded.config, {
    ...openLog(loaded.config.log),
    version: packageVersion(),
    reloadConfig: () => load(flags).config,
  });
}

const program = new Command("kairos-bridge")
  .description("A world model in a robot's loop: predictions on ROS 2, a safe control channel.")
  .version(packageVersion());

withFaults(withDeviceFlags(withCommonFlags(program.command("start"))))
  .argument("[profile]", "the device: a profile's name, or a path (the phone mount)")
  .description("run with the embedded simulator and the embedded world model, or with a device")
  .action(async (profile: string | undefined, flags: CommonFlags & DeviceFlags) => {
    await serve({ ...flags, device: deviceSection(profile, flags) });
  });

withFaults(withCommonFlags(program.command("run")))
  .description("run with a configuration file")
  .action(async (flags: CommonFlags) => {
    if (flags.config === undefined) program.error("run needs --config <file>");
    await serve(flags);
  });

withCommonFlags(program.command("doctor"))
  .description("check what this machine offers, and say what would run and why")
  .option("--json", "print everything found as JSON")
  .addHelpText(
    "after",
    "\nExit code: 0 it works, 1 something fails, 2 the configuration is invalid.",
  )
  .action(async ({ json = false, ...flags }: CommonFlags & { readonly json?: boolean }) => {
    // Stands if the configuration does not load.
    process.exitCode = doctorExit.unusable;
    process.exitCode = await runDoctor(load(flags).config, {
      json,
      version: packageVersion(),
      print,
    });
  });

const bench = withCommonFlags(program.command("bench"))
  .description("measure the model's step and rollout on this machine")
  .action(async (flags: CommonFlags) => {
    await runBench(load(flags).config, print);
  });
bench.addCommand(benchModelCommand({ configOf: (flags) => load(flags).config, print }));

addDescriptionCommand(program);

withCommonFlags(program.command("config").argument("<action>", "print"))
  .description("show the effective configuration and where each value came from")
  .action((action: string, flags: CommonFlags) => {
    if (action !== "print") program.error(`config ${action} is unknown, expected: config print`);
    process.stdout.write(`${describeConfig(load(flags))}\n`);
  });

program.addCommand(devicesCommand({ configOf: (flags) => load(flags).config, print }));
program.addCommand(modelsCommand({ configOf: (flags) => load(flags).config, print }));
withFaults(withCommonFlags(program.command("record").argument("<file>", "file to write")))
  .description("run as start does, and record joints, setpoints, pictures, predictions, events")
  .action(async (file: string, flags: CommonFlags) => {
    await serve({ ...flags, record: file });
  });

addReplayCommand(program);
addSimCommand(program, {
  version: packageVersion(),
  configOf: (flags) => load(flags).config,
});
addModelsUse(program);
addAgentCommand(program);
addRosCommand(program);
for (const add of [addPairCommand, addAuditCommand]) {
  add(program, {
    withConfig: (command) => command.option("--config <file>", "YAML configuration file"),
    configOf: (flags) => load(flags).config,
    print,
  });
}

try {
  await program.parseAsync(commandLine.rest, { from: "user" });
} catch (error) {
  if (!(error instanceof BridgeError)) throw error;
  process.stderr.write(`${errorText(error)}\n`);
  process.exitCode ??= 1;
}

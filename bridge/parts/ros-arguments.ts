import { readFileSync } from "node:fs";
import type { NodeName } from "../../ros/node/node-name.ts";
import { plainValue, type ParameterValue } from "../../ros/node/parameter-value.ts";
import { remappedNode } from "../../ros/node/remap-rule.ts";
import {
  noRosArguments,
  overridesFor,
  parseRosArguments,
  splitRosArguments,
  type RosArguments,
} from "../../ros/node/ros-arguments.ts";
import { loadConfig, type Config, type ConfigInput, type LoadedConfig } from "../config.ts";
import { BridgeError, ErrorCode, errorText } from "../contract/errors.ts";
import { configParameters } from "./config-parameters.ts";

export { splitRosArguments };

/**
 * The configuration with what followed `--ros-args` taken up: node name and namespace after their
 * remaps, parameters that are options of ours, the log level. It ranks above file and environment and
 * below our own flags.
 *
 * @throws BridgeError `ros/arguments` for what ROS would refuse; as `loadConfig`.
 */
export function loadConfigWithRos(
  input: ConfigInput,
  commandLine: readonly string[],
): LoadedConfig {
  const loaded = loadConfig(input);
  const args = [...loaded.config.ros.arguments, ...commandLine];
  if (args.length === 0) return loaded;
  const parsed = parseRosArguments(args, readText);
  const { name, namespace } = remappedNode(nodeNameOf(loaded.config), parsed.remaps);
  const overrides = overridesFor(parsed, { name, namespace });
  const asFlags = configParameters(loaded.config).flatMap(({ name: parameter, path }) => {
    const value = overrides.get(parameter);
    return value === undefined ? [] : [[path, plainValue(value)] as const];
  });
  return loadConfig({
    ...input,
    flags: {
      ...Object.fromEntries(asFlags),
      ...(parsed.logLevel === undefined ? {} : { "log.level": parsed.logLevel }),
      "ros.nodeName": name,
      "ros.namespace": namespace,
      "ros.arguments": args,
      ...Object.fromEntries(
        Object.entries(input.flags ?? {}).filter(([, value]) => value !== undefined),
      ),
    },
  });
}

/** What the node itself needs of its arguments; name and namespace are in the configuration already. */
export function rosArgumentsOf(config: Config): {
  readonly name: NodeName;
  readonly parsed: RosArguments;
  /** Those that are no options of the configuration: use_sim_time aside, QoS overrides. */
  readonly overrides: ReadonlyMap<string, ParameterValue>;
} {
  const name = nodeNameOf(config);
  const args = config.ros.arguments;
  const parsed = args.length === 0 ? noRosArguments : parseRosArguments(args, readText);
  const ours = new Set(configParameters(config).map((parameter) => parameter.name));
  const overrides = new Map([...overridesFor(parsed, name)].filter(([key]) => !ours.has(key)));
  return { name, parsed, overrides };
}

const nodeNameOf = ({ ros }: Config): NodeName => ({
  name: ros.nodeName,
  namespace: ros.namespace,
});

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new BridgeError(ErrorCode.RosArguments, `--params-file ${path}: ${errorText(error)}`, {
      cause: error,
    });
  }
}

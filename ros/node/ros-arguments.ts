import {
  parseParameterFile,
  parseParameterValue,
  type ParameterOverride,
} from "./parameter-yaml.ts";
import { fullNodeName, refused, type NodeName } from "./node-name.ts";
import type { ParameterValue } from "./parameter-value.ts";
import { parseRemapRule, type RemapRule } from "./remap-rule.ts";

/** What stood between `--ros-args` and `--`. */
export interface RosArguments {
  readonly remaps: readonly RemapRule[];
  /** In order of the command line, files where they are named: of two for the same, the later counts. */
  readonly overrides: readonly ParameterOverride[];
  /** `--log-level`, in our own words. */
  readonly logLevel: "error" | "warn" | "info" | "debug" | undefined;
  /** False after `--disable-rosout-logs`. */
  readonly rosout: boolean;
}

export const noRosArguments: RosArguments = {
  remaps: [],
  overrides: [],
  logLevel: undefined,
  rosout: true,
};

const levels = {
  debug: "debug",
  info: "info",
  warn: "warn",
  warning: "warn",
  error: "error",
  fatal: "error",
} as const;

/** Taken, and without a meaning here: the log goes to standard error, settings are in `log`. */
const ignoredFlags = [
  "--enable-stdout-logs",
  "--disable-stdout-logs",
  "--enable-external-lib-logs",
  "--disable-external-lib-logs",
];
const ignoredWithValue = ["--log-config-file", "--enclave", "-e", "--log-file-name"];

/** The command line without its `--ros-args ... [--]` parts, and what stood in them. */
export function splitRosArguments(args: readonly string[]): {
  readonly rest: readonly string[];
  readonly ros: readonly string[];
} {
  const rest: string[] = [];
  const ros: string[] = [];
  let inside = false;
  for (const arg of args) {
    if (arg === "--ros-args") inside = true;
    else if (inside && arg === "--") inside = false;
    else (inside ? ros : rest).push(arg);
  }
  return { rest, ros };
}

/**
 * Reads `-r from:=to`, `-p name:=value`, `--params-file file` and the log options, as rcl does.
 *
 * @param readFile text of a parameter file; throws if there is none.
 * @throws BridgeError `ros/arguments` for the first argument that is wrong, naming it.
 */
export function parseRosArguments(
  args: readonly string[],
  readFile: (path: string) => string,
): RosArguments {
  const found = {
    remaps: [] as RemapRule[],
    overrides: [] as ParameterOverride[],
    logLevel: noRosArguments.logLevel,
    rosout: true,
  };
  const queue = [...args];
  for (let arg = queue.shift(); arg !== undefined; arg = queue.shift()) {
    const flag = arg;
    const value = (expected: string): string => {
      const next = queue.shift();
      if (next === undefined) throw refused(`${flag} is last, expected ${expected} after it`);
      return next;
    };
    if (flag === "-r" || flag === "--remap") found.remaps.push(parseRemapRule(value("from:=to")));
    else if (flag === "-p" || flag === "--param") {
      found.overrides.push(parseParameter(value("name:=value")));
    } else if (flag === "--params-file") {
      const path = value("a file");
      found.overrides.push(...parseParameterFile(readFile(path), path));
    } else if (flag === "--log-level") found.logLevel = logLevel(value("a level"), found.logLevel);
    else if (flag === "--enable-rosout-logs") found.rosout = true;
    else if (flag === "--disable-rosout-logs") found.rosout = false;
    else if (ignoredWithValue.includes(flag)) value("a value");
    else if (!ignoredFlags.includes(flag)) {
      throw refused(
        `${flag} after --ros-args is unknown, expected -r, -p, --params-file, --log-level or -- to end them`,
      );
    }
  }
  return found;
}

const parameterPattern =
  /^(?:(?<node>\/?[A-Za-z_][A-Za-z0-9_/]*):(?!=))?(?<name>[^:=\s]+):=(?<value>[^]*)$/;

function parseParameter(text: string): ParameterOverride {
  const { node, name, value } = parameterPattern.exec(text)?.groups ?? {};
  if (name === undefined || value === undefined) {
    throw refused(`parameter is "${text}", expected [node:]name:=value`);
  }
  return { nodes: node ?? "/**", name, value: parseParameterValue(value, `parameter ${name}`) };
}

/** `info`, or `logger:=info` for one logger; ours is one, so the former and our own name count. */
function logLevel(text: string, before: RosArguments["logLevel"]): RosArguments["logLevel"] {
  const [, logger, name = ""] = /^(?:(.*):=)?(.*)$/.exec(text) ?? [];
  const level = Object.entries(levels).find(([key]) => key === name.toLowerCase())?.[1];
  if (level === undefined) {
    throw refused(`log level is "${name}", expected ${Object.keys(levels).join(", ")}`);
  }
  const isOthers = logger !== undefined && (logger === "rcl" || logger.startsWith("rcl."));
  return isOthers ? before : level;
}

/**
 * The overrides meant for this node, by parameter name: `/**` any depth, `/*` one part, a name
 * without a slash means the node of that name in any namespace.
 */
export function overridesFor(
  { overrides }: RosArguments,
  node: NodeName,
): ReadonlyMap<string, ParameterValue> {
  const meant = overrides.filter(({ nodes }) => meansNode(nodes, node));
  return new Map(meant.map(({ name, value }) => [name, value]));
}

function meansNode(pattern: string, node: NodeName): boolean {
  if (pattern === node.name) return true;
  const absolute = pattern.startsWith("/") ? pattern : `/${pattern}`;
  const expression = absolute
    .replace(/\/\*\*/g, "(/\\w+)§")
    .replace(/\/\*/g, "(/\\w+)")
    .replace(/§/g, "*");
  return new RegExp(`^${expression}$`).test(fullNodeName(node));
}

import type { ParameterDeclaration, ParameterRange } from "../../ros/node/parameter-store.ts";
import type { ParameterValue } from "../../ros/node/parameter-value.ts";
import { configJsonSchema, type Config } from "../config.ts";

/** One option of the configuration as a ROS parameter. */
export interface ConfigParameter {
  /** `model.lookahead_ms` */
  readonly name: string;
  /** `model.lookaheadMs` */
  readonly path: string;
  readonly declaration: ParameterDeclaration;
}

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly multipleOf?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** Time is a parameter of every node, under a name that ROS has fixed. */
const ownNames: Readonly<Record<string, string>> = { "ros.useSimTime": "use_sim_time" };
/** How a node was called is no parameter of it. */
const hidden: readonly string[] = ["ros.arguments"];

/**
 * Every option that ROS has a type for, as a read-only parameter: type, range and choice from the
 * schema of the configuration, so that neither can drift from the other.
 *
 */
export function configParameters(config: Config): readonly ConfigParameter[] {
  return leaves(configJsonSchema() as Schema, config, "").flatMap(({ path, schema, found }) => {
    const value = hidden.includes(path) ? undefined : parameterValue(schema, found);
    if (value === undefined) return [];
    const name = ownNames[path] ?? snakeCase(path);
    const range = rangeOf(schema);
    const declaration: ParameterDeclaration = {
      name,
      value,
      description: `${schema.description ?? "as in the configuration file"} (${path})`,
      ...(schema.enum === undefined
        ? {}
        : {
            additionalConstraints: `one of ${schema.enum.map(String).join(", ")}`,
            check: (asked: unknown) => notOneOf(schema.enum ?? [], asked),
          }),
      ...(range === undefined ? {} : { range }),
    };
    return [{ name, path, declaration }];
  });
}

interface Leaf {
  readonly path: string;
  readonly schema: Schema;
  readonly found: unknown;
}

function leaves(schema: Schema, found: unknown, path: string): Leaf[] {
  if (schema.properties === undefined) return [{ path, schema, found }];
  return Object.entries(schema.properties).flatMap(([key, child]) => {
    const value = (found as Readonly<Record<string, unknown>> | undefined)?.[key];
    return leaves(child, value, path === "" ? key : `${path}.${key}`);
  });
}

/** Undefined for what ROS has no type for, such as a list of provider options. */
function parameterValue(schema: Schema, found: unknown): ParameterValue | undefined {
  switch (schema.type) {
    case "boolean":
      return typeof found === "boolean" ? { type: "bool", value: found } : undefined;
    case "string":
      return typeof found === "string" ? { type: "string", value: found } : undefined;
    case "integer":
    case "number":
      if (typeof found !== "number") return undefined;
      return { type: isInteger(schema) ? "integer" : "double", value: found };
    case "array":
      if (!Array.isArray(found) || schema.items?.type !== "string") return undefined;
      return { type: "string_array", value: found.map(String) };
    case undefined:
    default:
      return undefined;
  }
}

const isInteger = ({ type, enum: choices }: Schema): boolean =>
  type === "integer" || (choices?.every(Number.isInteger) ?? false);

function rangeOf(schema: Schema): ParameterRange | undefined {
  const { minimum: from, maximum: to, multipleOf, enum: choices } = schema;
  if (from === undefined || to === undefined || choices !== undefined) return undefined;
  return { from, to, step: multipleOf ?? (isInteger(schema) ? 1 : 0) };
}

function notOneOf(choices: readonly unknown[], asked: unknown): string | undefined {
  if (choices.includes(asked)) return undefined;
  return `value is ${String(asked)}, expected one of ${choices.map(String).join(", ")}`;
}

/** `model.horizonSteps` is `model.horizon_steps`. */
const snakeCase = (path: string): string =>
  path.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();

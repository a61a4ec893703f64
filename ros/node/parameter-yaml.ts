import { isMap, isScalar, isSeq, parseDocument, type Node as YamlNode, type Pair } from "yaml";
import { refused } from "./node-name.ts";
import type { ParameterValue } from "./parameter-value.ts";

/** `value` of the parameter `name` of the nodes that `nodes` means: `/**`, `/ns/name`, `name`. */
export interface ParameterOverride {
  readonly nodes: string;
  readonly name: string;
  readonly value: ParameterValue;
}

const parametersKey = "ros__parameters";
const nodePattern = /^\/?([A-Za-z_][A-Za-z0-9_]*|\*\*?)(\/([A-Za-z_][A-Za-z0-9_]*|\*\*?))*$/;
const truthy = /^(y|yes|true|on)$/i;
const falsy = /^(n|no|false|off)$/i;
const decimal = /^[-+]?(0|[1-9][0-9]*)$/;
const hexadecimal = /^[-+]?0[xX][0-9a-fA-F]+$/;
const octal = /^[-+]?0[0-7]+$/;
const float = /^[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?$/;
const specialFloats: Readonly<Record<string, number>> = {
  ".inf": Number.POSITIVE_INFINITY,
  "+.inf": Number.POSITIVE_INFINITY,
  "-.inf": Number.NEGATIVE_INFINITY,
  ".nan": Number.NaN,
};

/**
 * A ROS 2 parameter file: node names (nested namespaces, `*` and `**` allowed) over `ros__parameters`
 * over values, whose types follow the rules of rcl_yaml_param_parser: yes and no are booleans, 010
 * is eight, what is quoted is text, a list is of one type.
 *
 * @param where file name, for errors.
 * @throws BridgeError `ros/arguments` naming file and key.
 */
export function parseParameterFile(text: string, where: string): readonly ParameterOverride[] {
  const found: ParameterOverride[] = [];
  const root = yamlOf(text, where);
  if (root === null) return found;
  walkNodes(root, { path: "", where, found });
  return found;
}

/**
 * The right side of `-p name:=value`, which is YAML of one value.
 *
 * @throws BridgeError `ros/arguments`
 */
export function parseParameterValue(text: string, where: string): ParameterValue {
  const node = yamlOf(text, where);
  if (node === null) return { type: "string", value: "" };
  return valueOf(node, where);
}

interface Walk {
  readonly path: string;
  readonly where: string;
  readonly found: ParameterOverride[];
}

function walkNodes(node: YamlNode, { path, where, found }: Walk): void {
  for (const [key, value] of entriesOf(node, `${where}: ${path === "" ? "top level" : path}`)) {
    if (key === parametersKey) {
      if (path === "") throw refused(`${where}: ${parametersKey} has no node name above it`);
      if (!nodePattern.test(path)) throw refused(`${where}: "${path}" is no name of a node`);
      walkParameters(value, { nodes: path, prefix: "", where, found });
    } else {
      const next = path === "" ? key : `${path}/${key.replace(/^\//, "")}`;
      walkNodes(value, { path: next, where, found });
    }
  }
}

function walkParameters(
  node: YamlNode,
  at: { nodes: string; prefix: string; where: string; found: ParameterOverride[] },
): void {
  const { nodes, prefix, where, found } = at;
  if (isScalar(node) && node.source === "") return;
  for (const [key, value] of entriesOf(node, `${where}: ${nodes} ${prefix}`)) {
    const name = `${prefix}${key}`;
    if (isMap(value)) walkParameters(value, { ...at, prefix: `${name}.` });
    else found.push({ nodes, name, value: valueOf(value, `${where}: ${nodes}: ${name}`) });
  }
}

/** Text only: what a scalar means is decided here, not by the YAML library. */
function yamlOf(text: string, where: string): YamlNode | null {
  const document = parseDocument(text, { schema: "failsafe", prettyErrors: true });
  const [problem] = document.errors;
  if (problem !== undefined) throw refused(`${where} is not YAML: ${problem.message}`);
  return document.contents;
}

function entriesOf(node: YamlNode, where: string): [string, YamlNode][] {
  if (!isMap(node)) throw refused(`${where} holds no keys, expected names with values below them`);
  return node.items.map((pair: Pair) => {
    const { key, value } = pair;
    if (!isScalar(key)) throw refused(`${where} has a key that is no name`);
    const name = String(key.value);
    if (value === null) throw refused(`${where}: ${name} has no value`);
    return [name, value as YamlNode];
  });
}

function valueOf(node: YamlNode, where: string): ParameterValue {
  if (isScalar(node)) return scalarOf(node, where);
  if (!isSeq(node)) throw refused(`${where} is neither a value nor a list of values`);
  const items = node.items.map((item) => scalarOf(item, where));
  return listOf(items, where);
}

function scalarOf(node: unknown, where: string): Exclude<ParameterValue, { value: object }> {
  if (!isScalar(node)) throw refused(`${where} holds a list or keys inside a list`);
  const text = node.source ?? String(node.value);
  const isText = node.type !== "PLAIN" || node.tag === "tag:yaml.org,2002:str";
  if (isText && (node.tag === undefined || node.tag.endsWith(":str"))) {
    return { type: "string", value: String(node.value) };
  }
  if (text === "" || text === "~" || text === "null") throw refused(`${where} has no value`);
  return plainScalar(text, where);
}

function plainScalar(
  text: string,
  where: string,
): Exclude<ParameterValue, { value: object } | { type: "not_set" }> {
  if (truthy.test(text)) return { type: "bool", value: true };
  if (falsy.test(text)) return { type: "bool", value: false };
  const integer = integerOf(text);
  if (integer !== undefined) {
    if (Number.isSafeInteger(integer)) return { type: "integer", value: integer };
    throw refused(`${where} is ${text}, expected an integer of at most 2^53 in size`);
  }
  const special = specialFloats[text.toLowerCase()];
  if (special !== undefined) return { type: "double", value: special };
  if (float.test(text)) return { type: "double", value: Number(text) };
  return { type: "string", value: text };
}

function integerOf(text: string): number | undefined {
  if (decimal.test(text)) return Number(text);
  const [sign, digits] = text.startsWith("-") ? [-1, text.slice(1)] : [1, text.replace(/^\+/, "")];
  if (hexadecimal.test(text)) return sign * Number(digits);
  return octal.test(text) ? sign * Number.parseInt(digits, 8) : undefined;
}

function listOf(
  items: readonly Exclude<ParameterValue, { value: object }>[],
  where: string,
): ParameterValue {
  const types = [...new Set(items.map(({ type }) => type))];
  const [type] = types;
  if (type === undefined) return { type: "string_array", value: [] };
  if (types.length > 1) {
    throw refused(`${where} is a list of ${types.join(" and ")}, expected one type`);
  }
  const value = items.map((item) => (item.type === "not_set" ? undefined : item.value));
  return { type: `${type}_array`, value } as ParameterValue;
}

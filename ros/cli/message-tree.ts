import type { MessageDefinition, MessageField } from "../messages/reader-definitions.ts";
import { floatText } from "./python-number.ts";
import { yamlText } from "./yaml-text.ts";

/** A decoded message with what its type says of each number: what is printed. */
export type MessageTree =
  | { readonly kind: "leaf"; readonly text: string; readonly isText: boolean }
  | {
      readonly kind: "list";
      readonly elementType: string;
      readonly length: number;
      /** No more than were asked for. */
      readonly items: readonly MessageTree[];
    }
  | { readonly kind: "message"; readonly fields: readonly (readonly [string, MessageTree])[] };

export interface TreeLimits {
  /** Elements of a list and characters of a text that are kept; the rest is said to be missing. */
  readonly maxLength: number;
}

export type DefinitionOf = (type: string) => MessageDefinition | undefined;

/**
 * Reads a decoded message by its definition: a JavaScript number alone does not tell 1 from 1.0.
 *
 * @param type as definitions name it, e.g. `sensor_msgs/JointState`.
 */
export function messageTree(
  type: string,
  value: unknown,
  definitionOf: DefinitionOf,
  limits: TreeLimits,
): MessageTree {
  const definition = definitionOf(type);
  const fields = (definition?.definitions ?? []).filter((field) => field.isConstant !== true);
  const record = value as Readonly<Record<string, unknown>>;
  return {
    kind: "message",
    fields: fields.map((field) => [
      field.name,
      fieldTree(field, record[field.name], definitionOf, limits),
    ]),
  };
}

function fieldTree(
  field: MessageField,
  value: unknown,
  definitionOf: DefinitionOf,
  limits: TreeLimits,
): MessageTree {
  if (field.isArray !== true) return single(field, value, definitionOf, limits);
  const values = value as ArrayLike<unknown>;
  const shown = Array.from({ length: Math.min(values.length, limits.maxLength) }, (_, i) =>
    single(field, values[i], definitionOf, limits),
  );
  return { kind: "list", elementType: field.type, length: values.length, items: shown };
}

function single(
  field: MessageField,
  value: unknown,
  definitionOf: DefinitionOf,
  limits: TreeLimits,
): MessageTree {
  if (field.isComplex === true) return messageTree(field.type, value, definitionOf, limits);
  const { type } = field;
  if (type === "time" || type === "duration") {
    const { sec, nanosec } = value as { readonly sec: number; readonly nanosec: number };
    return { kind: "message", fields: [leafField("sec", sec), leafField("nanosec", nanosec)] };
  }
  if (type === "string" || type === "wstring") {
    const text = value as string;
    const { maxLength } = limits;
    const shown = text.length > maxLength ? `${text.slice(0, maxLength)}...` : text;
    return { kind: "leaf", text: yamlText(shown), isText: true };
  }
  if (type === "float32" || type === "float64") {
    return { kind: "leaf", text: floatText(value as number), isText: false };
  }
  return { kind: "leaf", text: String(value), isText: false };
}

const leafField = (name: string, value: number): readonly [string, MessageTree] => [
  name,
  { kind: "leaf", text: String(value), isText: false },
];

export type FieldFound =
  | { readonly ok: true; readonly tree: MessageTree }
  | { readonly ok: false; readonly problem: string };

/** `header.stamp.sec`, `position[2]`, `points[0].positions`. */
export function fieldAt(tree: MessageTree, path: string): FieldFound {
  let found = tree;
  let walked = "";
  for (const [, name, index] of path.matchAll(/([A-Za-z_]\w*)|\[(\d+)\]/g)) {
    const next = index === undefined ? memberOf(found, name ?? "") : itemOf(found, Number(index));
    if (next === undefined) {
      const where = walked === "" ? "the message" : walked;
      const wanted = index === undefined ? `field "${name ?? ""}"` : `element ${index}`;
      return { ok: false, problem: `${where} has no ${wanted}, it has ${describe(found)}` };
    }
    found = next;
    walked += index === undefined ? `${walked === "" ? "" : "."}${name ?? ""}` : `[${index}]`;
  }
  if (walked === path) return { ok: true, tree: found };
  return { ok: false, problem: `field "${path}" is no path such as header.stamp or position[2]` };
}

const memberOf = (tree: MessageTree, name: string): MessageTree | undefined =>
  tree.kind === "message" ? tree.fields.find(([key]) => key === name)?.[1] : undefined;

const itemOf = (tree: MessageTree, index: number): MessageTree | undefined =>
  tree.kind === "list" ? tree.items[index] : undefined;

function describe(tree: MessageTree): string {
  if (tree.kind === "message") return tree.fields.map(([name]) => name).join(", ");
  return tree.kind === "list" ? `${tree.length} elements` : "no fields";
}

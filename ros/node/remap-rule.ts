import { textWithoutCode } from "../../bridge/contract/errors.ts";
import {
  checkedNamespace,
  checkedNodeName,
  expandedName,
  refused,
  type NodeName,
} from "./node-name.ts";

export type NameKind = "topic" | "service";

/** One `-r from:=to`. `node` limits it to nodes of that name. */
export type RemapRule = { readonly node: string | undefined } & (
  | { readonly kind: "node-name"; readonly to: string }
  | { readonly kind: "namespace"; readonly to: string }
  | { readonly kind: NameKind | "name"; readonly from: string; readonly to: string }
);

const rulePattern = /^(?:(?<node>[A-Za-z_][A-Za-z0-9_]*):(?!\/\/|=))?(?<from>.+?):=(?<to>.*)$/;
const schemes = { "rostopic://": "topic", "rosservice://": "service" } as const;

/**
 * `[node:]from:=to`, `[node:]__node:=name`, `[node:]__ns:=/namespace`; `from` may begin with
 * rostopic:// or rosservice:// to mean one kind only.
 *
 * @throws BridgeError `ros/arguments` naming the rule.
 */
export function parseRemapRule(text: string): RemapRule {
  const { node, from, to } = rulePattern.exec(text)?.groups ?? {};
  if (from === undefined || to === undefined) {
    throw refused(`remap rule is "${text}", expected [node:]from:=to`);
  }
  try {
    return { node, ...ruleOf(from, to) };
  } catch (error) {
    throw refused(`remap rule "${text}": ${textWithoutCode(error)}`);
  }
}

type Unlimited = RemapRule extends infer Rule
  ? Rule extends RemapRule
    ? Omit<Rule, "node">
    : never
  : never;

function ruleOf(from: string, to: string): Unlimited {
  if (from === "__node" || from === "__name") {
    return { kind: "node-name", to: checkedNodeName(to) };
  }
  if (from === "__ns") {
    if (!to.startsWith("/")) throw refused(`namespace is "${to}", expected a slash first`);
    return { kind: "namespace", to: checkedNamespace(to) };
  }
  const [scheme, kind] = Object.entries(schemes).find(([key]) => from.startsWith(key)) ?? [
    "",
    "name",
  ];
  const match = from.slice(scheme.length);
  const target = to.startsWith(scheme) ? to.slice(scheme.length) : to;
  // Only to check: what it expands to depends on the node.
  const anyNode = { name: "node", namespace: "/" };
  expandedName(match, anyNode);
  expandedName(target, anyNode);
  return { kind: kind, from: match, to: target };
}

/**
 * Name and namespace after `__node` and `__ns`. The first rule of a kind that fits decides; rules for
 * the namespace see the new name already, as in rcl.
 */
export function remappedNode(node: NodeName, rules: readonly RemapRule[]): NodeName {
  const byName = rules.find((rule) => rule.kind === "node-name" && fits(rule, node.name));
  const name = byName?.to ?? node.name;
  const byNamespace = rules.find((rule) => rule.kind === "namespace" && fits(rule, name));
  return { name, namespace: byNamespace?.to ?? node.namespace };
}

/**
 * Where a topic or service of this node really is: its full name, replaced by the first rule whose
 * left side expands to the same. The result of a rule is not looked up again.
 *
 * @throws BridgeError `ros/arguments` for a name that ROS does not take.
 */
export function resolvedName(
  name: string,
  { kind, node, rules }: { kind: NameKind; node: NodeName; rules: readonly RemapRule[] },
): string {
  const full = expandedName(name, node);
  for (const rule of rules) {
    if (rule.kind === "node-name" || rule.kind === "namespace" || !fits(rule, node.name)) continue;
    if (rule.kind !== "name" && rule.kind !== kind) continue;
    if (expandedName(rule.from, node) === full) return expandedName(rule.to, node);
  }
  return full;
}

const fits = (rule: RemapRule, nodeName: string): boolean =>
  rule.node === undefined || rule.node === nodeName;

import { BridgeError, ErrorCode } from "../../bridge/contract/errors.ts";

/** Who a node is in the graph, after remapping. */
export interface NodeName {
  /** `kairos_bridge`. */
  readonly name: string;
  /** `/` or `/kairos`, without a slash at the end. */
  readonly namespace: string;
}

const token = "[A-Za-z_][A-Za-z0-9_]*";
const nodeNamePattern = new RegExp(`^${token}$`);
const namespacePattern = new RegExp(`^(/${token})+$`);
const absolutePattern = namespacePattern;
/** What ROS lets a name that is not expanded look like. */
const namePattern = /^(~?\/)?[A-Za-z_{}][A-Za-z0-9_{}]*(\/[A-Za-z_{}][A-Za-z0-9_{}]*)*$|^~$/;
const substitution = /\{[^}]*\}/g;

/** `/kairos/kairos_bridge`, as `ros2 node list` shows it. */
export function fullNodeName({ name, namespace }: NodeName): string {
  return `${namespace === "/" ? "" : namespace}/${name}`;
}

/** @throws BridgeError `ros/arguments` for what ROS does not take as a node's name. */
export function checkedNodeName(name: string): string {
  if (nodeNamePattern.test(name)) return name;
  throw refused(`node name is "${name}", expected letters, digits and underscores, no digit first`);
}

/** @throws BridgeError `ros/arguments`. A missing slash in front is added, as rcl does. */
export function checkedNamespace(namespace: string): string {
  const absolute = namespace.startsWith("/") ? namespace : `/${namespace}`;
  if (absolute === "/" || namespacePattern.test(absolute)) return absolute;
  throw refused(`namespace is "${namespace}", expected "/" or parts such as /kairos/left`);
}

/**
 * The fully qualified form of a topic or service name: `/x` as it is, `x` in the namespace, `~/x`
 * under the node; `{node}`, `{ns}` and `{namespace}` are filled in
 * (design.ros2.org/articles/topic_and_service_names.html).
 *
 * @throws BridgeError `ros/arguments` for a name that ROS does not take.
 */
export function expandedName(name: string, node: NodeName): string {
  if (!namePattern.test(name)) {
    throw refused(`name is "${name}", expected one such as /a/b, a/b or ~/a of letters, digits, _`);
  }
  const filled = name.replace(substitution, (found) => filledIn(found, node));
  const prefix = node.namespace === "/" ? "" : node.namespace;
  const full = filled.startsWith("~")
    ? `${fullNodeName(node)}${filled.slice(1)}`
    : filled.startsWith("/")
      ? filled
      : `${prefix}/${filled}`;
  if (absolutePattern.test(full)) return full;
  throw refused(`name "${name}" becomes "${full}", which ROS does not take`);
}

function filledIn(found: string, { name, namespace }: NodeName): string {
  if (found === "{node}") return name;
  if (found === "{ns}" || found === "{namespace}") return namespace;
  throw refused(`substitution is ${found}, expected {node}, {ns} or {namespace}`);
}

export function refused(message: string): BridgeError {
  return new BridgeError(ErrorCode.RosArguments, message);
}

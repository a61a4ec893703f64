import type { RosQos } from "../../bridge/contract/ros-transport.ts";
import type { ParameterDeclaration, ParameterStore } from "./parameter-store.ts";

/** What a user may change of a topic's quality of service, by rclcpp's names. */
export type QosPolicy = "history" | "depth" | "reliability" | "durability";

const choices = {
  history: ["keep_last", "keep_all"],
  reliability: ["reliable", "best_effort"],
  durability: ["volatile", "transient_local"],
} as const;

/** Of a history: more is not a depth but a leak. */
const maxDepth = 10_000;

/**
 * Declares `qos_overrides.<topic>.<publisher|subscription>.<policy>` read-only, named as rclcpp does
 * (design.ros2.org/articles/qos_configurability.html), and returns the quality of service in force.
 *
 * @param topic fully qualified, after remapping.
 * @param policies those that may be overridden; the others keep what they are.
 * @throws BridgeError `ros/arguments` for an override that no such policy can have.
 */
export function overriddenQos(
  qos: RosQos,
  {
    topic,
    entity,
    policies,
    parameters,
  }: {
    readonly topic: string;
    readonly entity: "publisher" | "subscription";
    readonly policies: readonly QosPolicy[];
    readonly parameters: ParameterStore;
  },
): RosQos {
  const chosen: Partial<Record<QosPolicy, unknown>> = {};
  for (const policy of policies) {
    const name = `qos_overrides.${topic}.${entity}.${policy}`;
    const description = `quality of service of the ${entity} of ${topic}`;
    chosen[policy] = parameters.declare({ name, description, ...declared(policy, qos) });
  }
  return { ...qos, ...chosen } as RosQos;
}

function declared(
  policy: QosPolicy,
  qos: RosQos,
): Pick<ParameterDeclaration, "value" | "range" | "additionalConstraints" | "check"> {
  if (policy === "depth") {
    const range = { from: 1, to: maxDepth, step: 1 };
    return { value: { type: "integer", value: qos.depth }, range };
  }
  const expected: readonly string[] = choices[policy];
  return {
    value: { type: "string", value: qos[policy] ?? "keep_last" },
    additionalConstraints: `one of ${expected.join(", ")}`,
    check: (found) =>
      expected.includes(String(found))
        ? undefined
        : `value is ${String(found)}, expected one of ${expected.join(", ")}`,
  };
}

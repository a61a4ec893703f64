import type { RosQos } from "../../bridge/contract/ros-transport.ts";
import type { ParameterStore } from "./parameter-store.ts";
import type { ParameterValue } from "./parameter-value.ts";

/** What a user may change of a topic's quality of service. */
export type QosPolicy = keyof RosQos;

interface Declared {
  readonly policy: QosPolicy;
  readonly value: ParameterValue;
  readonly allowed: readonly string[];
}

/** Of a history: more is not a depth but a memory leak. */
const maxDepth = 10_000;
const allowedTexts = {
  reliability: ["reliable", "best_effort"],
  durability: ["volatile", "transient_local"],
} as const;

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
    const { value, allowed } = declared(policy, qos);
    const name = `qos_overrides.${topic}.${entity}.${policy}`;
    chosen[policy] = parameters.declare({
      name,
      value,
      description: `quality of service of the ${entity} of ${topic}`,
      ...(allowed.length === 0
        ? { range: { from: 1, to: maxDepth, step: 1 } }
        : {
            additionalConstraints: `one of ${allowed.join(", ")}`,
            check: (found: unknown) =>
              allowed.includes(String(found))
                ? undefined
                : `value is ${String(found)}, expected one of ${allowed.join(", ")}`,
          }),
    });
  }
  return { ...qos, ...chosen } as RosQos;
}

function declared(policy: QosPolicy, qos: RosQos): Declared {
  if (policy === "depth") {
    return { policy, value: { type: "integer", value: qos.depth }, allowed: [] };
  }
  return { policy, value: { type: "string", value: qos[policy] }, allowed: allowedTexts[policy] };
}

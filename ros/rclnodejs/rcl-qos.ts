import type { RosQos } from "../../bridge/contract/ros-transport.ts";
import type { Rclnodejs, RclQos } from "./api.ts";

/** @throws Error where a release of the package no longer has a policy of this name. */
export function rclQos({ QoS }: Rclnodejs, qos: RosQos): RclQos {
  const { HistoryPolicy, ReliabilityPolicy, DurabilityPolicy, LivelinessPolicy } = QoS;
  const named = (
    policies: Readonly<Record<string, number>>,
    kind: string,
    name: string,
  ): number => {
    const full = `RMW_QOS_POLICY_${kind}_${name.toUpperCase()}`;
    const value = policies[full];
    if (value === undefined) throw new Error(`rclnodejs has no ${full}`);
    return value;
  };
  return new QoS(
    named(HistoryPolicy, "HISTORY", qos.history ?? "keep_last"),
    qos.depth,
    named(ReliabilityPolicy, "RELIABILITY", qos.reliability),
    named(DurabilityPolicy, "DURABILITY", qos.durability),
    named(LivelinessPolicy, "LIVELINESS", qos.liveliness ?? "automatic"),
  );
}

/** What was asked for and release 2.2 has no way to say: its profile has the five policies above only. */
export function unsetPolicies(qos: RosQos): readonly string[] {
  return (["deadlineMs", "lifespanMs", "livelinessLeaseMs"] as const).filter(
    (name) => qos[name] !== undefined,
  );
}

import type { Finding } from "../../bridge/contract/finding.ts";
import { errorText } from "../../bridge/contract/errors.ts";
import { rosNetwork, type RosNetwork, type RosNetworkConfig } from "../environment.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What the ROS 2 environment of this shell says, and what the bridge makes of it. */
export function probeRosEnvironment(
  environment: Environment,
  config: RosNetworkConfig,
): { readonly findings: readonly Finding[]; readonly network: RosNetwork | undefined } {
  const sourced = sourcedDistribution(environment);
  try {
    const network = rosNetwork(environment, config);
    return { findings: [sourced, ...middleware(environment), reach(network)], network };
  } catch (error) {
    const text = errorText(error);
    const advice = "correct the variable, or set ros.domainId and ros.discoveryRange in the file";
    return {
      findings: [sourced, { level: "fail", subject: "discovery", text, advice }],
      network: undefined,
    };
  }
}

function sourcedDistribution(environment: Environment): Finding {
  const prefixes = (environment["AMENT_PREFIX_PATH"] ?? "").split(":").filter((at) => at !== "");
  const subject = "ROS 2";
  if (prefixes.length === 0) {
    const text = "no environment sourced; none is needed: the bridge speaks RTPS by itself";
    return { level: "note", subject, text };
  }
  const distribution = environment["ROS_DISTRO"] ?? "unknown distribution";
  const text = `${distribution} sourced (${prefixes.join(", ")})`;
  return { level: "ok", subject, text, details: { distribution, prefixes } };
}

/** The embedded participant meets every DDS one; Zenoh is another wire, which rclnodejs can speak. */
function middleware(environment: Environment): Finding[] {
  const name = environment["RMW_IMPLEMENTATION"];
  if (name === undefined || name === "") return [];
  const subject = "middleware";
  if (!name.includes("zenoh")) return [{ level: "ok", subject, text: name }];
  return [
    {
      level: "warn",
      subject,
      text: `${name} does not speak DDS: its nodes see the bridge through rclnodejs only`,
      advice:
        "use rmw_fastrtps_cpp or rmw_cyclonedds_cpp, or install rclnodejs, or run zenoh-bridge-ros2dds",
    },
  ];
}

const reachText = {
  LOCALHOST: "this machine only",
  SUBNET: "every machine of the subnet",
  OFF: "nobody: discovery is off",
} as const;

function reach(network: RosNetwork): Finding {
  const { domainId, discoveryRange, staticPeers } = network;
  const peers = staticPeers.length === 0 ? "" : `, static peers ${staticPeers.join(", ")}`;
  return {
    level: discoveryRange === "OFF" ? "warn" : "ok",
    subject: "discovery",
    text: `domain ${domainId}, ${discoveryRange}: ${reachText[discoveryRange]}${peers}`,
    ...(discoveryRange === "OFF"
      ? { advice: "set ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST to be found" }
      : {}),
    details: { ...network },
  };
}

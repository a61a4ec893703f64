import { isIPv4 } from "node:net";
import { BridgeError, ErrorCode } from "../bridge/contract/errors.ts";
import type { DiscoveryRange } from "./rtps/transport/udp-link.ts";

/** What the configuration says; undefined leaves it to the environment, then to the default. */
export interface RosNetworkConfig {
  readonly domainId?: number | undefined;
  readonly discoveryRange?: DiscoveryRange | undefined;
  readonly staticPeers?: readonly string[] | undefined;
}

export interface RosNetwork {
  readonly domainId: number;
  readonly discoveryRange: DiscoveryRange;
  /** IPv4 addresses. */
  readonly staticPeers: readonly string[];
}

/** 7400 + 250 * 232 + 11 is the last domain whose first ports exist. */
const maxDomainId = 232;
const ranges = ["LOCALHOST", "SUBNET", "OFF"] as const;

/**
 * Domain, discovery range and static peers from the configuration, else from ROS 2's environment
 * variables (docs.ros.org, "Improved Dynamic Discovery"), else domain 0 on this machine alone.
 *
 * @throws BridgeError `config/invalid` naming the variable, what it held and what it may hold.
 */
export function rosNetwork(
  env: Readonly<Record<string, string | undefined>>,
  config: RosNetworkConfig = {},
): RosNetwork {
  return {
    domainId: domainId(env, config),
    discoveryRange: discoveryRange(env, config),
    staticPeers: staticPeers(env, config),
  };
}

function domainId(
  env: Readonly<Record<string, string | undefined>>,
  config: RosNetworkConfig,
): number {
  const text = env["ROS_DOMAIN_ID"];
  const name = config.domainId === undefined ? "ROS_DOMAIN_ID" : "ros.domainId";
  const found = config.domainId ?? (text === undefined || text === "" ? 0 : wholeNumber(text));
  if (Number.isInteger(found) && found >= 0 && found <= maxDomainId) return found;
  throw invalid(name, String(config.domainId ?? text), `a whole number from 0 to ${maxDomainId}`);
}

function wholeNumber(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}

function discoveryRange(
  env: Readonly<Record<string, string | undefined>>,
  config: RosNetworkConfig,
): DiscoveryRange {
  if (config.discoveryRange !== undefined) return config.discoveryRange;
  // The older variable; where it is set, it decides (rmw, Iron and later).
  const only = env["ROS_LOCALHOST_ONLY"];
  if (only !== undefined && only !== "" && only !== "0") {
    if (only === "1") return "LOCALHOST";
    throw invalid("ROS_LOCALHOST_ONLY", only, "0 or 1");
  }
  const text = env["ROS_AUTOMATIC_DISCOVERY_RANGE"];
  if (text === undefined || text === "" || text === "SYSTEM_DEFAULT") return "LOCALHOST";
  const range = ranges.find((name) => name === text);
  if (range !== undefined) return range;
  throw invalid("ROS_AUTOMATIC_DISCOVERY_RANGE", text, `${ranges.join(", ")} or SYSTEM_DEFAULT`);
}

function staticPeers(
  env: Readonly<Record<string, string | undefined>>,
  config: RosNetworkConfig,
): readonly string[] {
  const peers =
    config.staticPeers ??
    (env["ROS_STATIC_PEERS"] ?? "")
      .split(";")
      .map((peer) => peer.trim())
      .filter((peer) => peer !== "");
  const name = config.staticPeers === undefined ? "ROS_STATIC_PEERS" : "ros.staticPeers";
  return peers.map((peer) => {
    if (peer === "localhost") return "127.0.0.1";
    if (isIPv4(peer)) return peer;
    throw invalid(name, peer, "IPv4 addresses separated by semicolons");
  });
}

function invalid(name: string, found: string, expected: string): BridgeError {
  return new BridgeError(ErrorCode.ConfigInvalid, `${name} is "${found}", expected ${expected}`, {
    details: { name, found },
  });
}

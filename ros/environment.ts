import { isIPv4 } from "node:net";
import { BridgeError, ErrorCode } from "../bridge/contract/errors.ts";
import { type DiscoveryRange, discoveryRanges } from "./rtps/transport/discovery-range.ts";
import { maxDomainId } from "./rtps/wire/protocol.ts";

/** What the configuration says; undefined leaves it to the environment, then to the default. */
export interface RosNetworkConfig {
  readonly domainId?: number | undefined;
  readonly discoveryRange?: DiscoveryRange | undefined;
  readonly staticPeers?: readonly string[] | undefined;
}

export interface RosNetwork {
  readonly domainId: number;
  readonly discoveryRange: DiscoveryRange;
  /** IPv4 addresses and host names. */
  readonly staticPeers: readonly string[];
}

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
  if (isLocalhostOnly(env)) return "LOCALHOST";
  const text = env["ROS_AUTOMATIC_DISCOVERY_RANGE"];
  if (text === undefined || text === "" || text === "SYSTEM_DEFAULT") return "LOCALHOST";
  const range = discoveryRanges.find((name) => name === text);
  if (range !== undefined) return range;
  throw invalid(
    "ROS_AUTOMATIC_DISCOVERY_RANGE",
    text,
    `${discoveryRanges.join(", ")} or SYSTEM_DEFAULT`,
  );
}

/** The older variable; where it is set to 1 it decides, and named peers are ignored (rcl, Iron and later). */
function isLocalhostOnly(env: Readonly<Record<string, string | undefined>>): boolean {
  const only = env["ROS_LOCALHOST_ONLY"];
  if (only === undefined || only === "" || only === "0") return false;
  if (only === "1") return true;
  throw invalid("ROS_LOCALHOST_ONLY", only, "0 or 1");
}

function staticPeers(
  env: Readonly<Record<string, string | undefined>>,
  config: RosNetworkConfig,
): readonly string[] {
  const named = isLocalhostOnly(env) ? "" : (env["ROS_STATIC_PEERS"] ?? "");
  const peers =
    config.staticPeers ??
    named
      .split(";")
      .map((peer) => peer.trim())
      .filter((peer) => peer !== "");
  const name = config.staticPeers === undefined ? "ROS_STATIC_PEERS" : "ros.staticPeers";
  return peers.map((peer) => {
    if (peer === "localhost") return "127.0.0.1";
    if (isIPv4(peer) || isHostName(peer)) return peer;
    throw invalid(name, peer, "IPv4 addresses or host names separated by semicolons");
  });
}

/** RFC 1123, 2.1; a last part of digits would be an address gone wrong. */
function isHostName(text: string): boolean {
  const label = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
  const labels = text.split(".");
  return (
    text.length <= 253 &&
    labels.every((part) => label.test(part)) &&
    !/^\d+$/.test(labels.at(-1) ?? "")
  );
}

function invalid(name: string, found: string, expected: string): BridgeError {
  return new BridgeError(ErrorCode.ConfigInvalid, `${name} is "${found}", expected ${expected}`, {
    details: { name, found },
  });
}

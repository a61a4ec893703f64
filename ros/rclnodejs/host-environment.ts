import type { RosNetwork } from "../environment.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Distributions that know ROS_LOCALHOST_ONLY alone; Iron brought the discovery range. */
const beforeDiscoveryRange = new Set(["foxy", "galactic", "humble"]);

/**
 * What the host process sees. The bridge's own network settings decide, whichever transport runs: rcl
 * reads them from the environment, and its default would be the whole subnet.
 *
 * Two variables keep the package from rebuilding itself, which deletes its binary first: the one that
 * asks for it is taken out, and npm scripts get a shell that refuses.
 */
export function hostEnvironment(
  environment: Environment,
  {
    domainId,
    discoveryRange,
    staticPeers,
  }: Pick<RosNetwork, "domainId" | "discoveryRange" | "staticPeers">,
): Record<string, string> {
  const old = beforeDiscoveryRange.has(environment["ROS_DISTRO"] ?? "");
  const changes: Environment = {
    ROS_DOMAIN_ID: String(domainId),
    ROS_LOCALHOST_ONLY: old && discoveryRange !== "SUBNET" ? "1" : undefined,
    ROS_AUTOMATIC_DISCOVERY_RANGE: old ? undefined : discoveryRange,
    ROS_STATIC_PEERS: old || staticPeers.length === 0 ? undefined : staticPeers.join(";"),
    RCLNODEJS_FORCE_BUILD: undefined,
    npm_config_script_shell: "/bin/false",
  };
  const all = Object.entries({ ...environment, ...changes });
  return Object.fromEntries(
    all.filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

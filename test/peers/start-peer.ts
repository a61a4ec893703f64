import path from "node:path";
import process from "node:process";
import type { PeerNetwork } from "./netns.ts";
import { cycloneLocalhostUri, PeerProcess } from "./peer-process.ts";

/** A program with the peers' command line. */
export type PeerCommand = readonly [program: string, ...before: string[]];
export type Discovery = "default" | "LOCALHOST";

/** The bridge's transport and codec as a peer; needs a build (test/setup/compile.ts makes one). */
export const bridgePeer: PeerCommand = [
  process.execPath,
  path.resolve("dist/test/peers/bridge-peer.js"),
];

/** The same, with the collector at hand: what `--memory` reports is then what is in use. */
export const measuredBridgePeer: PeerCommand = [
  process.execPath,
  "--expose-gc",
  path.resolve("dist/test/peers/bridge-peer.js"),
];

/** Starts a peer inside the network. The plain loopback has no multicast to rely on: LOCALHOST there. */
export function startPeer(
  network: PeerNetwork,
  [program, ...before]: PeerCommand,
  args: readonly string[],
  discovery: Discovery = "default",
): PeerProcess {
  const localhost = discovery === "LOCALHOST" || network.kind === "loopback";
  return new PeerProcess({
    network,
    program,
    args: [
      ...before,
      ...args.slice(0, 2),
      // Before the other options, of which the last of a name counts.
      ...["--domain", `${network.domainId}`],
      ...(localhost ? ["--localhost"] : []),
      ...args.slice(2),
    ],
    env: localhost ? { CYCLONEDDS_URI: cycloneLocalhostUri } : {},
  });
}

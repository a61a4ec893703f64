import path from "node:path";
import process from "node:process";
import type { PeerNetwork } from "../netns.ts";
import { PeerProcess } from "../peer-process.ts";

/** Our own gz-transport with the command line of gz-peer; needs a build (test/setup/compile.ts). */
export const ownGazeboPeer = [
  process.execPath,
  path.resolve("dist/test/peers/bridge-gazebo-peer.js"),
] as const;

/** Starts a program of a Gazebo partition inside the network, on its loopback. */
export function startGazeboPeer(
  network: PeerNetwork,
  partition: string,
  [program, ...before]: readonly [string, ...string[]],
  args: readonly string[],
): PeerProcess {
  return new PeerProcess({
    network,
    program,
    args: [...before, ...args],
    env: {
      IGN_PARTITION: partition,
      IGN_IP: "127.0.0.1",
      // Where there is no namespace, at least not the ports of a Gazebo that runs here.
      ...(network.kind === "loopback"
        ? { IGN_DISCOVERY_MSG_PORT: "11317", IGN_DISCOVERY_SRV_PORT: "11318" }
        : {}),
    },
  });
}

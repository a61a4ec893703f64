import { Heartbeats } from "../../bridge/contract/heartbeats.ts";
import { silentLog } from "../../bridge/contract/log.ts";
import type { RosTransport } from "../../bridge/contract/ros-transport.ts";
import { openRtpsTransport } from "../../ros/rtps-transport.ts";

/** The transport as the service opens it: the embedded participant in a worker. Runs from dist/. */
export async function openBridgeTransport(options: {
  readonly domainId: number;
  readonly discoveryRange: "LOCALHOST" | "SUBNET";
}): Promise<RosTransport> {
  return await openRtpsTransport({
    ...options,
    workerEntry: new URL("../../ros/rtps-host-worker.js", import.meta.url),
    heartbeats: new Heartbeats(),
    log: silentLog,
    nodeName: "bridge_peer",
    namespace: "/",
    staticPeers: [],
    interfaces: [],
  });
}

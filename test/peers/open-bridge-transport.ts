import { Heartbeats } from "../../bridge/contract/heartbeats.ts";
import { silentLog } from "../../bridge/contract/log.ts";
import type { RosTransport } from "../../bridge/contract/ros-transport.ts";
import { openParticipant } from "../../ros/rtps/participant.ts";
import { openRtpsTransport } from "../../ros/rtps-transport.ts";

interface BridgeTransportOptions {
  readonly domainId: number;
  readonly discoveryRange: "LOCALHOST" | "SUBNET";
}

/** The transport as the service opens it: the embedded participant in a worker. Runs from dist/. */
export async function openBridgeTransport(options: BridgeTransportOptions): Promise<RosTransport> {
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

/** The participant in this thread: what the wire alone costs, for the latency bench. */
export async function openDirectTransport(options: BridgeTransportOptions): Promise<RosTransport> {
  const { domainId, discoveryRange } = options;
  const node = { nodeName: "bridge_peer", namespace: "/" };
  const participant = await openParticipant({ domainId, range: discoveryRange, ...node });
  return {
    info: { transport: "rtps", reason: "in one thread", domainId, discoveryRange, addresses: [] },
    advertise: (topic) => participant.createWriter({ topic }),
    subscribe: (topic, onMessage) => participant.createReader({ topic, onMessage }),
    stats: () => Promise.reject(new Error("not kept here")),
    [Symbol.asyncDispose]: () => participant[Symbol.asyncDispose](),
  };
}

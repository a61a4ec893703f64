import { Heartbeats } from "../../bridge/contract/heartbeats.ts";
import { silentLog } from "../../bridge/contract/log.ts";
import type {
  RosPublisher,
  RosSubscription,
  RosTopic,
} from "../../bridge/contract/ros-transport.ts";
import { openParticipant } from "../../ros/rtps/participant.ts";
import { openUdpLink } from "../../ros/rtps/transport/udp-link.ts";
import { openRtpsTransport, type RtpsTransport } from "../../ros/rtps-transport.ts";
import { lossyLink, recordingLink, type Loss } from "./tapped-link.ts";

export interface BridgeTransportOptions {
  readonly domainId: number;
  readonly discoveryRange: "LOCALHOST" | "SUBNET";
}

export interface DirectTransportOptions extends BridgeTransportOptions {
  readonly leaseMs?: number | undefined;
  readonly loss?: Loss | undefined;
  readonly record?: string | undefined;
}

/** What the peers need of a transport, whichever thread the participant is in. */
export interface PeerTransport extends AsyncDisposable {
  advertise(topic: RosTopic): RosPublisher;
  /** `matchedCount` where it is known at once: not across threads. */
  subscribe(
    topic: RosTopic,
    onMessage: (cdr: Uint8Array) => void,
  ): RosSubscription & { readonly matchedCount?: number };
  /** Datagrams that were not sound RTPS; likewise. */
  readonly malformedCount?: number;
}

/** How many datagrams a recording keeps. */
const recordedCount = 400;

/** The transport as the service opens it: the embedded participant in a worker. Runs from dist/. */
export async function openBridgeTransport(options: BridgeTransportOptions): Promise<RtpsTransport> {
  return await openRtpsTransport({
    domainId: options.domainId,
    discoveryRange: options.discoveryRange,
    workerEntry: new URL("../../ros/rtps-host-worker.js", import.meta.url),
    heartbeats: new Heartbeats(),
    log: silentLog,
    nodeName: "bridge_peer",
    namespace: "/",
    staticPeers: [],
    interfaces: [],
  });
}

/** The participant in this thread, where its link and its lease can be chosen. */
export async function openDirectTransport(options: DirectTransportOptions): Promise<PeerTransport> {
  const { domainId, discoveryRange, leaseMs, loss, record } = options;
  let link = await openUdpLink({ domainId, range: discoveryRange, log: silentLog });
  if (record !== undefined) link = recordingLink(link, record, recordedCount);
  if (loss !== undefined) link = lossyLink(link, loss);
  const participant = await openParticipant({
    domainId,
    range: discoveryRange,
    nodeName: "bridge_peer",
    namespace: "/",
    link,
    ...(leaseMs === undefined ? {} : { leaseMs, announcePeriodMs: leaseMs / 3 }),
  });
  return {
    get malformedCount() {
      return participant.stats().malformedCount;
    },
    advertise: (topic) => participant.createWriter({ topic }),
    subscribe: (topic, onMessage) => participant.createReader({ topic, onMessage }),
    [Symbol.asyncDispose]: () => participant[Symbol.asyncDispose](),
  };
}

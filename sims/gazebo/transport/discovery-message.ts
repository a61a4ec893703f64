import { Header } from "../messages/basic.ts";
import {
  bool,
  int32,
  message,
  nested,
  string,
  uint32,
  uint64,
  type MessageOf,
} from "../messages/codec.ts";

/** Of gz-transport 11 to 15. Other versions are none of our business and dropped. */
export const discoveryVersion = 10;

export const DiscoveryType = {
  Advertise: 1,
  Subscribe: 2,
  Unadvertise: 3,
  Heartbeat: 4,
  Bye: 5,
  NewConnection: 6,
  EndConnection: 7,
  /** From Garden on: who subscribes to what, for listings. */
  SubscribersRequest: 8,
  SubscribersReply: 9,
} as const;
export type DiscoveryType = (typeof DiscoveryType)[keyof typeof DiscoveryType];

const Flags = message("Discovery.Flags", { relay: bool(1), noRelay: bool(2) });
const Subscriber = message("Discovery.Subscriber", { topic: string(1) });
const MessagePublisher = message("Discovery.Publisher.MessagePublisher", {
  ctrl: string(1),
  msgType: string(2),
  throttled: bool(3),
  msgsPerSec: uint64(4),
});
const ServicePublisher = message("Discovery.Publisher.ServicePublisher", {
  socketId: string(1),
  requestType: string(2),
  responseType: string(3),
});
const Publisher = message("Discovery.Publisher", {
  topic: string(1),
  address: string(2),
  processUuid: string(3),
  nodeUuid: string(4),
  scope: int32(5),
  msgPub: nested(6, MessagePublisher),
  srvPub: nested(7, ServicePublisher),
});
const Discovery = message("Discovery", {
  header: nested(1, Header),
  version: uint32(2),
  processUuid: string(3),
  type: int32(4),
  flags: nested(5, Flags),
  sub: nested(6, Subscriber),
  pub: nested(7, Publisher),
});

export const Scope = { Process: 0, Host: 1, All: 2 } as const;

/** A topic somebody publishes, or a service somebody offers. */
export interface Advertisement {
  /** With its partition. */
  readonly topic: string;
  /** tcp://address:port of the publisher's or server's socket. */
  readonly address: string;
  readonly processUuid: string;
  readonly nodeUuid: string;
  readonly scope: number;
  /** Of a topic. `ctrl` names the publisher's process in a NEW_CONNECTION. */
  readonly message?: { readonly ctrl: string; readonly type: string };
  readonly service?: {
    readonly socketId: string;
    readonly requestType: string;
    readonly responseType: string;
  };
}

export interface DiscoveryMessage {
  readonly type: number;
  readonly processUuid: string;
  /** Of SUBSCRIBE. */
  readonly topic?: string;
  readonly advertisement?: Advertisement;
}

/** The datagram: little-endian length, then the message. */
export function encodeDiscovery(discovery: DiscoveryMessage): Buffer {
  const { type, processUuid, topic, advertisement } = discovery;
  const body = Discovery.encode({
    version: discoveryVersion,
    type,
    processUuid,
    sub: topic === undefined ? undefined : { topic },
    pub: advertisement === undefined ? undefined : encodeAdvertisement(advertisement),
  });
  const datagram = Buffer.allocUnsafe(2 + body.length);
  datagram.writeUInt16LE(body.length);
  datagram.set(body, 2);
  return datagram;
}

function encodeAdvertisement({ message: topic, service, ...common }: Advertisement): object {
  return {
    ...common,
    msgPub: topic === undefined ? undefined : { ctrl: topic.ctrl, msgType: topic.type },
    srvPub: service,
  };
}

/**
 * Undefined for anything that is not a whole discovery message of our version. A message on its way
 * through a relay (`relay`) is left to relays: its multicast copy follows.
 */
export function decodeDiscovery(datagram: Uint8Array): DiscoveryMessage | undefined {
  if (datagram.length < 2) return undefined;
  const length = (datagram[0] ?? 0) | ((datagram[1] ?? 0) << 8);
  if (length !== datagram.length - 2) return undefined;
  const decoded = Discovery.decode(datagram.subarray(2));
  if (decoded?.version !== discoveryVersion || decoded.processUuid === "") return undefined;
  if (decoded.flags?.relay === true) return undefined;
  const { type, processUuid, sub, pub } = decoded;
  return {
    type,
    processUuid,
    ...(sub === undefined ? {} : { topic: sub.topic }),
    ...(pub === undefined ? {} : { advertisement: decodeAdvertisement(pub) }),
  };
}

function decodeAdvertisement(pub: MessageOf<typeof Publisher>): Advertisement {
  const { topic, address, processUuid, nodeUuid, scope, msgPub, srvPub } = pub;
  return {
    topic,
    address,
    processUuid,
    nodeUuid,
    scope,
    ...(msgPub === undefined ? {} : { message: { ctrl: msgPub.ctrl, type: msgPub.msgType } }),
    ...(srvPub === undefined ? {} : { service: srvPub }),
  };
}

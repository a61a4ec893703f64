/** Numbers of DDSI-RTPS 2.x (OMG formal/2019-04-03), section numbers of that document. */

/** 9.4.5: submessage ids. Ids of 0x80 and above belong to vendors and are skipped. */
export const SubmessageId = {
  Pad: 0x01,
  AckNack: 0x06,
  Heartbeat: 0x07,
  Gap: 0x08,
  InfoTimestamp: 0x09,
  InfoSource: 0x0c,
  InfoDestination: 0x0e,
  NackFragment: 0x12,
  Data: 0x15,
  DataFragment: 0x16,
} as const;

/** Bits of the submessage flags octet. Bit 0 is always the byte order: 1 = little endian. */
export const Flag = {
  LittleEndian: 0x01,
  /** DATA, DATA_FRAG: inline QoS present. */
  InlineQos: 0x02,
  /** DATA: the payload is data. */
  DataPayload: 0x04,
  /** DATA: the payload is a key. */
  KeyPayload: 0x08,
  /** DATA_FRAG: the payload is a key. */
  FragmentKeyPayload: 0x04,
  /** HEARTBEAT, ACKNACK: no answer is required. */
  Final: 0x02,
  /** HEARTBEAT: the writer's application says that it is alive. */
  Liveliness: 0x04,
} as const;

/** 9.3.1.2: entity ids, written as the big-endian number of their four octets. */
export const EntityId = {
  Unknown: 0x00000000,
  Participant: 0x000001c1,
  SpdpWriter: 0x000100c2,
  SpdpReader: 0x000100c7,
  PublicationsWriter: 0x000003c2,
  PublicationsReader: 0x000003c7,
  SubscriptionsWriter: 0x000004c2,
  SubscriptionsReader: 0x000004c7,
  ParticipantMessageWriter: 0x000200c2,
  ParticipantMessageReader: 0x000200c7,
} as const;

/** Last octet of a user entity id: keyless, as every ROS 2 topic is. */
export const EntityKind = { Writer: 0x03, Reader: 0x04 } as const;

/** 9.6.2.2.2: parameter ids. */
export const ParameterId = {
  Pad: 0x00,
  Sentinel: 0x01,
  ParticipantLease: 0x02,
  TopicName: 0x05,
  TypeName: 0x07,
  DomainId: 0x0f,
  ProtocolVersion: 0x15,
  VendorId: 0x16,
  Reliability: 0x1a,
  Liveliness: 0x1b,
  Durability: 0x1d,
  Ownership: 0x1f,
  Deadline: 0x23,
  Partition: 0x29,
  Lifespan: 0x2b,
  UserData: 0x2c,
  UnicastLocator: 0x2f,
  DefaultUnicastLocator: 0x31,
  MetatrafficUnicastLocator: 0x32,
  History: 0x40,
  ParticipantGuid: 0x50,
  BuiltinEndpointSet: 0x58,
  EndpointGuid: 0x5a,
  EntityName: 0x62,
  KeyHash: 0x70,
  StatusInfo: 0x71,
  DataRepresentation: 0x73,
  /** DDS-RPC 1.0, 7.8.2; which request a reply answers. */
  RelatedSampleIdentity: 0x83,
  /** The same, as Fast DDS before 2.14 had it, and still writes beside it. */
  FastRelatedSampleIdentity: 0x800f,
} as const;

/** Announcer and detector of participants, publications, subscriptions, and participant messages. */
export const builtinEndpointSet = 0xc3f;

/**
 * Not assigned to anyone. A foreign id would switch on that vendor's private expectations: 0x0110 makes
 * Cyclone DDS ignore data until a heartbeat came, 0x0000 makes Fast DDS parse us as itself.
 */
export const vendorId = 0x01f7;
export const protocolVersion = 0x0202;
/** Eclipse Cyclone DDS. */
export const cycloneVendorId = 0x0110;
/** eProsima Fast DDS. */
export const fastVendorId = 0x010f;

/** STATUS_INFO bits (9.6.3.9): disposed and unregistered, what a leaving entity sends. */
export const goneStatus = 0x03;

export const magic = 0x52545053; // "RTPS"
export const headerBytes = 20;
export const prefixBytes = 12;

/** 9.6.1.1: the well-known ports, with the default gains every ROS 2 stack uses. */
export const multicastAddress = "239.255.0.1";
/** 7400 + 250 * 232 + 11 is the last domain whose first ports exist. */
export const maxDomainId = 232;
export function multicastPort(domainId: number): number {
  return 7400 + 250 * domainId;
}
export function metatrafficPort(domainId: number, participantIndex: number): number {
  return 7410 + 250 * domainId + 2 * participantIndex;
}
export function userTrafficPort(domainId: number, participantIndex: number): number {
  return metatrafficPort(domainId, participantIndex) + 1;
}
/** 119 is the last before the next domain's ports; in domain 232 port 65535 comes before, at 62. */
export function maxParticipantIndex(domainId: number): number {
  return Math.min(119, Math.floor((65535 - userTrafficPort(domainId, 0)) / 2));
}

import { type Guid, type PrefixKey } from "../wire/guid.ts";
import type { Locator } from "../transport/link.ts";
import {
  durationWords,
  forEachParameter,
  MalformedData,
  ParameterListWriter,
  type ParameterValue,
} from "./params.ts";
import {
  builtinEndpointSet,
  EntityId,
  ParameterId,
  protocolVersion,
  vendorId,
} from "../wire/protocol.ts";
import { defaultQos, type EndpointQos, Representation } from "./qos.ts";

/** What SPDP tells of a participant (8.5.3). */
export interface ParticipantData {
  readonly prefix: PrefixKey;
  readonly leaseMs: number;
  readonly metatraffic: readonly Locator[];
  readonly userTraffic: readonly Locator[];
  readonly builtinEndpoints: number;
  readonly vendorId: number;
  /** Undefined where the peer does not say. */
  readonly domainId: number | undefined;
  readonly name: string;
  /** ROS 2 keeps `enclave=/;` here. */
  readonly userData: string;
}

/** What SEDP tells of a writer or reader (8.5.4). */
export interface EndpointData {
  readonly guid: Guid;
  readonly topicName: string;
  readonly typeName: string;
  readonly qos: EndpointQos;
  /** Empty: the participant's default locators hold. */
  readonly locators: readonly Locator[];
  /** ROS 2 keeps `typehash=…;` here, since Iron. */
  readonly userData: string;
}

const maxLocators = 16;
const maxNameLength = 256;
const maxPartitions = 16;
const maxRepresentations = 8;
/** ROS 2 says `enclave=…;` and, since Iron, `typehash=…;`. */
const maxUserDataBytes = 1024;
/** Version and vendor are octet pairs, so they are written as such. */
const versionOctets = Buffer.from([protocolVersion >>> 8, protocolVersion & 0xff]);
const vendorOctets = Buffer.from([vendorId >>> 8, vendorId & 0xff]);

export function encodeParticipant(data: ParticipantData): Buffer {
  const list = new ParameterListWriter()
    .bytes(ParameterId.ProtocolVersion, versionOctets)
    .bytes(ParameterId.VendorId, vendorOctets)
    .guid(ParameterId.ParticipantGuid, { prefix: data.prefix, entityId: EntityId.Participant })
    .u32(ParameterId.BuiltinEndpointSet, builtinEndpointSet)
    .u32(ParameterId.ParticipantLease, ...durationWords(data.leaseMs))
    .octets(ParameterId.UserData, Buffer.from(data.userData, "utf8"))
    .string(ParameterId.EntityName, data.name);
  if (data.domainId !== undefined) list.u32(ParameterId.DomainId, data.domainId);
  for (const locator of data.metatraffic) {
    list.locator(ParameterId.MetatrafficUnicastLocator, locator);
  }
  for (const locator of data.userTraffic) list.locator(ParameterId.DefaultUnicastLocator, locator);
  return list.finish();
}

/** @throws MalformedData without a participant GUID. */
export function decodeParticipant(payload: Buffer): ParticipantData {
  const metatraffic: Locator[] = [];
  const userTraffic: Locator[] = [];
  let prefix: PrefixKey | undefined;
  // 8.5.3.2: the default lease.
  let leaseMs = 100_000;
  let builtinEndpoints = 0;
  let vendor = 0;
  let domainId: number | undefined;
  let name = "";
  let userData = "";
  forEachParameter(payload, (id, value) => {
    if (id === ParameterId.ParticipantGuid) prefix = value.guid().prefix;
    else if (id === ParameterId.ParticipantLease) leaseMs = value.durationMs();
    else if (id === ParameterId.BuiltinEndpointSet) builtinEndpoints = value.u32();
    else if (id === ParameterId.VendorId) vendor = value.octetPair();
    else if (id === ParameterId.DomainId) domainId = value.u32();
    else if (id === ParameterId.EntityName) name = shortText(value);
    else if (id === ParameterId.UserData) userData = userText(value);
    else if (id === ParameterId.MetatrafficUnicastLocator) addLocator(metatraffic, value);
    else if (id === ParameterId.DefaultUnicastLocator) addLocator(userTraffic, value);
  });
  if (prefix === undefined) throw new MalformedData("participant without GUID");
  return {
    prefix,
    leaseMs,
    metatraffic,
    userTraffic,
    builtinEndpoints,
    vendorId: vendor,
    domainId,
    name,
    userData,
  };
}

export function encodeEndpoint(data: EndpointData): Buffer {
  const { qos } = data;
  const list = new ParameterListWriter()
    .guid(ParameterId.EndpointGuid, data.guid)
    .guid(ParameterId.ParticipantGuid, {
      prefix: data.guid.prefix,
      entityId: EntityId.Participant,
    })
    .string(ParameterId.TopicName, data.topicName)
    .string(ParameterId.TypeName, data.typeName)
    .bytes(ParameterId.ProtocolVersion, versionOctets)
    .bytes(ParameterId.VendorId, vendorOctets)
    // 1 best effort, 2 reliable; the blocking time is the DDS default of 100 ms.
    .u32(ParameterId.Reliability, qos.reliable ? 2 : 1, ...durationWords(100))
    .u32(ParameterId.Durability, qos.durability)
    .u32(ParameterId.History, qos.keepAll ? 1 : 0, qos.depth)
    .u32(ParameterId.Liveliness, qos.livelinessKind, ...durationWords(qos.livelinessLeaseMs))
    .u32(ParameterId.Deadline, ...durationWords(qos.deadlineMs))
    .u32(ParameterId.Ownership, qos.ownership)
    // A sequence of one 16-bit id, padded: version 1 is what we write and read.
    .u32(ParameterId.DataRepresentation, 1, Representation.Xcdr1);
  if (Number.isFinite(qos.lifespanMs)) {
    list.u32(ParameterId.Lifespan, ...durationWords(qos.lifespanMs));
  }
  if (qos.partitions.length > 0) list.strings(ParameterId.Partition, qos.partitions);
  if (data.userData !== "") {
    list.octets(ParameterId.UserData, Buffer.from(data.userData, "utf8"));
  }
  for (const locator of data.locators) list.locator(ParameterId.UnicastLocator, locator);
  return list.finish();
}

/** @throws MalformedData without GUID, topic or type. */
export function decodeEndpoint(
  payload: Buffer,
  options: { readonly of: "writer" | "reader" },
): EndpointData {
  const locators: Locator[] = [];
  let guid: Guid | undefined;
  let topicName = "";
  let typeName = "";
  let userData = "";
  // DDS 1.4, 2.2.3: an unstated reliability is reliable for a writer, best effort for a reader.
  let qos: EndpointQos = { ...defaultQos, reliable: options.of === "writer" };
  forEachParameter(payload, (id, value) => {
    if (id === ParameterId.EndpointGuid) guid = value.guid();
    else if (id === ParameterId.TopicName) topicName = shortText(value);
    else if (id === ParameterId.TypeName) typeName = shortText(value);
    else if (id === ParameterId.UserData) userData = userText(value);
    else if (id === ParameterId.UnicastLocator) addLocator(locators, value);
    else qos = withPolicy(qos, id, value);
  });
  if (guid === undefined || topicName === "" || typeName === "") {
    throw new MalformedData("endpoint without GUID, topic or type");
  }
  return { guid, topicName, typeName, qos, locators, userData };
}

function withPolicy(qos: EndpointQos, id: number, value: ParameterValue): EndpointQos {
  switch (id) {
    case ParameterId.Reliability:
      return { ...qos, reliable: value.u32() >= 2 };
    case ParameterId.Durability:
      return { ...qos, durability: upTo(3, value.u32(), "durability") };
    case ParameterId.History:
      return { ...qos, keepAll: upTo(1, value.u32(), "history") === 1, depth: value.u32(4) };
    case ParameterId.Lifespan:
      return { ...qos, lifespanMs: value.durationMs() };
    case ParameterId.Deadline:
      return { ...qos, deadlineMs: value.durationMs() };
    case ParameterId.Liveliness:
      return {
        ...qos,
        livelinessKind: upTo(2, value.u32(), "liveliness"),
        livelinessLeaseMs: value.durationMs(4),
      };
    case ParameterId.Ownership:
      return { ...qos, ownership: upTo(1, value.u32(), "ownership") };
    case ParameterId.Partition:
      return { ...qos, partitions: partitions(value) };
    case ParameterId.DataRepresentation:
      return { ...qos, representations: value.shorts(maxRepresentations) };
    default:
      return qos;
  }
}

function upTo(limit: number, found: number, what: string): number {
  if (found > limit) throw new MalformedData(`${what} kind is ${found}, expected 0 to ${limit}`);
  return found;
}

function partitions(value: ParameterValue): string[] {
  const names = value.strings(maxPartitions);
  for (const name of names) checkLength(name);
  return names;
}

/** The key of a participant or endpoint, as the payload of its disposal. */
export function encodeKey(
  id: typeof ParameterId.ParticipantGuid | typeof ParameterId.EndpointGuid,
  guid: Guid,
): Buffer {
  return new ParameterListWriter().guid(id, guid).finish();
}

/** Who is gone, from a disposal's payload. @throws MalformedData without a GUID. */
export function decodeKey(payload: Buffer): Guid {
  let found: Guid | undefined;
  forEachParameter(payload, (id, value) => {
    if (id === ParameterId.EndpointGuid) found = value.guid();
    else if (id === ParameterId.ParticipantGuid) found ??= value.guid();
  });
  if (found === undefined) throw new MalformedData("disposal without GUID");
  return found;
}

function addLocator(list: Locator[], value: ParameterValue): void {
  const locator = value.locator();
  if (locator !== undefined && list.length < maxLocators) list.push(locator);
}

function shortText(value: ParameterValue): string {
  return checkLength(value.string());
}

function checkLength(text: string): string {
  if (text.length > maxNameLength) {
    throw new MalformedData(`name of ${text.length} characters, limit is ${maxNameLength}`);
  }
  return text;
}

function userText(value: ParameterValue): string {
  const octets = value.octets();
  if (octets.length > maxUserDataBytes) {
    throw new MalformedData(`user data of ${octets.length} octets, limit is ${maxUserDataBytes}`);
  }
  return octets.toString("utf8");
}

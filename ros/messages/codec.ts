import { MessageReader } from "@foxglove/rosmsg2-serialization";
import { BridgeError, ErrorCode, errorText } from "../../bridge/contract/errors.ts";
import { makeEncoder } from "./message-encoder.ts";
import type { RosMessages, RosTypeName } from "./message-types.ts";
import { readerDefinitions } from "./reader-definitions.ts";

/** Message to CDR: little endian, XCDR1, with the 4-byte encapsulation header. A new array per call. */
export type Encode<Message> = (message: Message) => Uint8Array;
/** CDR (either byte order) to message. Byte sequences are views into `cdr`. */
export type Decode<Message> = (cdr: Uint8Array) => Message;

const writers = new Map<string, Encode<unknown>>();
const readers = new Map<string, Decode<unknown>>();

/**
 * The encoder of a message type; made once per type and kept.
 *
 * @throws BridgeError `ros/type` for a type without a definition, and from the encoder for a message that
 * is not of the type, naming the field.
 */
export function messageWriter<Name extends RosTypeName>(name: Name): Encode<RosMessages[Name]> {
  return structureWriter(name);
}

/**
 * The decoder of a message type; made once per type and kept.
 *
 * @throws BridgeError `ros/type` for an unknown type, and from the decoder for bytes that do not hold
 * a whole message of it.
 */
export function messageReader<Name extends RosTypeName>(name: Name): Decode<RosMessages[Name]> {
  return structureReader(name);
}

/**
 * As `messageWriter`, for any structure of `type-table.ts`: halves of services and actions, types that
 * are only known by name. The caller answers for `Message`.
 */
export function structureWriter<Message>(name: string): Encode<Message> {
  let encode = writers.get(name);
  if (encode === undefined) {
    encode = makeEncoder(name);
    writers.set(name, encode);
  }
  return encode;
}

/** As `messageReader`, for any structure with a definition here or among the common ROS 2 messages. */
export function structureReader<Message>(name: string): Decode<Message> {
  const decode = anyMessageReader(name);
  if (decode !== undefined) return decode as Decode<Message>;
  throw new BridgeError(
    ErrorCode.RosType,
    `${name} has no definition, expected one such as sensor_msgs/msg/JointState`,
    { details: { type: name } },
  );
}

/** The decoder of a type that is only known by name; undefined for one without a definition. */
export function anyMessageReader(name: string): Decode<unknown> | undefined {
  const known = readers.get(name);
  if (known !== undefined) return known;
  const definitions = readerDefinitions(name);
  if (definitions === undefined) return undefined;
  const reader = new MessageReader(definitions);
  const decode = (cdr: Uint8Array): unknown => readWhole(reader, name, cdr);
  readers.set(name, decode);
  return decode;
}

function readWhole(reader: MessageReader, name: string, cdr: Uint8Array): unknown {
  try {
    return reader.readMessage(cdr);
  } catch (error) {
    throw new BridgeError(
      ErrorCode.RosType,
      `${cdr.byteLength} bytes are no ${name}: ${errorText(error)}`,
      { cause: error, details: { type: name, sizeBytes: cdr.byteLength } },
    );
  }
}
